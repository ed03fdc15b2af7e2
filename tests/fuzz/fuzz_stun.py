"""Fuzz the STUN codec: whatever arrives, only `StunMalformed` leaves, and what was read can be written and read again.

Run as `python tests/fuzz/fuzz_stun.py -max_total_time=10`; any other libFuzzer option works too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.media.ice"]):
    from app.media.ice import stun
    from app.media.ice.errors import StunMalformed

from tests.fuzz.seeded import fuzz

KEY = b"a key"


def test_one_input(data: bytes) -> None:
    """Read one message, ask for everything in it, write it and read it once more."""
    try:
        message = stun.parse(data)
    except StunMalformed:
        return
    for attribute in stun.Attribute:
        message.address(attribute)
        message.number(attribute)
        message.text(attribute)
    if message.signed_by(KEY):
        raise AssertionError("a message was signed by a key that its writer cannot know")
    refusal = message.refusal
    if refusal is not None and not 300 <= refusal.code <= 699:
        raise AssertionError("a code outside of RFC 8489, 14.8")
    full = len(data) > stun.MESSAGE_BYTES_MAX - 64 or len(message.attributes) > stun.ATTRIBUTES_MAX - 2
    if message.method not in set(stun.Method) or full:  # integrity and fingerprint come with what is written
        return
    written = stun.build(stun.Method(message.method), message.kind, message.transaction, message.attributes, KEY)
    again = stun.parse(written)
    if again.attributes != message.attributes or not again.signed_by(KEY):
        raise AssertionError("a message changed when it was written and read again")


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.stun"))
