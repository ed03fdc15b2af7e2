"""What collectors of quality reports are told of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.media.agreement import Agreement
from app.media.formats import AudioCodec
from app.media.quality import QualityMeter
from app.media.quality_report import quality_report
from app.model.ids import StreamId
from app.model.quality import QualityReport, VoiceAddress
from app.model.session import Direction
from native import Clock, Codec, Engine, EngineReport, StreamStatistics, end_system_delay
from tests.media.test_quality import SILENT

AGREEMENT = Agreement(
    remote_address="192.0.2.9",
    remote_port=40000,
    remote_rtcp_port=None,
    codec=AudioCodec.PCMA,
    payload_type=8,
    receive=((8, AudioCodec.PCMA),),
    packet_time_ms=20,
    telephone_event_type=None,
    receive_telephone_event=None,
    direction=Direction.SENDRECV,
    remote=Direction.SENDRECV,
)


@pytest.fixture
def machine() -> Iterator[EngineReport]:
    with Engine(Clock.STEPPED) as engine:
        yield engine.report()


def report(now: StreamStatistics, machine: EngineReport) -> QualityReport:
    quality = QualityMeter(StreamId("s")).read(now, machine, AudioCodec.PCMA, expects_sound=True)
    local = VoiceAddress("192.0.2.1", 50000, 1)
    return quality_report(AGREEMENT, local, now, quality, silence_suppressed=False)


def test_the_time_between_packets_and_ears_is_the_one_that_the_far_end_is_told(machine: EngineReport) -> None:
    """A packet of 20 ms, 30 ms in the jitter buffer, and a tick each way (RFC 3611, 4.7.5)."""
    ours = report(replace(SILENT, codec=Codec.PCMA, packets_received=100, expected=100), machine).ours
    assert ours.end_system_delay_ms == end_system_delay(20, SILENT.playout_delay_ms) == 70.0


def test_what_another_source_sent_too_late_is_not_taken_for_late_now(machine: EngineReport) -> None:
    """Lateness of all sources is counted since the beginning, what is missed only of the one heard last."""
    now = replace(SILENT, codec=Codec.PCMA, packets_received=900, late=300, expected=400, missed=40, missed_runs=40)
    ours = report(now, machine).ours
    assert (ours.loss_percent, ours.discard_percent) == (10.0, 0.0)
