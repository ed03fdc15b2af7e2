"""A call with SIPp, and what SIPp as a collector says of the report on it (RFC 6035)."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.quality import QualityReport
from app.model.signalling import CallOptions, Connected, Registration
from app.signalling.sip.uri import SipUri
from tests.interop.line import WatchedLine
from tests.interop.row import Row
from tests.interop.test_sipp_line import config, description, heard
from tests.media.rig import STREAM, run, sine, two_phones
from tests.peers.peer import Transport
from tests.peers.sipp_peer import Sipp, SippConfig

pytestmark = pytest.mark.interop

COLLECTOR = Path(__file__).parent / "sipp" / "uas_collector.xml"


@pytest.fixture(scope="module")
def report() -> QualityReport:
    """What the media room has to say of a call of twelve seconds, after extended reports went both ways."""
    with two_phones() as (a, b):
        for phone in (a, b):
            phone.talk()
            phone.say(sine(400, 14))
        run(a, b, 14)
        report = a.room.quality_report(STREAM)
    assert report is not None
    assert report.theirs is not None
    return report


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.UDP])
async def test_a_collector_takes_the_report(transport: Transport, report: QualityReport, row: Row) -> None:
    """A report is too long for a datagram: it goes over TCP, or in one all the same where nobody listens there."""
    row.of("sipp", f"report on a call's quality by PUBLISH, taken over {transport}")
    async with (
        Sipp(SippConfig("uas.xml", calls=2)) as sipp,
        Sipp(SippConfig(COLLECTOR, calls=1, transport=transport)) as collector,
    ):
        target = SipUri("127.0.0.1", user="quality", port=collector.config.port)
        own = dataclasses.replace(config(sipp.config.port), quality_collector=target)
        async with WatchedLine(own) as line:
            await line.until(Registration.UP)
            leg = LegId("out")
            line.line.setup(leg, "200", description(), CallOptions())
            await heard(line, Connected)
            line.line.disconnect(leg, Cause.NORMAL_CLEARING)
            line.line.report_quality(leg, report, None)
            await collector.wait(20)
            await sipp.wait(20)
            assert line.line.counters == {}
