"""Fuzz the SDP codec: whatever arrives, only `SdpError` leaves, and what was read is the same written and read again.

Run as `python tests/fuzz/fuzz_sdp.py -max_total_time=10`; any other libFuzzer option works too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.signalling", "app.model"]):
    from app.signalling.sip.errors import SdpError
    from app.signalling.sip.sdp import build_sdp, parse_sdp

from tests.fuzz.seeded import fuzz


def test_one_input(data: bytes) -> None:
    """Read one session description; write it and read it once more."""
    try:
        description = parse_sdp(data)
    except SdpError:
        return
    once = parse_sdp(build_sdp(description))
    if parse_sdp(build_sdp(once)) != once:
        raise AssertionError("a description changed when it was written and read again")
    if [(m.kind, m.port, m.codecs, m.direction) for m in once.media] != [
        (m.kind, m.port, m.codecs, m.direction) for m in description.media
    ]:
        raise AssertionError("the media of a description changed when it was written")


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.sdp"))
