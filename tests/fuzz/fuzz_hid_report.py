"""Fuzz what a USB headset says of itself: its descriptor is read or refused, and so is each of its reports.

Run as `python tests/fuzz/fuzz_hid_report.py -max_total_time=10`; any other libFuzzer option works too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["hal.linux.hid_report", "hal.linux.headset_controls", "hal.headset_link"]):
    from hal.headset_link import HeadsetLink
    from hal.linux.headset_controls import CONTROLS, LAMPS, controls_of

from hal.errors import DescriptorInvalid
from tests.fuzz.seeded import fuzz

REPORT = 8
"""The last so many bytes of an input are a report, the others the descriptor."""


def test_one_input(data: bytes) -> None:
    """Plug a device in, press what it reports, and light it."""
    try:
        found = controls_of(data[:-REPORT], 0x047F)
    except DescriptorInvalid:
        return
    if found is None:
        return
    link = HeadsetLink(found.traits)
    for now, (usage, on) in enumerate(found.layout.read(data[-REPORT:]).items()):
        link.moved(CONTROLS[usage], now, down=on)
    for report in found.layout.write(LAMPS):
        if len(report) != 1 + found.layout.output_bytes[report[0]]:
            raise AssertionError("a report of another size than the descriptor's")


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.hid"))
