"""Fuzz the summary of a mailbox: any body is refused as a `SummaryError` or tells numbers a display can show.

Run as `python tests/fuzz/fuzz_message_summary.py -max_total_time=10`; any other libFuzzer option works too.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.signalling"]):
    from app.signalling.sip.message_summary import SummaryError, parse_summary

from tests.fuzz.seeded import fuzz


def test_one_input(data: bytes) -> None:
    """Read one body."""
    with contextlib.suppress(SummaryError):
        messages = parse_summary(data, "pbx.example")
        if max(messages.new, messages.old, messages.urgent) > 10**9 or len(messages.number) > 512:
            raise AssertionError("more than a display can show")


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.summary"))
