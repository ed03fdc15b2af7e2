"""Our address changes during a call: the far end stands in a network namespace, so that the change is real."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from app.model.snapshot import CallState
from tests.interop.cable import cable
from tests.interop.phone import PhoneUnderTest
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ, write_tone
from tests.peers.peer import EventKind, PeerConfig
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]

PORT = 15060
ON_THE_WAY = 15
"""Packets that may have come before the old address went, and were not counted yet: counters are 200 ms old at most."""


@pytest.mark.parametrize("ice", [False, True], ids=["plain", "ice"])
async def test_the_voice_comes_back(ice: bool, tmp_path: Path, row: Row) -> None:
    row.of("pjsua2", f"our address changes in a call, {'ICE on both sides' if ice else 'without ICE'}")
    said = write_tone(tmp_path / "said.wav", PEER_HERTZ, 8000, 1)
    async with cable() as way:
        config = PeerConfig(
            user="28", domain=way.far, address=way.far, port=PORT, play=said, ice=ice, launch=way.launch
        )
        async with Pjsua2Peer(config) as peer, PhoneUnderTest(tmp_path, PORT, host=way.far, ice=ice) as phone:
            await phone.until(lambda _: phone.line.local_address == way.before)
            await peer.call(f"sip:27@{way.before}:{phone.port}")
            await phone.call_is(CallState.INCOMING)
            await phone.answer()
            await peer.expect(EventKind.ESTABLISHED)
            phone.say(PHONE_HERTZ)
            await phone.hears(PEER_HERTZ)
            began = time.monotonic()
            await way.renumber()
            async with asyncio.timeout(10):
                while phone.line.local_address != way.after:  # noqa: ASYNC110 - the line tells nobody
                    await asyncio.sleep(0.01)
            before = phone.statistics.packets_received
            await phone.counts(lambda s: s.packets_received > before + ON_THE_WAY, within=10)
            row.measured(f"the far end's voice comes again after {time.monotonic() - began:.1f} s")
            assert (phone.route is not None) == ice
            await phone.hears(PEER_HERTZ)
