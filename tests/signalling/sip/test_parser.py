"""Datagrams and streams beyond the torture tests: limits, framing, keep-alives, arbitrary octets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.signalling.sip.errors import FramingError, MessageError
from app.signalling.sip.message import Request, Response, response_to
from app.signalling.sip.parser import MAX_HEADERS, MAX_LINE, MAX_MESSAGE, PING, PONG, StreamFramer, parse_message

HEAD = (
    b"OPTIONS sip:bob@example.com SIP/2.0\r\n"
    b"Via: SIP/2.0/TCP host;branch=z9hG4bK1\r\n"
    b"From: <sip:alice@example.com>;tag=1\r\n"
    b"To: <sip:bob@example.com>\r\n"
    b"Call-ID: 1@host\r\n"
    b"CSeq: 1 OPTIONS\r\n"
)
MESSAGE = HEAD + b"Content-Length: 4\r\n\r\nbody"


def refusal(data: bytes) -> MessageError:
    with pytest.raises(MessageError) as refused:
        parse_message(data)
    return refused.value


def test_a_datagram_without_content_length_is_body_to_its_end() -> None:
    assert parse_message(HEAD + b"\r\nall of it").body == b"all of it"


def test_line_breaks_before_the_start_line_are_skipped() -> None:
    assert parse_message(b"\r\n\r\n" + MESSAGE).body == b"body"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (MESSAGE[:-1], 400),
        (HEAD, 400),
        (HEAD + b"Subject\r\n\r\n", 400),
        (HEAD + b"Bad Name: x\r\n\r\n", 400),
        (HEAD + b"Subject: a\nEvil: b\r\n\r\n", 400),
        (HEAD + b"Subject: a\rEvil: b\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1e1\r\n\r\n", 400),
        (HEAD + "Content-Length: \u0661\r\n\r\n".encode(), 400),
        (HEAD + b"Max-Forwards: 70x\r\n\r\n", 400),
        (HEAD + b"Call-ID: 2@host\r\n\r\n", 400),
        (HEAD + b"Contact: *, <sip:a@b>\r\n\r\n", 400),
        (HEAD + b"Record-Route: <sip:a;lr\r\n\r\n", 400),
        (HEAD.replace(b"Call-ID: 1@host", b"Call-ID: ") + b"\r\n", 400),
        (HEAD.replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 options") + b"\r\n", 400),
        (HEAD.replace(b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia") + b"\r\n", 505),
        (HEAD.replace(b"bob@", b"b" * MAX_LINE + b"@", 1) + b"\r\n", 414),
        (HEAD + b"Subject: " + b"s" * MAX_LINE + b"\r\n\r\n", 400),
        (HEAD + b"a: b\r\n" * MAX_HEADERS + b"\r\n", 400),
        (HEAD + b"\r\n" + b"x" * MAX_MESSAGE, 513),
    ],
)
def test_broken_and_oversized_requests_can_be_answered(data: bytes, status: int) -> None:
    error = refusal(data)
    assert error.status == status
    assert error.request is not None
    answer = response_to(error.request, error.status, error.reason, to_tag="t").encode()
    assert answer.startswith(f"SIP/2.0 {status} ".encode())
    assert b"\r\nVia: SIP/2.0/TCP host;branch=z9hG4bK1\r\n" in answer


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"\0" * 40,
        b"hello",
        MESSAGE.replace(b"OPTIONS", b"ACK", 1),
        MESSAGE.replace(b"Via: SIP/2.0/TCP host;branch=z9hG4bK1\r\n", b""),
        MESSAGE.replace(b"Via: SIP/2.0/TCP host", b"Via: nonsense"),
        MESSAGE.replace(b"OPTIONS sip:bob@example.com SIP/2.0", b"SIP/2.0 2000 OK"),
        MESSAGE.replace(b"OPTIONS sip:bob@example.com SIP/2.0", b"SIP/2.0 099 OK"),
    ],
)
def test_what_cannot_or_must_not_be_answered(data: bytes) -> None:
    assert refusal(data).request is None


def test_a_status_line_may_end_after_its_status() -> None:
    message = parse_message(MESSAGE.replace(b"OPTIONS sip:bob@example.com SIP/2.0", b"SIP/2.0 200"))
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (200, "")


def test_octets_that_are_no_utf8_go_out_as_they_came() -> None:
    data = HEAD + b"Subject: caf\xe9\r\nContent-Length: 0\r\n\r\n"
    assert parse_message(data).encode() == data


@given(st.binary(max_size=300))
def test_nothing_but_a_message_error_leaves(data: bytes) -> None:
    for candidate in (data, HEAD + data, HEAD + b"\r\n" + data, MESSAGE[: len(data)] + data):
        try:
            message = parse_message(candidate)
        except MessageError as error:
            if error.request is not None:
                response_to(error.request, error.status, error.reason).encode()
            continue
        assert parse_message(message.encode()).body == message.body


@given(st.lists(st.integers(1, 40), max_size=12))
def test_a_stream_may_be_cut_anywhere(sizes: list[int]) -> None:
    stream = MESSAGE + PING + MESSAGE + PONG + MESSAGE
    framer, frames = StreamFramer(), []
    for size in (*sizes, len(stream)):
        piece, stream = stream[:size], stream[size:]
        frames += list(framer.feed(piece))
    assert [frame for frame in frames if frame.strip()] == [MESSAGE] * 3
    assert frames.count(PING) == 1


def test_keep_alives() -> None:
    framer = StreamFramer()
    assert list(framer.feed(b"\r\n\r\n")) == [PING]
    assert list(framer.feed(b"\r\n")) == [PONG]
    assert list(framer.feed(b"\r")) == []
    assert list(framer.feed(b"\n")) == [PING]
    assert list(framer.feed(b"\r\n" + MESSAGE + b"\r\n")) == [PONG, MESSAGE, PONG]


@pytest.mark.parametrize(
    "length", [b"", b"Content-Length: -1\r\n", b"Content-Length: x\r\n", b"l: 1\r\nContent-Length: 1\r\n"]
)
def test_a_stream_that_cannot_be_cut_ends(length: bytes) -> None:
    framer = StreamFramer()
    frames = framer.feed(MESSAGE + HEAD + length + b"\r\n")
    assert next(frames) == MESSAGE
    with pytest.raises(FramingError):
        next(frames)


def test_a_folded_length_counts() -> None:
    data = HEAD + b"content-length :\r\n 4\r\n\r\nbody"
    assert list(StreamFramer().feed(data)) == [data]
    assert parse_message(data).body == b"body"


def test_a_stream_has_limits() -> None:
    with pytest.raises(FramingError):
        list(StreamFramer(limit=100).feed(b"a" * 101))
    with pytest.raises(FramingError):
        list(StreamFramer(limit=1000).feed(HEAD + b"Content-Length: 1000\r\n\r\n"))
    with pytest.raises(FramingError):
        list(StreamFramer().feed(b"\n"))


def test_the_worst_message_is_read_within_a_few_milliseconds(worst_messages: dict[str, bytes]) -> None:
    assert all(len(data) <= MAX_MESSAGE for data in worst_messages.values())
    for data in worst_messages.values():
        try:
            message = parse_message(data)
        except MessageError:
            continue
        assert isinstance(message, Request)


@pytest.fixture
def worst_messages() -> dict[str, bytes]:
    """Messages of almost 64 KiB that would take seconds if any step were quadratic; pytest's time-out judges."""

    def lists(name: bytes, element: bytes) -> bytes:
        line = name + b": " + b",".join([element] * (7900 // (len(element) + 1))) + b"\r\n"
        return HEAD + line * (60000 // len(line)) + b"\r\n"

    return {
        "vias": lists(b"Via", b"SIP/2.0/UDP a"),
        "contacts": lists(b"Contact", b"<sip:a>"),
        "spaces": HEAD + b"X: a\r\n b" + b" " * 60000 + b"\r\n\r\n",
        "folds": HEAD + b"X: a" + b"\r\n " * 20000 + b"\r\n\r\n",
        "quotes": HEAD + b"Contact: " + b'"' * 8000 + b"\r\n\r\n",
        "escapes": HEAD + b'Contact: "' + b'\\"' * 4000 + b"\r\n\r\n",
        "parameters": HEAD + b"Contact: <sip:a>" + b";a" * 4000 + b"\r\n\r\n",
        "names": HEAD + b"a:b\r\n" * 12000 + b"\r\n",
    }
