"""Figures, bars and causes from counters: made up, and of calls between two stepped engines that go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from app.media.formats import AudioCodec
from app.media.quality import QualityMeter
from app.model.ids import StreamId
from app.model.quality import Quality, QualityCause
from native import Clock, Codec, Engine, EngineReport, Enhancement, NoiseSuppression, StreamStatistics
from tests import acoustics
from tests.native.support import PCMU, TICK_SAMPLES, End, Pair, Wire, lossy, perfect, sine

SILENT = StreamStatistics(
    packets_sent=0,
    octets_sent=0,
    send_errors=0,
    packets_received=0,
    lost=0,
    late=0,
    duplicate=0,
    reordered=0,
    discarded=0,
    wrong_source=0,
    malformed=0,
    foreign=0,
    srtp_refused=0,
    srtp_replayed=0,
    rtcp_sent=0,
    rtcp_received=0,
    jitter_ms=0.0,
    buffer_ms=20.0,
    playout_delay_ms=30.0,
    concealed_ms=0.0,
    round_trip_ms=None,
    remote_fraction_lost=None,
    remote_jitter_ms=None,
    level_in_dbov=-127.0,
    level_out_dbov=-127.0,
    codec=None,
    secured=False,
    expected=0,
    missed=0,
    missed_late=0,
    missed_runs=0,
    burst_density=0.0,
    burst_ms=0.0,
    gap_density=0.0,
    gap_ms=0.0,
    ssrc=0,
    remote_metrics=None,
)
XR = replace(PCMU, extended_reports=True)


@pytest.fixture
def machine() -> Iterator[EngineReport]:
    """A machine without trouble."""
    with Engine(Clock.STEPPED) as engine:
        yield engine.report()


# --- from counters ------------------------------------------------------------------------------------------


def after(
    machine: EngineReport, *windows: tuple[int, int, int], expects_sound: bool = True, **more: float
) -> list[Quality]:
    """The figures after each window of packets (sent, received, lost)."""
    meter = QualityMeter(StreamId("s"))
    statistics = replace(SILENT, codec=Codec.PCMA, **more)  # type: ignore[arg-type]
    figures = []
    for sent, received, lost in windows:
        statistics = replace(
            statistics,
            packets_sent=statistics.packets_sent + sent,
            packets_received=statistics.packets_received + received,
            lost=statistics.lost + lost,
            expected=statistics.expected + received + lost,
            missed=statistics.missed + lost,
            missed_runs=statistics.missed_runs + lost,
        )
        figures.append(meter.read(statistics, machine, AudioCodec.PCMA, expects_sound=expects_sound))
    return figures


def bars(figures: list[Quality]) -> list[int]:
    return [quality.bars for quality in figures]


def test_a_clean_call_is_excellent(machine: EngineReport) -> None:
    (quality,) = after(machine, (100, 100, 0), round_trip_ms=20.0)
    assert (quality.bars, quality.cause, quality.mos_lq, quality.mos_cq) == (4, None, 4.4, 4.4)


def test_nothing_heard_is_no_bar(machine: EngineReport) -> None:
    (quality,) = after(machine, (100, 0, 0))
    assert (quality.bars, quality.cause, quality.mos_lq) == (0, QualityCause.SILENCE, None)
    assert bars(after(machine, (100, 100, 0), (100, 0, 0))) == [4, 0]


def test_a_held_call_keeps_its_bars(machine: EngineReport) -> None:
    figures = after(machine, (100, 100, 0), (100, 0, 0), expects_sound=False)
    assert bars(figures) == [4, 4]
    assert figures[-1].cause is None


def test_bars_fall_with_loss_and_recover(machine: EngineReport) -> None:
    figures = after(machine, (100, 100, 0), *[(100, 70, 30)] * 4, *[(100, 100, 0)] * 12)
    assert figures[0].bars == 4
    assert min(bars(figures)) == 1
    assert figures[4].cause is QualityCause.LOSS
    assert figures[-1].bars == 4
    assert figures[-1].cause is None


def test_delay_costs_bars(machine: EngineReport) -> None:
    (quality,) = after(machine, (100, 100, 0), round_trip_ms=900.0)
    assert quality.bars <= 2
    assert quality.cause is QualityCause.DELAY
    assert quality.mos_lq == 4.4


def test_too_few_packets_say_nothing(machine: EngineReport) -> None:
    assert bars(after(machine, (100, 100, 0), (10, 2, 8))) == [4, 4]


def test_loss_is_seen_however_often_and_in_whatever_packets_both_ends_send(machine: EngineReport) -> None:
    """Five looks a second at 20 ms packets that go out, and 40 or 60 ms ones that come."""
    for received, lost in ((3, 2), (2, 1)):
        figures = after(machine, *[(10, received, lost)] * 100)
        assert figures[-1].loss == pytest.approx(lost / (received + lost), abs=0.05)
        assert figures[-1].bars < 4
        assert figures[-1].cause is QualityCause.LOSS


def test_another_source_counts_from_the_beginning(machine: EngineReport) -> None:
    meter = QualityMeter(StreamId("s"))
    first = replace(SILENT, codec=Codec.PCMA, packets_received=1000, expected=1000)
    second = replace(first, packets_received=1040, expected=40, missed=0)
    third = replace(first, packets_received=1140, expected=140, missed=0)
    read = [meter.read(one, machine, AudioCodec.PCMA, expects_sound=True).bars for one in (first, second, third)]
    assert read == [4, 4, 4]


def test_lost_is_never_negative(machine: EngineReport) -> None:
    meter = QualityMeter(StreamId("s"))
    statistics = replace(SILENT, packets_received=50, lost=-3)
    quality = meter.read(statistics, machine, AudioCodec.G722, expects_sound=True)
    assert (quality.lost, quality.codec) == (0, "G.722")


def test_late_packets_are_jitter_even_where_little_is_waited_for(machine: EngineReport) -> None:
    meter = QualityMeter(StreamId("s"))
    quality = None
    for window in range(1, 6):
        lost = 15 * window
        statistics = replace(SILENT, codec=Codec.PCMA, packets_received=100 * window, expected=100 * window)
        statistics = replace(statistics, missed=lost, missed_runs=lost, missed_late=lost, playout_delay_ms=0.0)
        quality = meter.read(statistics, machine, AudioCodec.PCMA, expects_sound=True)
    assert quality is not None
    assert (quality.cause, quality.loss) == (QualityCause.JITTER, 0.0)
    assert quality.late == pytest.approx(0.15, abs=0.03)


def test_a_machine_that_is_late_is_told_apart_from_the_network(machine: EngineReport) -> None:
    meter = QualityMeter(StreamId("s"))
    quality = None
    for window in range(1, 6):
        statistics = replace(SILENT, codec=Codec.PCMA, packets_received=100 * window, expected=100 * window)
        late = replace(machine, ticks=200 * window, overruns=30 * window)
        quality = meter.read(statistics, late, AudioCodec.PCMA, expects_sound=True)
    assert quality is not None
    assert quality.bars < 4
    assert quality.cause is QualityCause.MACHINE


# --- of calls that go wrong -----------------------------------------------------------------------------------


def read_call(wire: Wire, seconds: float = 30.0, end: str = "near") -> Quality:
    """What one end of a call over this wire says in the end."""
    pair = Pair(XR, wire=wire)
    for one in (pair.near, pair.far):
        one.device.feed(sine(400, seconds))
    quality = watched(pair, pair.near if end == "near" else pair.far, seconds)
    pair.close()
    return quality


def watched(pair: Pair, end: End, seconds: float) -> Quality:
    meter = QualityMeter(StreamId("s"))
    quality = None
    for _ in range(round(seconds / 2)):
        pair.run(2)
        quality = meter.read(end.stream.statistics(), end.engine.report(), AudioCodec.PCMU, expects_sound=True)
    assert quality is not None
    return quality


def test_a_good_call_has_no_cause() -> None:
    quality = read_call(perfect)
    assert (quality.bars, quality.cause) == (4, None)
    assert quality.remote_mos_lq == 4.4
    assert quality.remote_mos_cq is not None


def test_loss_is_the_cause_of_a_call_that_loses() -> None:
    quality = read_call(lossy(5, 0.15))
    assert quality.bars < 4
    assert quality.cause is QualityCause.LOSS
    assert quality.loss == pytest.approx(0.15, abs=0.08)


def test_jitter_is_the_cause_of_a_call_whose_packets_straggle() -> None:
    """Every seventh packet comes a quarter of a second after its turn."""
    numbers = iter(range(10**6))
    quality = read_call(lambda packet: [250_000_000 if packet[1] < 192 and next(numbers) % 7 == 0 else 0])
    assert quality.bars < 4
    assert quality.cause is QualityCause.JITTER


def test_delay_is_the_cause_of_a_call_around_the_world() -> None:
    quality = read_call(lossy(5, 0.0, delay_ms=350))
    assert quality.bars < 4
    assert quality.cause is QualityCause.DELAY


def test_the_far_end_is_the_cause_where_only_it_hears_badly() -> None:
    """One direction of the wire loses: whoever sends there hears well, and is told."""
    pair = Pair(XR)
    pair.near.device.feed(sine(400, 60))
    pair.far.device.feed(sine(400, 60))
    lose = iter(np.random.default_rng(3).random(10**5) < 0.2)
    push = pair.far.stream.push

    def push_some(packet: bytes, arrival_ns: int | None = None) -> None:
        if packet[1] >= 192 or not next(lose):
            push(packet, arrival_ns)

    pair.far.stream.push = push_some  # type: ignore[method-assign]
    quality = watched(pair, pair.near, 40)
    pair.close()
    assert quality.bars == 4
    assert quality.cause is QualityCause.FAR_END
    assert quality.remote_mos_lq is not None
    assert quality.remote_mos_lq < 3.6
    assert quality.remote_loss == pytest.approx(0.2, abs=0.1)


def test_an_echo_is_the_cause_where_our_own_voice_comes_back() -> None:
    """The far end hears half of its own loudspeaker and says so; a long way makes that audible."""
    pair = Pair(XR, wire=lossy(1, 0.0, delay_ms=60))
    pair.far.device.set_enhancement(Enhancement(noise=NoiseSuppression.MODERATE))
    pair.near.device.feed(acoustics.to_samples(acoustics.speech("demo-instruct", seconds=24)))
    meter = QualityMeter(StreamId("s"))
    quality = None
    for tick in range(2400):
        pair.run(0.01)
        pair.far.device.feed(pair.far.device.take()[:TICK_SAMPLES] // 2)
        if tick % 200 == 199:
            near = pair.near
            quality = meter.read(near.stream.statistics(), near.engine.report(), AudioCodec.PCMU, expects_sound=True)
    pair.close()
    assert quality is not None
    assert quality.bars < 4
    assert quality.cause is QualityCause.ECHO
    assert quality.mos_lq == 4.4
