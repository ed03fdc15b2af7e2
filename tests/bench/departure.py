"""How far RTP packets left from when they should have, judged from outside."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from tests.bench.far_end import Heard

CLOCK_RATE = 8000
WINDOW = 500
"""Packets that share one idea of the sender's schedule: 10 s at 20 ms."""
WARM_UP = 100
"""Packets at a call's beginning that are not counted: 2 s at 20 ms."""


@dataclasses.dataclass(frozen=True)
class Departures:
    """The departure error of each packet in milliseconds, and what went missing or came twice."""

    error_ms: npt.NDArray[np.float64]
    lost: int
    duplicate: int

    def percentile(self, share: float) -> float:
        """The error that this share (in percent) of the packets stays within."""
        return float(np.percentile(self.error_ms, share))


def departures(heard: Heard, payload_type: int = 0) -> Departures:
    """The departure errors of the busiest SSRC's packets.

    A packet's place in the schedule is its RTP timestamp. The schedule's beginning and the difference of the
    clocks are not known outside, so that for each packet the 1st percentile of (arrival - timestamp) of the
    10 s around it stands for "on time"; the error is the distance from there. A sender that drifts or begins a
    new schedule is thereby judged mildly, and one that is late throughout by a constant is on time.
    """
    chosen = heard.payload_type == payload_type
    if not chosen.any():
        return Departures(np.empty(0), 0, 0)
    values, counts = np.unique(heard.ssrc[chosen], return_counts=True)
    chosen &= heard.ssrc == values[np.argmax(counts)]
    sequence = _unwrap(heard.sequence[chosen], 16)[WARM_UP:]
    timestamp = _unwrap(heard.timestamp[chosen], 32)[WARM_UP:]
    arrival_ms = heard.arrival_ns[chosen][WARM_UP:] / 1e6
    _, first = np.unique(sequence, return_index=True)
    offset = (arrival_ms - arrival_ms[0] - (timestamp - timestamp[0]) * (1000 / CLOCK_RATE))[first]
    lost = int(sequence.max() - sequence.min() + 1 - len(first))
    return Departures(np.abs(offset - _on_time(offset)), lost, len(sequence) - len(first))


def join(parts: list[Departures]) -> Departures:
    """Several runs as one."""
    errors = np.concatenate([part.error_ms for part in parts])
    return Departures(errors, sum(part.lost for part in parts), sum(part.duplicate for part in parts))


def _on_time(offset: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    width = min(WINDOW, len(offset))
    windows = np.lib.stride_tricks.sliding_window_view(offset, width)
    low = np.percentile(windows, 1, axis=1)
    before = (width - 1) // 2
    return np.pad(low, (before, width - 1 - before), mode="edge")


def _unwrap(values: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.int64]:
    """Undo the wrap-around of a counter of so many bits."""
    period = 1 << bits
    steps = (np.diff(values) + period // 2) % period - period // 2
    return np.concatenate([values[:1], values[0] + np.cumsum(steps)])
