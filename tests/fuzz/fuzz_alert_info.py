"""Fuzz the choice of a ring tone by Alert-Info and caller: whatever a PBX writes, some tone of the list rings.

Run as `python tests/fuzz/fuzz_alert_info.py -max_total_time=10`; any other libFuzzer option works too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.media.alert_info", "app.media.ring_choice"]):
    from app.media import alert_info
    from app.media.ring_choice import RingSettings, choose

from app.model.media import RING_TONES, Ring
from tests.fuzz.seeded import fuzz

SETTINGS = RingSettings(callers=(("+49*", "harp"), ("2??", "bells")))


def test_one_input(data: bytes) -> None:
    """Read one header, and ring for one call."""
    header, _, number = data.decode(errors="replace").partition("\n")
    if len(alert_info.read(header)) > alert_info.LONGEST:
        raise AssertionError("more wishes than characters that are looked at")
    if choose(Ring(header, number), SETTINGS) not in RING_TONES:
        raise AssertionError("a ring tone that is not in the list")


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.alert"))
