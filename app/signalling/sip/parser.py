"""From octets to messages: one datagram, or a stream cut into messages (RFC 3261, 7 and 18.3).

Nothing is believed before it is checked: sizes, counts and the fields every message must carry. What a request
gets wrong becomes a `MessageError` that says which status to answer; what a response gets wrong is never answered.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from app.signalling.sip.errors import FramingError, HeaderError, MessageError, UriError
from app.signalling.sip.fields import Via, valid_unicode
from app.signalling.sip.headers import Headers, canonical_name
from app.signalling.sip.message import Message, Request, Response
from app.signalling.sip.uri import AbsoluteUri, Uri, parse_uri

MAX_MESSAGE = 65536
MAX_LINE = 8192
MAX_HEADERS = 256

PING = b"\r\n\r\n"
PONG = b"\r\n"

_REQUEST_LINE = re.compile(r"([A-Za-z0-9.!%*_+`'~-]+) ([^ \t\r\n]+) SIP/([0-9]+\.[0-9]+)", re.IGNORECASE)
_STATUS_LINE = re.compile(r"SIP/([0-9]+\.[0-9]+) ([1-6][0-9]{2})(?: ([^\r\n]*))?", re.IGNORECASE)
_FOLD = re.compile(r"\r\n[ \t]+")
_METHOD = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_STREAM_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:(?:[ \t]|\r\n[ \t])*([^\r\n]*)", re.IGNORECASE)
_ONCE = frozenset({"Call-ID", "Content-Length", "Content-Type", "CSeq", "Expires", "From", "Max-Forwards", "To"})
_MAGIC_COOKIE = "z9hG4bK"
_UNREADABLE = AbsoluteUri("invalid", "")


class _Refusal(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def parse_message(data: bytes) -> Message:
    """Read one message; octets after the body that Content-Length announces are dropped (RFC 3261, 18.3).

    Raises `MessageError`, and nothing else, whatever `data` is.
    """
    try:
        if len(data) > MAX_MESSAGE:
            raise _Refusal(513, "Message Too Large")
        return _parse(data)
    except (HeaderError, UriError) as error:
        raise MessageError(400, f"Bad Request - {error}", _skeleton(data)) from error
    except _Refusal as refusal:
        raise MessageError(refusal.status, refusal.reason, _skeleton(data)) from refusal


def _parse(data: bytes) -> Message:
    head, blank_line, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not blank_line:
        raise _Refusal(400, "Bad Request - no empty line after the header fields")
    lines = _lines(head)
    headers = _headers(lines)
    body = _body(headers, body)
    if lines[0][:4].upper() == "SIP/":
        return _response(lines[0], headers, body)
    return _request(lines[0], headers, body)


def _lines(head: bytes) -> list[str]:
    text = head.decode("utf-8", "surrogateescape")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n")
    breaks = len(lines) - 1
    if text.count("\r") != breaks or text.count("\n") != breaks:
        raise _Refusal(400, "Bad Request - a line must end in CR LF")
    if len(lines) > MAX_HEADERS + 1:
        raise _Refusal(400, "Bad Request - too many header fields")
    if len(lines[0]) > MAX_LINE:
        raise _Refusal(414, "Request-URI Too Long")
    if len(text) > MAX_LINE and max(map(len, lines)) > MAX_LINE:
        raise _Refusal(400, "Bad Request - a header field is too long")
    return lines


def _headers(lines: list[str]) -> Headers:
    items = []
    seen: set[str] = set()
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise _Refusal(400, "Bad Request - a header field without a colon")
        name = canonical_name(name.rstrip(" \t"))
        if name in _ONCE:
            if name in seen:
                raise _Refusal(400, f"Bad Request - {name} appears twice")
            seen.add(name)
        items.append((name, value.strip(" \t")))
    return Headers(items, checked=True)


def _body(headers: Headers, body: bytes) -> bytes:
    announced = headers.get("Content-Length")
    if announced is None:
        return body
    if not announced.isdecimal() or not announced.isascii() or len(announced) > 10:
        raise _Refusal(400, "Bad Request - Content-Length must be a number")
    length = int(announced)
    if length > len(body):
        raise _Refusal(400, "Bad Request - the body is shorter than Content-Length")
    return body[:length]


def _request(line: str, headers: Headers, body: bytes) -> Request:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise _Refusal(400, "Bad Request - a request line must be method, URI and SIP/2.0")
    if match[3] != "2.0":
        raise _Refusal(505, "Version Not Supported")
    uri = parse_uri(match[2])
    if not isinstance(uri, AbsoluteUri) and uri.headers:
        raise _Refusal(400, "Bad Request - a Request-URI must not carry headers")
    request = Request(match[1], uri, headers=headers, body=body)
    _check_common(request)
    if request.cseq.method != request.method:
        raise _Refusal(400, "Bad Request - CSeq names another method")
    if request.max_forwards is None and "Max-Forwards" in headers:
        raise _Refusal(400, "Bad Request - Max-Forwards must be a number up to 255")
    if request.top_via.branch == _MAGIC_COOKIE:
        raise _Refusal(400, "Bad Request - the branch is empty after its magic cookie")
    # A dialog is built from these, so it must not be begun where they cannot be read.
    _ = request.contacts, request.record_routes
    return request


def _response(line: str, headers: Headers, body: bytes) -> Response:
    match = _STATUS_LINE.fullmatch(line)
    if match is None or match[1] != "2.0":
        raise _Refusal(400, "Bad Request - a status line must be SIP/2.0, a status and a reason")
    response = Response(int(match[2]), valid_unicode(match[3] or ""), headers=headers, body=body)
    _check_common(response)
    return response


def _check_common(message: Message) -> None:
    """Read what every message must carry (RFC 3261, 8.1.1), which also keeps the typed values for later."""
    _ = message.vias, message.from_, message.to, message.cseq
    if not message.call_id:
        raise _Refusal(400, "Bad Request - Call-ID is empty")


def _skeleton(data: bytes) -> Request | None:
    """As much of a broken request as an answer needs, or None where nobody can or may be answered."""
    head = data[:MAX_MESSAGE].lstrip(b"\r\n").partition(b"\r\n\r\n")[0]
    text = _FOLD.sub(" ", head.decode("utf-8", "surrogateescape"))
    start, *lines = re.split(r"[\r\n]+", text)
    method = _METHOD.match(start)
    if method is None or start[:4].upper() == "SIP/" or method[0] == "ACK":
        return None
    items = []
    for line in lines[:MAX_HEADERS]:
        name, colon, value = line.partition(":")
        try:
            if colon and len(value) <= MAX_LINE:
                items.append((canonical_name(name.rstrip(" \t")), value.strip(" \t")))
        except HeaderError:
            continue
    headers = _with_readable_via(Headers(items, checked=True))
    return None if headers is None else Request(method[0], _readable_uri(start), headers=headers)


def _with_readable_via(headers: Headers) -> Headers | None:
    """Headers whose Via says where to answer, cut down to its first hop where the rest cannot be read."""
    with contextlib.suppress(HeaderError):
        if [Via.parse(element) for element in headers.get_list("Via")]:
            return headers
    try:
        return headers.set("Via", Via.parse(re.split("[;,]", headers.get("Via") or "")[0]))
    except HeaderError:
        return None


def _readable_uri(start_line: str) -> Uri:
    try:
        return parse_uri(start_line.split(" ")[1])
    except (IndexError, UriError):
        return _UNREADABLE


class StreamFramer:
    """Cuts the bytes of one TCP or TLS connection into messages (RFC 3261, 18.3; RFC 5626, 4.4.1).

    Not safe for several threads; one framer serves one connection.
    """

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._scanned = 0
        self._crlf_pending = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what was received; yield whole messages for `parse_message`, and `PING` and `PONG` between them.

        A CRLF alone is a `PONG` at once; when another follows, that one makes it a `PING` to be answered with CRLF.
        Raises `FramingError`, after the messages before it, when the stream cannot be cut any further: a message
        over the limit, or a Content-Length that is missing, doubled or no number.
        """
        self._buffer += data
        while self._buffer:
            frame = self._keep_alive() if self._buffer[0] in b"\r\n" else self._message()
            if frame is None:
                return
            yield frame

    def _keep_alive(self) -> bytes | None:
        if self._buffer.startswith(PING):
            del self._buffer[:4]
            self._crlf_pending = False
            return PING
        if self._buffer.startswith(PONG):
            del self._buffer[:2]
            self._crlf_pending = not self._crlf_pending
            return PONG if self._crlf_pending else PING
        if self._buffer != b"\r":
            msg = "a line break that is not CR LF stands between messages"
            raise FramingError(msg)
        return None

    def _message(self) -> bytes | None:
        self._crlf_pending = False
        end = self._buffer.find(b"\r\n\r\n", self._scanned)
        if end < 0:
            self._scanned = max(0, len(self._buffer) - 3)
            if len(self._buffer) > self._limit:
                msg = f"no message of up to {self._limit} octets has ended"
                raise FramingError(msg)
            return None
        total = end + 4 + _announced_length(bytes(self._buffer[: end + 2]))
        if total > self._limit:
            msg = f"a message of {total} octets is over the limit of {self._limit}"
            raise FramingError(msg)
        if len(self._buffer) < total:
            self._scanned = end
            return None
        frame = bytes(self._buffer[:total])
        del self._buffer[:total]
        self._scanned = 0
        return frame


def _announced_length(head: bytes) -> int:
    values = [value.strip() for value in _STREAM_LENGTH.findall(head)]
    if len(values) != 1 or not values[0].isdigit() or len(values[0]) > 10:
        msg = "a message on a stream must carry one Content-Length that is a number"
        raise FramingError(msg)
    return int(values[0])
