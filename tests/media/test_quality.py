"""Figures and bars from counters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.media.formats import AudioCodec
from app.media.quality import QualityMeter, rating
from app.model.ids import StreamId
from native import Codec, StreamStatistics

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
    missed_runs=0,
    burst_density=0.0,
    burst_ms=0.0,
    gap_density=0.0,
    gap_ms=0.0,
    ssrc=0,
    remote_metrics=None,
)


def bars_after(*windows: tuple[int, int, int], expects_sound: bool = True, **more: float) -> list[int]:
    """The bars after each window of packets (sent, received, lost)."""
    meter = QualityMeter(StreamId("s"))
    statistics = replace(SILENT, codec=Codec.PCMA, **more)  # type: ignore[arg-type]
    bars = []
    for sent, received, lost in windows:
        statistics = replace(
            statistics,
            packets_sent=statistics.packets_sent + sent,
            packets_received=statistics.packets_received + received,
            lost=statistics.lost + lost,
        )
        bars.append(meter.read(statistics, AudioCodec.PCMA, expects_sound=expects_sound).bars)
    return bars


def test_a_clean_call_is_excellent() -> None:
    assert bars_after((100, 100, 0), round_trip_ms=20.0) == [4]


def test_nothing_heard_is_no_bar() -> None:
    assert bars_after((100, 0, 0)) == [0]
    assert bars_after((100, 100, 0), (100, 0, 0)) == [4, 0]


def test_a_held_call_keeps_its_bars() -> None:
    assert bars_after((100, 100, 0), (100, 0, 0), expects_sound=False) == [4, 4]


def test_bars_fall_with_loss_and_recover() -> None:
    bars = bars_after((100, 100, 0), *[(100, 70, 30)] * 4, *[(100, 100, 0)] * 12)
    assert bars[0] == 4
    assert min(bars) == 1
    assert bars[-1] == 4


def test_delay_costs_bars() -> None:
    assert bars_after((100, 100, 0), round_trip_ms=900.0)[0] <= 2


def test_too_few_packets_say_nothing() -> None:
    assert bars_after((100, 100, 0), (10, 2, 8)) == [4, 4]


def test_lost_is_never_negative() -> None:
    meter = QualityMeter(StreamId("s"))
    quality = meter.read(replace(SILENT, packets_received=50, lost=-3), AudioCodec.G722, expects_sound=True)
    assert (quality.lost, quality.codec) == (0, "G.722")


@pytest.mark.parametrize("codec", list(Codec))
def test_the_rating_is_bounded_and_falls(codec: Codec) -> None:
    ratings = [rating(codec, loss / 100, 50.0) for loss in (0, 1, 3, 10, 30, 100)]
    assert ratings == sorted(ratings, reverse=True)
    assert 0.0 <= ratings[-1] <= ratings[0] <= 93.2
    assert rating(codec, 0.0, 400.0) < rating(codec, 0.0, 100.0)
