"""A PBX on the host and a phone to call there, neither of which is ours: Kamailio and pjsua2.

Both need an event loop, and the tests of a machine wait for hours of its time: so that loop has a thread of its own.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.device.image.command import run
from tests.interop.partners import Partner
from tests.peers.kamailio import Kamailio
from tests.peers.peer import EventKind, free_port
from tests.peers.pjsua2_peer import Pjsua2Peer

PATIENCE = 90.0
"""Seconds for what the guest does at once."""
NUMBER = "27"
"""The phone in the machine."""
_SPOKEN_SECONDS = 60.0
_ADDRESSES = ipaddress.ip_network("198.18.0.0/15")

_Result = TypeVar("_Result")


class Pbx:
    """Kamailio on UDP at an address of the host that the guest's network reaches. Use as a context manager.

    The address is one of RFC 2544's, on lo, where QEMU's network hands the guest's packets to. It is this process's
    own, since a run that ends takes its address away.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = str(_ADDRESSES[os.getpid() % _ADDRESSES.num_addresses])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="PBX", daemon=True)
        self._kamailio: Kamailio | None = None

    @property
    def settings(self) -> dict[str, object]:
        """What the phone must be told to have a line here."""
        assert self._kamailio is not None, "the PBX was not started"
        return {
            "sip.registrar": self.address,
            "sip.port": self._kamailio.port,
            "sip.user": NUMBER,
            "sip.password": self._kamailio.password,
            "sip.expires": 60,
            "sip.message_waiting": False,
        }

    def __enter__(self) -> Self:
        run(["ip", "address", "replace", f"{self.address}/32", "dev", "lo"])
        self._kamailio = Kamailio(self._folder / "kamailio", free_port(self.address), address=self.address)
        self._thread.start()
        self.do(self._kamailio.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._kamailio is not None
        self.do(self._kamailio.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        run(["ip", "address", "delete", f"{self.address}/32", "dev", "lo"])

    def colleague(self, folder: Path) -> Colleague:
        """Somebody with a phone here, who is not there yet; `folder` is for what is said and heard."""
        assert self._kamailio is not None, "the PBX was not started"
        domain = f"{self.address}:{self._kamailio.port}"
        return Colleague(
            self,
            Partner(
                Pjsua2Peer,
                folder,
                domain=domain,
                password=self._kamailio.password,
                seconds=_SPOKEN_SECONDS,
                address=self.address,
            ),
        )

    def do(self, work: Coroutine[Any, Any, _Result], seconds: float = PATIENCE) -> _Result:
        """Run it on the loop to its end. Raises what it raises, and TimeoutError."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)


class Colleague:
    """A pjsua2 phone that answers by itself, says a pitch and records what it hears. Use as a context manager."""

    def __init__(self, pbx: Pbx, partner: Partner) -> None:
        self._pbx = pbx
        self._partner = partner
        self.number = partner.number

    def __enter__(self) -> Self:
        self._pbx.do(self._partner.peer.start())
        self._pbx.do(self._partner.peer.register())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pbx.do(self._partner.peer.close())

    def call(self) -> None:
        """Call the phone in the machine."""
        self._pbx.do(self._partner.peer.call(f"sip:{NUMBER}@{self._partner.peer.config.domain}"))

    def hang_up(self) -> None:
        """End the call."""
        self._pbx.do(self._partner.peer.hang_up())

    def expect(self, kind: EventKind) -> None:
        """Wait until its phone tells that. Raises PeerTimeout."""
        self._pbx.do(self._partner.peer.expect(kind, within=PATIENCE), 2 * PATIENCE)

    def heard_the_phone(self) -> float:
        """For how many seconds it heard the phone's tone; only after it has left."""
        return self._partner.heard_the_phone()
