"""The PBX dies in a call and comes back: the voice never stops, and phone and peer find each other again."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from app.model.snapshot import CallState
from tests.interop.conftest import Trust
from tests.interop.pair import IN, OUT, registered_pair
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.peer import Answering, Transport

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]
NOTICED = 60.0
"""Seconds in which a phone in a call notices that its PBX is gone, on a slow machine."""


@pytest.mark.parametrize(  # who called over TCP is where it was; baresip that was called is found by nobody any more
    ("direction", "transport"), [(OUT, Transport.UDP), (IN, Transport.UDP), (IN, Transport.TCP)]
)
async def test_a_call_outlives_its_pbx(
    direction: str, transport: Transport, tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of("baresip", f"the PBX is killed in a call and comes back, {transport}, {direction}")
    answering = Answering.AUTO if direction == OUT else Answering.MANUAL
    pair_of = registered_pair(
        BaresipPeer, tmp_path, trust, transport=transport, answering=answering, keep_alive=1, peer_seconds=100
    )
    async with pair_of as (pair, kamailio):
        phone = pair.phone
        await pair.call(direction)
        phone.say(PHONE_HERTZ)
        await phone.hears(PEER_HERTZ)
        await kamailio.stop(signal.SIGKILL)
        await phone.until(lambda s: s.calls[0].reconnecting, NOTICED)
        assert phone.snapshot.calls[0].state is CallState.CONNECTED
        before = phone.statistics
        await phone.counts(lambda s: s.packets_received > before.packets_received + 50)
        assert phone.statistics.packets_sent > before.packets_sent + 25
        await kamailio.start()
        await phone.until(lambda s: not s.calls[0].reconnecting, NOTICED)
        assert phone.snapshot.calls[0].state is CallState.CONNECTED
        await phone.hears(PEER_HERTZ)
        await pair.finish(OUT)
