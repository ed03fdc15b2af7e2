"""Extended reports (RFC 3611) with a phone we did not write: each reads what the other says of the voice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.model.snapshot import CallState
from tests.interop.phone import PhoneUnderTest
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ, PHONE_RATE, write_tone
from tests.peers.linphone import linphone
from tests.peers.small_sip import SmallSip

pytestmark = pytest.mark.interop

PATIENCE = 20.0
REPORTED = 30.0
"""For reports, of which one comes each few seconds (RFC 3550, 6.2)."""
ADAPTIVE, ENHANCED = 3, 3
"""How a jitter buffer is, and what is played in place of what got lost (RFC 6035, 4.6.2)."""


def metrics(report: str) -> dict[str, float]:
    """What a report says of its far end's voice (RFC 6035, 4.6), by the names there."""
    remote = report.partition("RemoteMetrics:")[2]
    return {name: float(value) for name, value in re.findall(r"\b([A-Z]{3,5})=([\d.]+)(?=[\s])", remote)}


async def test_linphone(tmp_path: Path, row: Row) -> None:
    row.of(
        "linphone", "call in, extended reports (RFC 3611): each reads the other's, and linphone reports ours (RFC 6035)"
    )
    async with SmallSip("far") as sip, PhoneUnderTest(tmp_path, sip.port, keep_alive=0) as phone:
        await phone.registered()
        async with linphone(phone.port, sip.port) as far:
            await far.call(f"sip:27@127.0.0.1:{phone.port}")
            await phone.call_is(CallState.INCOMING, PATIENCE)
            await phone.answer()
            await phone.call_is(CallState.CONNECTED, PATIENCE)
            await far.play(write_tone(tmp_path / "far.wav", PEER_HERTZ, PHONE_RATE, seconds=60))
            phone.say(PHONE_HERTZ)
            await phone.hears(PEER_HERTZ, PATIENCE)
            sent = phone.statistics.rtcp_sent
            await phone.until_true(lambda: phone.statistics.rtcp_sent > sent, REPORTED)
            await phone.until_true(lambda: phone.statistics.remote_metrics is not None, REPORTED)
            theirs = phone.statistics.remote_metrics
            await phone.hang_up()
            ours = metrics(await sip.published())
    assert theirs is not None
    assert theirs.mos_lq is not None
    assert theirs.mos_lq > 4
    assert (ours["JBA"], ours["PLC"], ours["NLR"]) == (ADAPTIVE, ENHANCED, 0)
    assert 0 < ours["JBN"] <= 100
    assert ours["JBX"] == 500
    assert 4 < ours["MOSLQ"] < 4.6
    row.measured(f"linphone's MOS {theirs.mos_lq:.1f}; ours {ours['MOSLQ']}, as linphone read it")
