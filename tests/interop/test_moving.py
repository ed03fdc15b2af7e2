"""Our address changes during a call: the far end stands in a network namespace, so that the change is real."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.model.snapshot import CallState
from tests.interop.phone import PhoneUnderTest
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ, write_tone
from tests.peers.peer import EventKind, PeerConfig
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]

FAR, BEFORE, AFTER = "198.18.0.2", "198.18.0.1", "198.18.0.9"
PORT = 15060
ON_THE_WAY = 15
"""Packets that may have come before the old address went, and were not counted yet: counters are 200 ms old at most."""


async def ip(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec("ip", *arguments)
    assert await process.wait() == 0, arguments


@contextlib.asynccontextmanager
async def far_away() -> AsyncIterator[tuple[str, str]]:
    """A namespace at the other end of a cable: its name, and our end's device."""
    space, near, far = (f"{name}{os.getpid()}" for name in ("far", "near", "end"))
    await ip("netns", "add", space)
    try:
        await ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", space)
        for where, device, address in (((), near, BEFORE), (("-n", space), far, FAR)):
            await ip(*where, "address", "add", f"{address}/24", "dev", device)
            await ip(*where, "link", "set", device, "up")
        yield space, near
    finally:
        await ip("netns", "del", space)


@pytest.mark.parametrize("ice", [False, True], ids=["plain", "ice"])
async def test_the_voice_comes_back(ice: bool, tmp_path: Path, row: Row) -> None:
    row.of("pjsua2", f"our address changes in a call, {'ICE on both sides' if ice else 'without ICE'}")
    said = write_tone(tmp_path / "said.wav", PEER_HERTZ, 8000, 1)
    async with far_away() as (space, near):
        config = PeerConfig(
            user="28", domain=FAR, address=FAR, port=PORT, play=said, ice=ice, launch=("ip", "netns", "exec", space)
        )
        async with Pjsua2Peer(config) as peer, PhoneUnderTest(tmp_path, PORT, host=FAR, ice=ice) as phone:
            await phone.until(lambda _: phone.line.local_address == BEFORE)
            await peer.call(f"sip:27@{BEFORE}:{phone.port}")
            await phone.call_is(CallState.INCOMING)
            await phone.answer()
            await peer.expect(EventKind.ESTABLISHED)
            phone.say(PHONE_HERTZ)
            await phone.hears(PEER_HERTZ)
            began = time.monotonic()
            await ip("address", "del", f"{BEFORE}/24", "dev", near)
            await ip("address", "add", f"{AFTER}/24", "dev", near)
            async with asyncio.timeout(10):
                while phone.line.local_address != AFTER:  # noqa: ASYNC110 - the line tells nobody
                    await asyncio.sleep(0.01)
            before = phone.statistics.packets_received
            await phone.counts(lambda s: s.packets_received > before + ON_THE_WAY, within=10)
            row.measured(f"the far end's voice comes again after {time.monotonic() - began:.1f} s")
            assert (phone.route is not None) == ice
            await phone.hears(PEER_HERTZ)
