"""The acceptance of voice: ten minutes of a bad network, of drift, and of a headset that is pulled and plugged."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tests.native.support import RATE, sine
from tests.soak.bad_call import GapMeter
from tests.soak.ten_minutes import run


def test_ten_minutes_leave_no_long_gap_and_grow_nothing() -> None:
    finding = run(10)
    print(msgspec.json.encode(finding).decode())
    assert not finding.broken
    assert finding.pulled == 10
    assert finding.growth_kb < 1024
    assert finding.lost == pytest.approx(1500, rel=0.15)


def test_silence_is_measured_across_pieces() -> None:
    meter = GapMeter()
    for piece in (sine(1000, 0.5), np.zeros(RATE // 4 + 7, np.int16), np.zeros(RATE // 8, np.int16), sine(1000, 0.5)):
        meter.add(piece)
    assert meter.longest_ms == 375.0
