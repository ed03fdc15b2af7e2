"""Reports on the quality of calls (RFC 6035), to a collector of raw messages."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.quality import QualityReport, Severity, VoiceAddress, VoiceMetrics
from app.signalling.sip.message import Request
from app.signalling.sip.publication import UNDER_WAY_MAX
from app.signalling.sip.uri import SipUri
from tests.peers.tshark import fields, tshark, write_capture
from tests.signalling.sip.network import Network, Peer, Phone, description

OURS = VoiceMetrics(
    loss_percent=5.04,
    discard_percent=2.0,
    burst_loss_percent=30.0,
    burst_ms=480.4,
    gap_loss_percent=0.5,
    gap_ms=12000.0,
    gap_threshold=16,
    buffer_nominal_ms=40,
    buffer_maximum_ms=80,
    buffer_limit_ms=500,
    round_trip_ms=199.7,
    end_system_delay_ms=60.0,
    jitter_ms=2.2,
    rating_lq=82.4,
    rating_cq=78.9,
    mos_lq=4.1,
    mos_cq=3.96,
)
REPORT = QualityReport(
    local=VoiceAddress("10.0.0.1", 50000, 0x1234),
    remote=VoiceAddress("2001:db8::9", 40000, 0xAABBCCDD),
    payload_type=8,
    encoding="PCMA",
    clock_rate=8000,
    packet_time_ms=20,
    silence_suppressed=False,
    ours=OURS,
)
THEIRS = VoiceMetrics(0.0, 0.0, 0.0, 0, 0.0, 0, 16, 20, 40, 300, echo_return_loss_db=55, mos_lq=4.4)


class Bench:
    def __init__(self, collector: SipUri | None) -> None:
        self.network = Network()
        self.peer = Peer(self.network)
        self.phone = Phone(self.network, "10.0.0.1", self.peer.address, collector=collector)
        self.leg = LegId("out")

    def connect(self) -> Request:
        self.phone.call()
        self.network.run(0.05)
        invite = self.peer.request("INVITE")
        self.peer.answer(invite, 200, self.phone, sdp=description(port=6000))
        return invite

    def report(self, alert: Severity | None = None, report: QualityReport = REPORT) -> None:
        self.phone.agent.report_quality(self.leg, report, alert)
        self.network.run(0.05)

    def lines(self) -> list[str]:
        body = self.peer.request("PUBLISH").body.decode()
        assert body.endswith("\r\n")
        return body.removesuffix("\r\n").split("\r\n")


@pytest.fixture
def bench() -> Bench:
    return Bench(SipUri("10.0.0.9", user="quality"))


def test_a_call_that_we_end_is_reported(bench: Bench) -> None:
    invite = bench.connect()
    bench.phone.agent.disconnect(bench.leg, Cause.NORMAL_CLEARING)
    bench.report()
    publish = bench.peer.request("PUBLISH")
    assert str(publish.uri) == "sip:quality@10.0.0.9"
    assert publish.headers.get("Event") == "vq-rtcpxr"
    assert publish.content_type is not None
    assert publish.content_type.type == "application/vq-rtcpxr"
    assert publish.call_id != invite.call_id
    lines = bench.lines()
    assert lines[:9] == [
        "VQSessionReport: CallTerm",
        f"CallID: {invite.call_id}",
        'LocalID: "Phone 1" <sip:user-1@10.0.0.9>',
        "RemoteID: <sip:200@10.0.0.9>",
        'OrigID: "Phone 1" <sip:user-1@10.0.0.9>',
        "LocalAddr: IP=10.0.0.1 PORT=50000 SSRC=0x00001234",
        "RemoteAddr: IP=2001:db8::9 PORT=40000 SSRC=0xaabbccdd",
        "LocalGroup: IP270",
        "RemoteGroup: unknown",
    ]
    assert lines[9] == "LocalMetrics:"
    assert lines[10].startswith("Timestamps: START=20")
    assert lines[11:] == [
        "SessionDesc: PT=8 PD=PCMA SR=8000 FD=20 FPP=1 PPS=50 PLC=3 SSUP=off",
        "JitterBuffer: JBA=3 JBN=40 JBM=80 JBX=500",
        "PacketLoss: NLR=5.0 JDR=2.0",
        "BurstGapLoss: BLD=30.0 BD=480 GLD=0.5 GD=12000 GMIN=16",
        "Delay: RTD=200 ESD=60 IAJ=2",
        "QualityEst: RLQ=82 RCQ=79 MOSLQ=4.1 MOSCQ=4.0 QoEEstAlg=G.107",
        f"DialogID: {invite.call_id};to-tag=peer;from-tag={invite.from_.tag}",
    ]


def test_wireshark_finds_nothing_wrong(bench: Bench, tmp_path: Path) -> None:
    bench.connect()
    bench.report(Severity.CRITICAL, msgspec.structs.replace(REPORT, theirs=THEIRS))
    capture = tmp_path / "publish.pcap"
    write_capture(capture, 5060, [bench.peer.request("PUBLISH").encode()])
    assert fields(capture, "sip", "sip.Method", "sip.Event", "sip.Content-Type") == [
        ("PUBLISH", "vq-rtcpxr", "application/vq-rtcpxr")
    ]
    seen = tshark(capture, "-V")
    assert "VQAlertReport" in seen
    assert "Malformed" not in seen
    assert "Expert Info (Error" not in seen


def test_a_call_that_the_far_end_ends_is_reported_with_what_it_said(bench: Bench) -> None:
    bench.peer.invite(bench.phone, sdp=description(port=6000))
    leg = bench.phone.incoming
    bench.phone.agent.connect(leg, description(port=7000))
    bench.network.run(0.05)
    tag = bench.peer.response(200).to.tag or ""
    bench.peer.invite(bench.phone, method="ACK", branch="z9hG4bKack", to_tag=tag)
    bench.peer.invite(bench.phone, method="BYE", branch="z9hG4bKbye", cseq=2, to_tag=tag)
    bench.leg = leg
    bench.report(report=msgspec.structs.replace(REPORT, theirs=THEIRS))
    lines = bench.lines()
    assert 'RemoteID: "Peer" <sip:peer@pbx.example>' in lines
    assert 'OrigID: "Peer" <sip:peer@pbx.example>' in lines
    remote = lines[lines.index("RemoteMetrics:") :]
    assert "Signal: RERL=55" in remote
    assert "QualityEst: MOSLQ=4.4 QoEEstAlg=G.107" in remote
    bench.report()
    assert len(bench.peer.requests("PUBLISH")) == 1


def test_an_alert_is_told_while_the_call_goes_on(bench: Bench) -> None:
    bench.connect()
    bench.report(Severity.CRITICAL)
    assert bench.lines()[0] == "VQAlertReport: Type=RCQ Severity=Critical Dir=local"
    bench.phone.agent.disconnect(bench.leg, Cause.NORMAL_CLEARING)
    bench.report()
    assert bench.lines()[0] == "VQSessionReport: CallTerm"


def test_a_call_nobody_answered_is_not_reported(bench: Bench) -> None:
    bench.phone.call()
    bench.network.run(0.05)
    bench.phone.agent.disconnect(bench.leg, Cause.NORMAL_CLEARING)
    bench.report()
    assert bench.peer.requests("PUBLISH") == []


def test_without_a_collector_nobody_is_told() -> None:
    bench = Bench(None)
    bench.connect()
    bench.report(Severity.WARNING)
    assert bench.peer.requests("PUBLISH") == []


def test_our_own_server_may_ask_who_we_are(bench: Bench) -> None:
    bench.connect()
    bench.report(Severity.WARNING)
    challenge = ("WWW-Authenticate", 'Digest realm="pbx", nonce="n", algorithm=MD5, qop="auth"')
    bench.peer.answer(bench.peer.request("PUBLISH"), 401, bench.phone, headers=[challenge])
    first, second = bench.peer.requests("PUBLISH")[0], bench.peer.request("PUBLISH")
    assert "Authorization" in [name for name, _ in second.headers]
    assert second.cseq.number == first.cseq.number + 1
    assert second.body == first.body


def test_a_refusal_is_counted_and_not_repeated(bench: Bench) -> None:
    bench.connect()
    bench.report(Severity.WARNING)
    bench.peer.answer(bench.peer.request("PUBLISH"), 489, bench.phone)
    bench.network.run(60)
    assert len({request.top_via.branch for request in bench.peer.requests("PUBLISH")}) == 1
    assert bench.phone.counts["quality report refused"] == 1


def test_a_silent_collector_is_not_flooded(bench: Bench) -> None:
    bench.connect()
    for _ in range(UNDER_WAY_MAX + 3):
        bench.report(Severity.WARNING)
    assert len({request.call_id for request in bench.peer.requests("PUBLISH")}) == UNDER_WAY_MAX
    assert bench.phone.counts["quality report dropped"] == 3
    bench.network.run(200)
    bench.report(Severity.CLEAR)
    assert len({request.call_id for request in bench.peer.requests("PUBLISH")}) == UNDER_WAY_MAX + 1


def test_a_collector_elsewhere_is_asked_there_and_gets_no_password() -> None:
    bench = Bench(SipUri("10.0.0.7", user="quality", port=5070))
    elsewhere = Peer(bench.network, "10.0.0.7")
    bench.connect()
    bench.report(Severity.WARNING)
    challenge = ("WWW-Authenticate", 'Digest realm="else", nonce="n", algorithm=MD5, qop="auth"')
    elsewhere.answer(elsewhere.request("PUBLISH"), 401, bench.phone, headers=[challenge])
    assert len({request.cseq.number for request in elsewhere.requests("PUBLISH")}) == 1
    assert bench.peer.requests("PUBLISH") == []
