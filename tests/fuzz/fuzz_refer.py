"""Fuzz what REFER, its NOTIFYs and Replaces say: refused as the errors they may raise, or the same again as text.

Run as `python tests/fuzz/fuzz_refer.py -max_total_time=10`; any other libFuzzer option works too. The input is header
fields, an empty line and a body.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.signalling"]):
    from app.signalling.sip.errors import HeaderError, MessageError
    from app.signalling.sip.message import Request
    from app.signalling.sip.parser import parse_message
    from app.signalling.sip.refer import Progress, Referral, ReferRefused, event_of
    from app.signalling.sip.replaces import Replaces
    from app.signalling.sip.uri import SipUri, parse_uri

from tests.fuzz.seeded import fuzz

_HEAD = (
    b"REFER sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
    b"Call-ID: c\r\nCSeq: 1 REFER\r\nMax-Forwards: 70\r\n"
)


def test_one_input(data: bytes) -> None:
    """Read one message in each of the three ways."""
    try:
        message = parse_message(_HEAD + data)
    except MessageError:
        return
    if not isinstance(message, Request):
        return
    event_of(message)
    with contextlib.suppress(ReferRefused):
        for _, value in Referral.parse(message).headers:
            if "\r" in value or "\n" in value:
                raise AssertionError("a line break in a header field")
    with contextlib.suppress(HeaderError):
        Progress.parse(message)
    with contextlib.suppress(HeaderError):
        _again(Replaces.in_request(message))


def _again(replaces: Replaces | None) -> None:
    """What was read can be written, into a header field and into a URI."""
    if replaces is None or not str(replaces).isascii():
        return
    uri = parse_uri(str(replaces.added_to(SipUri("b", user="a"))))
    if not isinstance(uri, SipUri) or Replaces.in_uri(uri) != replaces or Replaces.parse(str(replaces)) != replaces:
        raise AssertionError("Replaces is another after writing")


if __name__ == "__main__":
    fuzz(test_one_input, Path(__file__).with_name("seeds").glob("*.refer"))
