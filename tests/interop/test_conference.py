"""A conference that the phone mixes, with phones we did not write: who hears whom, and who stays when one goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.model.snapshot import CallState, Snapshot
from tests.interop.conftest import Trust, make_registrar
from tests.interop.partners import LABELS, Partner
from tests.interop.phone import PhoneUnderTest
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.peers.baresip_python_peer import BaresipPythonPeer
from tests.peers.peer import AudioCodec, EventKind
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = pytest.mark.interop

OTHER_NUMBER = "29"
OTHER_HERTZ = 1500
EVERYBODY = (PHONE_HERTZ, PEER_HERTZ, OTHER_HERTZ)
TALKED = 0.9
LOOKS = 4
"""In how many looks of 0.3 s, one every 0.1 s, a mix must be heard that lasted `TALKED` seconds."""


@contextlib.asynccontextmanager
async def meeting(folder: Path, trust: Trust) -> AsyncIterator[tuple[PhoneUnderTest, Partner, Partner]]:
    """The phone, pjsua2 with G.722 and baresip-python with Opus, all registered at one Kamailio."""
    async with make_registrar(folder, trust, "MD5") as kamailio:
        domain, password = f"{kamailio.address}:{kamailio.port}", kamailio.password
        one = Partner(Pjsua2Peer, folder, domain=domain, password=password, codec=AudioCodec.G722)
        other = Partner(
            BaresipPythonPeer,
            folder,
            domain=domain,
            password=password,
            codec=AudioCodec.OPUS,
            number=OTHER_NUMBER,
            hertz=OTHER_HERTZ,
        )
        async with PhoneUnderTest(folder, kamailio.port, password=password) as phone, one.peer, other.peer:
            await phone.registered()
            await asyncio.gather(one.peer.register(), other.peer.register())
            yield phone, one, other


def is_settled(snapshot: Snapshot, *states: CallState) -> bool:
    """Whether the calls stand so, with nothing under way."""
    return [call.state for call in snapshot.calls] == list(states) and not any(c.changing for c in snapshot.calls)


def mixes(heard: Counter[frozenset[int]]) -> str:
    """What a peer heard, in words for the table."""
    return ", ".join("+".join(map(str, sorted(pitches))) or "nothing" for pitches, _ in heard.most_common(3))


async def test_two_peers_with_different_codecs_and_us(tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of("kamailio", "a conference of the phone, pjsua2 with G.722 and baresip-python with Opus, each with its pitch")
    async with meeting(tmp_path, trust) as (phone, one, other):
        await phone.dial(one.number)
        await phone.until(lambda s: is_settled(s, CallState.CONNECTED))
        await phone.dial(other.number)
        await phone.until(lambda s: is_settled(s, CallState.HELD, CallState.CONNECTED))
        await phone.join()
        await phone.until(lambda s: is_settled(s, CallState.CONNECTED, CallState.CONNECTED))
        phone.say(PHONE_HERTZ)
        await phone.hears_together((PEER_HERTZ, OTHER_HERTZ))
        codecs = await phone.until(lambda s: all(call.quality is not None for call in s.calls))
        assert [call.quality.codec for call in codecs.calls if call.quality is not None] == [
            LABELS[AudioCodec.G722],
            LABELS[AudioCodec.OPUS],
        ]
        await phone.until(lambda s: s.conference is not None and s.conference.speaker is not None)
        await asyncio.sleep(TALKED)

        await phone.hold()  # the two go on without us
        await phone.until(lambda s: not s.audio.microphone_open)
        await asyncio.sleep(TALKED)
        await phone.retrieve()
        await phone.hears_together((PEER_HERTZ, OTHER_HERTZ))

        await one.peer.hang_up()
        await phone.until(lambda s: s.conference is None)
        await phone.hears(OTHER_HERTZ)
        await asyncio.sleep(TALKED)
        await phone.hang_up()
        await other.peer.expect(EventKind.CLOSED)
        await phone.no_call()
    of_one, of_other = one.heard_together(EVERYBODY), other.heard_together(EVERYBODY)
    assert min(of_one[frozenset({PHONE_HERTZ, OTHER_HERTZ})], of_one[frozenset({OTHER_HERTZ})]) >= LOOKS, of_one
    assert min(of_other[frozenset({PHONE_HERTZ, PEER_HERTZ})], of_other[frozenset({PEER_HERTZ})]) >= LOOKS, of_other
    assert not any(PEER_HERTZ in pitches for pitches in of_one), "pjsua2 heard itself"
    assert not any(OTHER_HERTZ in pitches for pitches in of_other), "baresip-python heard itself"
    assert of_other[frozenset({PHONE_HERTZ})], "baresip-python stayed with the phone"
    row.measured(f"pjsua2 ({PEER_HERTZ} Hz) heard {mixes(of_one)}; baresip-python ({OTHER_HERTZ} Hz) {mixes(of_other)}")
