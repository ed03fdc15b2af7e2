"""The E-model against published tables, and extended reports between two stepped engines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from native import (
    Codec,
    EchoControl,
    Enhancement,
    NoiseSuppression,
    VoipMetrics,
    burst_ratio,
    mos,
    one_way_delay,
    rating,
    talker_echo_loss,
)
from tests import acoustics
from tests.native.support import PCMU, RATE, TICK_SAMPLES, Pair, Wire, lossy, perfect, sine
from tests.peers.tshark import tshark, write_capture

XR = replace(PCMU, extended_reports=True)

# --- the E-model ------------------------------------------------------------------------------------------


def test_nothing_wrong_is_the_published_default() -> None:
    """ITU-T G.107, 7.7: with all parameters at their defaults R is 93.2."""
    assert rating(Codec.PCMU, 0.0, 0.0) == pytest.approx(93.2, abs=0.05)


@pytest.mark.parametrize(
    ("value", "score"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1.0), (-5, 1.0), (120, 4.5)]
)
def test_scores_are_those_of_annex_b(value: float, score: float) -> None:
    """ITU-T G.107, table B.1."""
    assert mos(value) == pytest.approx(score, abs=0.01)


@pytest.mark.parametrize(
    ("percent", "impairment"),
    [(0, 0), (1, 5), (2, 7), (3, 10), (5, 15), (7, 20), (10, 25), (15, 35), (20, 45)],
)
def test_loss_costs_g711_what_g113_says(percent: int, impairment: int) -> None:
    """ITU-T G.113, appendix I, G.711 with concealment and random loss: tabulated in steps of about five."""
    clean = rating(Codec.PCMA, 0.0, 0.0)
    assert clean - rating(Codec.PCMA, percent / 100, 0.0) == pytest.approx(impairment, abs=3.0)


@pytest.mark.parametrize(
    ("delay_ms", "value"), [(50, 92.0), (100, 90.8), (150, 89.6), (200, 85.8), (250, 79.1), (300, 72.5)]
)
def test_delay_costs_what_others_have_computed(delay_ms: int, value: float) -> None:
    """Cole and Rosenbluth's straight lines through G.107's curve (2001), good to about a point up to 300 ms."""
    assert rating(Codec.PCMU, 0.0, delay_ms) == pytest.approx(value, abs=0.5)


def test_echo_costs_more_the_later_it_comes() -> None:
    """ITU-T G.131, figure 1: an echo 25 dB down is acceptable within some 10 ms, and hopeless at 100 ms."""
    assert rating(Codec.PCMU, 0.0, 5.0, echo_loss_db=35.0) > 88
    assert rating(Codec.PCMU, 0.0, 100.0, echo_loss_db=55.0) > 80
    assert rating(Codec.PCMU, 0.0, 100.0, echo_loss_db=35.0) < 50


@pytest.mark.parametrize(("return_loss", "echo_loss"), [(None, 65), (20, 30), (55, 65), (126, 65)])
def test_an_echo_that_is_gone_is_no_better_than_none(return_loss: float | None, echo_loss: float) -> None:
    """G.107's default send and receive loudness ratings weaken an echo by 10 dB more."""
    assert talker_echo_loss(return_loss) == echo_loss


def test_the_way_is_half_of_what_goes_there_and_back() -> None:
    assert one_way_delay(100.0, 60.0, 80.0) == 120.0
    assert one_way_delay(None, 60.0, None) == 60.0


def test_bursts_cost_more_than_chance() -> None:
    """ITU-T G.107, 3.5: a run of five where one packet in ten is lost is 4.5 times what chance makes."""
    assert burst_ratio(100, 10, 2) == pytest.approx(4.5)
    assert burst_ratio(100, 10, 10) == 1.0
    assert rating(Codec.PCMU, 0.1, 50, burst_ratio=2.0) < rating(Codec.PCMU, 0.1, 50) - 3


@pytest.mark.parametrize("codec", list(Codec))
def test_the_rating_is_bounded_and_falls(codec: Codec) -> None:
    ratings = [rating(codec, loss / 100, 50.0) for loss in (0, 1, 3, 10, 30, 100)]
    assert ratings == sorted(ratings, reverse=True)
    assert 0.0 <= ratings[-1] <= ratings[0] <= 93.3
    assert rating(codec, 0.0, 1e9) < 25


# --- extended reports ---------------------------------------------------------------------------------------


def call(wire: Wire, seconds: float = 20.0) -> Pair:
    pair = Pair(XR, wire=wire)
    for end in (pair.near, pair.far):
        end.device.feed(sine(400, seconds))
    pair.run(seconds)
    return pair


def test_each_end_tells_the_other_how_it_hears() -> None:
    pair = call(perfect)
    for end in (pair.near, pair.far):
        metrics = end.stream.statistics().remote_metrics
        assert metrics is not None
        assert metrics.loss_rate == metrics.discard_rate == metrics.burst_density == 0
        assert metrics.mos_lq == 4.4
        assert metrics.rating is not None
        assert metrics.rating > 90
        assert 20 <= metrics.end_system_delay_ms <= 100
        assert metrics.gap_threshold == 16
        assert metrics.conceals
    pair.close()


def test_loss_is_told_as_it_was() -> None:
    pair = call(lossy(7, 0.1), seconds=60.0)
    near = pair.near.stream.statistics()
    metrics = pair.far.stream.statistics().remote_metrics
    assert metrics is not None
    assert near.missed / near.expected == pytest.approx(0.1, abs=0.02)
    assert metrics.loss_rate + metrics.discard_rate == pytest.approx(0.1, abs=0.025)
    assert metrics.burst_density == pytest.approx(near.burst_density, abs=0.03)
    assert metrics.burst_ms > 100
    assert metrics.mos_lq is not None
    assert 3.0 < metrics.mos_lq < 3.8
    pair.close()


def test_lateness_is_told_apart_from_loss() -> None:
    """One packet in forty-one comes 150 ms after the others: nothing is lost, and nothing of it can be played."""
    numbers = iter(range(10**6))
    pair = call(lambda packet: [150_000_000 if packet[1] < 192 and next(numbers) % 41 == 0 else 0], seconds=40.0)
    metrics = pair.far.stream.statistics().remote_metrics
    assert metrics is not None
    assert metrics.discard_rate > 0.01
    near = pair.near.stream.statistics()
    assert near.missed_late / near.expected == pytest.approx(metrics.discard_rate, abs=0.01)
    assert metrics.loss_rate < 0.01
    pair.close()


def test_what_forward_error_correction_restored_is_not_missed() -> None:
    def missed(codec: Codec, number: int) -> float:
        pair = Pair(replace(XR, codec=codec, payload_type=number, receive=((number, codec),)), wire=lossy(3, 0.08))
        pair.run(40)
        statistics = pair.near.stream.statistics()
        pair.close()
        return statistics.missed / statistics.expected

    assert missed(Codec.OPUS_WB, 111) < 0.5 * missed(Codec.PCMU, 0)


def test_an_echo_is_told_to_whoever_hears_it() -> None:
    """The far end sits on a table in front of its loudspeaker; only its second phone does something about that."""
    noisy, clean = echoing(Enhancement(noise=NoiseSuppression.MODERATE)), echoing(Enhancement(echo=EchoControl.FULL))
    assert noisy.echo_return_loss_db is not None
    assert noisy.echo_return_loss_db < 25
    assert clean.echo_return_loss_db is not None
    assert clean.echo_return_loss_db > 35
    assert clean.signal_dbm0 is not None
    assert -30 < clean.signal_dbm0 < -5
    assert clean.noise_dbm0 is not None
    assert clean.noise_dbm0 < clean.signal_dbm0 - 10


def echoing(enhancement: Enhancement) -> VoipMetrics:
    """What a far end that hears half of its own loudspeaker reports."""
    pair = Pair(XR)
    pair.far.device.set_enhancement(enhancement)
    pair.near.device.feed(acoustics.to_samples(acoustics.speech("demo-instruct", seconds=20)))
    on_its_way = np.zeros(2 * TICK_SAMPLES, np.int16)
    for _ in range(2000):
        pair.run(0.01)
        on_its_way = np.concatenate([on_its_way, pair.far.device.take() // 2])
        pair.far.device.feed(on_its_way[:TICK_SAMPLES])
        on_its_way = on_its_way[TICK_SAMPLES:]
    metrics = pair.near.stream.statistics().remote_metrics
    pair.close()
    assert metrics is not None
    return metrics


def test_nobody_is_told_who_did_not_ask() -> None:
    pair = Pair(PCMU)
    pair.run(15)
    statistics = pair.near.stream.statistics()
    assert statistics.rtcp_received > 0
    assert statistics.remote_metrics is None
    pair.close()


def test_wireshark_finds_nothing_wrong(tmp_path: Path) -> None:
    pair = Pair(XR, wire=lossy(1, 0.05))
    reports = []
    for _ in range(20):
        pair.near.engine.step(100)
        pair.far.engine.step(100)
        for end, other in ((pair.near, pair.far), (pair.far, pair.near)):
            packets = end.stream.pop()
            reports += [packet for packet in packets if packet[1] in range(192, 224)]
            for packet in packets:
                other.stream.push(packet)
    pair.close()
    capture = tmp_path / "rtcp.pcap"
    write_capture(capture, 50001, reports)
    dissected = tshark(capture, "-d", "udp.port==50001,rtcp", "-V")
    assert dissected.count("VoIP Metrics Report Block") >= 3
    assert "Malformed" not in dissected
    assert "Expert Info (Error" not in dissected


@pytest.mark.parametrize("far_end_stops", [False, True])
def test_our_own_silence_is_not_taken_for_the_far_ends_noise(far_end_stops: bool) -> None:
    """A room at about -30 dBov is heard, then the call is held and taken back."""
    pair = Pair(XR)
    pair.far.device.feed((1000 * np.random.default_rng(4).standard_normal(16 * RATE)).astype(np.int16))
    told = set()
    for second in range(15):
        held = 3 <= second < 6
        pair.near.stream.configure(replace(XR, receives=not held))
        pair.run(0.5)
        pair.far.stream.configure(replace(XR, sends=not (held and far_end_stops)))
        pair.run(0.5)
        metrics = pair.far.stream.statistics().remote_metrics
        told.add(None if metrics is None else metrics.noise_dbm0)
    pair.close()
    assert len(told - {None}) >= 1
    assert all(-36 < noise < -22 for noise in told if noise is not None)
