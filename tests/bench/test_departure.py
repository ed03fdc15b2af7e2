"""The judge of RTP departures, on schedules whose errors are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tests.bench.departure import WARM_UP, departures
from tests.bench.far_end import Heard

COUNT = 3000


def heard(late_ms: npt.NDArray[np.float64], keep: npt.NDArray[np.bool_] | None = None, first: int = 65000) -> Heard:
    """A sender that is late by so much at each packet; its counters wrap around early."""
    index = np.arange(len(late_ms))
    chosen = np.ones(len(late_ms), dtype=bool) if keep is None else keep
    arrival = 10**18 + index * 20_000_000 + np.round(late_ms * 1e6).astype(np.int64)
    return Heard(
        arrival_ns=arrival[chosen],
        sequence=((first + index) % (1 << 16))[chosen],
        timestamp=(((1 << 32) - 1600 + index * 160) % (1 << 32))[chosen],
        payload_type=np.zeros(len(late_ms), dtype=np.int64)[chosen],
        ssrc=np.full(len(late_ms), 7)[chosen],
    )


def test_a_perfect_sender_has_no_error() -> None:
    found = departures(heard(np.zeros(COUNT)))
    assert len(found.error_ms) == COUNT - WARM_UP
    assert found.percentile(100) < 0.001
    assert (found.lost, found.duplicate) == (0, 0)


def test_each_late_packet_counts() -> None:
    late = np.zeros(COUNT)
    late[::100] = 5.0
    found = departures(heard(late))
    assert found.percentile(100) == pytest.approx(5.0, abs=0.01)
    assert np.count_nonzero(found.error_ms > 4.9) == (COUNT - WARM_UP) // 100
    assert found.percentile(50) < 0.01


def test_a_constant_delay_and_a_slow_drift_are_no_error() -> None:
    drift = 30.0 + np.arange(COUNT, dtype=np.float64) * 20 * 100e-6  # 100 ppm
    assert departures(heard(drift)).percentile(100) < 1.1  # a window of 10 s drifts by 1 ms
    assert departures(heard(np.full(COUNT, 30.0))).percentile(100) < 0.001


def test_the_beginning_is_not_counted() -> None:
    late = np.zeros(COUNT)
    late[: WARM_UP // 2] = 40.0
    assert departures(heard(late)).percentile(100) < 0.001


def test_lost_and_doubled_packets_are_counted_across_the_wrap() -> None:
    keep = np.ones(COUNT, dtype=bool)
    keep[[600, 601, 900]] = False
    assert departures(heard(np.zeros(COUNT), keep)).lost == 3
    whole = heard(np.zeros(COUNT))
    doubled = Heard(
        *(np.insert(getattr(whole, name), 700, getattr(whole, name)[700]) for name in Heard.__annotations__)
    )
    assert departures(doubled).duplicate == 1


def test_another_payload_type_is_left_out() -> None:
    assert len(departures(heard(np.zeros(COUNT)), payload_type=8).error_ms) == 0
