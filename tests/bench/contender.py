"""The phones that are measured, and the one call each of them makes."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import functools
import secrets
from collections.abc import AsyncIterator, Callable

from tests.bench.far_end import FarEnd
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.baresip_python_peer import BaresipPythonPeer
from tests.peers.ours import Ours
from tests.peers.peer import EventKind, Peer, PeerConfig
from tests.peers.pjsua2_peer import Pjsua2Peer
from tests.peers.sipp_peer import Sipp, SippConfig

PATIENCE = 20.0
"""Seconds for each step of a call: the machine may be loaded on purpose."""
LONGEST_CALL_SECONDS = 12 * 60
SUITE = "AES_CM_128_HMAC_SHA1_80"
KEY_BYTES = 30
"""Master key and salt (RFC 3711, 8.2)."""
_REAL_TIME = ("chrt", "-f", "60")


@dataclasses.dataclass(frozen=True)
class Contender:
    """A phone to be measured: what it is called, how it is made, and what stands before its command line."""

    name: str
    make: Callable[[PeerConfig], Peer]
    launch: tuple[str, ...] = ()

    def real_time(self) -> Contender:
        """The same with its whole process under SCHED_FIFO, as a knowing administrator would start it."""
        return Contender(f"{self.name}, {' '.join(_REAL_TIME)}", self.make, _REAL_TIME)


OURS = Contender("ours", Ours)
PJSUA2 = Contender("pjsua2", Pjsua2Peer)
BARESIP_PYTHON = Contender("baresip-python", BaresipPythonPeer)
BARESIP = Contender("baresip (Debian)", functools.partial(BaresipPeer, silence_seconds=LONGEST_CALL_SECONDS))
PEERS = (BARESIP_PYTHON, PJSUA2, BARESIP)


@contextlib.asynccontextmanager
async def answerer(media: tuple[str, int], key: str = "") -> AsyncIterator[Sipp]:
    """The common SIPp that takes registrations and calls; voice goes to `media`, with `key` as SRTP."""
    scenario = "uas_srtp.xml" if key else "uas.xml"
    async with Sipp(SippConfig(scenario, user="200", media=media, keys={"key": key} if key else {})) as sipp:
        yield sipp


@contextlib.asynccontextmanager
async def registered(
    contender: Contender, sipp: Sipp, *, spinning: bool = False, encrypted: bool = False
) -> AsyncIterator[Peer]:
    """The phone, registered at the common SIPp, PCMU only."""
    config = PeerConfig(
        user="27",
        domain=f"127.0.0.1:{sipp.config.port}",
        launch=contender.launch,
        spinning=spinning,
        encryption=(SUITE,) if encrypted else (),
    )
    async with contender.make(config) as peer:
        await peer.register(within=PATIENCE)
        yield peer


@contextlib.asynccontextmanager
async def in_call(
    contender: Contender, *, spinning: bool = False, encrypted: bool = False
) -> AsyncIterator[tuple[Peer, FarEnd]]:
    """The phone in a PCMU call with a far end that sends and listens."""
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() if encrypted else ""
    async with (
        FarEnd(key) as far_end,
        answerer(("127.0.0.1", far_end.port), key) as sipp,
        registered(contender, sipp, spinning=spinning, encrypted=encrypted) as peer,
    ):
        await peer.call(sipp.uri)
        await peer.expect(EventKind.ESTABLISHED, within=PATIENCE)
        yield peer, far_end
