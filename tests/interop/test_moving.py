"""Our address changes during a call: the far end stands in a network namespace, so that the change is real."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from tests.interop.cabled_call import cabled_call
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]

ON_THE_WAY = 15
"""Packets that may have come before the old address went, and were not counted yet: counters are 200 ms old at most."""


@pytest.mark.parametrize("ice", [False, True], ids=["plain", "ice"])
async def test_the_voice_comes_back(ice: bool, tmp_path: Path, row: Row) -> None:
    row.of("pjsua2", f"our address changes in a call, {'ICE on both sides' if ice else 'without ICE'}")
    async with cabled_call(Pjsua2Peer, tmp_path, ice=ice) as (way, phone):
        phone.say(PHONE_HERTZ)
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
