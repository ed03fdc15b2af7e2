"""Fuzz the SIP message layer: only typed errors leave it, and what was read is the same written and read again.

Run as `python tests/fuzz/fuzz_sip_message.py -max_total_time=10`; any other libFuzzer option works too.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["app.signalling"]):
    from app.settings.secret import Secret
    from app.signalling.sip.digest import Account, DigestClient
    from app.signalling.sip.digest_server import DigestServer
    from app.signalling.sip.errors import DigestError, FramingError, HeaderError, MessageError
    from app.signalling.sip.fields import Credentials
    from app.signalling.sip.message import Message, Request, Response, response_to
    from app.signalling.sip.parser import StreamFramer, parse_message

from tests.fuzz.seeded import fuzz

_TORTURE = Path(__file__).resolve().parents[1] / "signalling" / "sip" / "torture"
_SERVER = DigestServer("example.com", lambda _user: Secret("secret"), qop=("auth", "auth-int"))
_LAZY = (
    "contacts",
    "record_routes",
    "routes",
    "content_type",
    "expires",
    "reasons",
    "max_forwards",
    "challenges",
    "min_expires",
    "retry_after",
)
"""Properties that are first read when they are needed."""


def test_one_input(data: bytes) -> None:
    """Take one datagram, then the same octets as a stream in two pieces."""
    try:
        message = parse_message(data)
    except MessageError as error:
        if error.request is not None:
            response_to(error.request, error.status, error.reason, to_tag="fuzz").encode()
    else:
        _use(message)
        _write_again(message)
    _cut(data)


def _use(message: Message) -> None:
    for name in _LAZY:
        with contextlib.suppress(HeaderError):
            getattr(message, name, None)
    for value in message.headers.get_all("Authorization"):
        with contextlib.suppress(HeaderError):
            str(Credentials.parse(value)).encode("utf-8")
    for name in ("Supported", "Allow", "Require"):
        message.tokens(name)
    message.from_.display_name.encode("utf-8")
    if isinstance(message, Request):
        parse_message(response_to(message, 180, to_tag="fuzz").encode())
        _SERVER.verify(message, 0.0)
    else:
        _authenticate(message)


def _authenticate(response: Response) -> None:
    client = DigestClient(Account("user", Secret("secret")), lambda: "0a4f113b")
    request = parse_message((_TORTURE / "esc01.dat").read_bytes())
    if not isinstance(request, Request):
        raise TypeError("the seed must be a request")
    with contextlib.suppress(DigestError):
        client.learn(response, request)
        client.learn(response, client.authorize(request))
    parse_message(client.authorize(request).encode())


def _write_again(message: Message) -> None:
    again = parse_message(message.encode())
    if (again.body, again.vias, again.from_, again.to, again.cseq, again.call_id) != (
        message.body,
        message.vias,
        message.from_,
        message.to,
        message.cseq,
        message.call_id,
    ):
        raise AssertionError("a message changed when it was written and read again")


def _cut(data: bytes) -> None:
    if _frames([data]) != _frames([data[: len(data) // 2], data[len(data) // 2 :]]):
        raise AssertionError("where a stream is cut changes its messages")


def _frames(pieces: list[bytes]) -> list[bytes]:
    framer = StreamFramer()
    frames: list[bytes] = []
    with contextlib.suppress(FramingError):
        for piece in pieces:
            frames.extend(frame for frame in framer.feed(piece) if frame.strip())
    return frames


if __name__ == "__main__":
    fuzz(test_one_input, [*_TORTURE.glob("*.dat"), *Path(__file__).with_name("seeds").glob("*.sip")])
