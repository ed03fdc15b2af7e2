"""SIP requests and responses (RFC 3261, 7): frozen values with typed views of their header fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TypeAlias, TypeVar

import msgspec

from app.signalling.sip.errors import HeaderError
from app.signalling.sip.fields import (
    Challenge,
    ContentType,
    CSeq,
    NameAddr,
    Reason,
    RetryAfter,
    Via,
    parse_delta_seconds,
)
from app.signalling.sip.headers import Headers
from app.signalling.sip.uri import Uri

_T = TypeVar("_T")

REASON_PHRASES = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    199: "Early Dialog Terminated",
    200: "OK",
    202: "Accepted",
    204: "No Notification",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    433: "Anonymity Disallowed",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    493: "Undecipherable",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}
"""The default words of each status, from the IANA registry of response codes."""


class _Message(msgspec.Struct, frozen=True, dict=True, kw_only=True):
    """What requests and responses share.

    A property raises `HeaderError` where its field is missing or malformed; those of Via, From, To, Call-ID and
    CSeq never do on a message that `parse_message` returned.
    """

    headers: Headers
    body: bytes = b""

    @cached_property
    def call_id(self) -> str:
        """Call-ID, compared octet by octet."""
        return self.headers.single("Call-ID")

    @cached_property
    def cseq(self) -> CSeq:
        """CSeq."""
        return CSeq.parse(self.headers.single("CSeq"))

    @cached_property
    def from_(self) -> NameAddr:
        """From."""
        return NameAddr.parse(self.headers.single("From"))

    @cached_property
    def to(self) -> NameAddr:
        """To."""
        return NameAddr.parse(self.headers.single("To"))

    @cached_property
    def vias(self) -> tuple[Via, ...]:
        """All hops, the topmost first; never empty."""
        vias = tuple(Via.parse(element) for element in self.headers.get_list("Via"))
        if not vias:
            msg = "Via is missing"
            raise HeaderError(msg)
        return vias

    @property
    def top_via(self) -> Via:
        """The topmost hop."""
        return self.vias[0]

    @cached_property
    def contacts(self) -> tuple[NameAddr, ...]:
        """All Contact addresses; empty for none and for `*` (see `contact_is_star`)."""
        return () if self.contact_is_star else self.addresses("Contact")

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact address."""
        return self.contacts[0] if self.contacts else None

    @property
    def contact_is_star(self) -> bool:
        """Whether Contact is `*`, as it removes all bindings of a REGISTER (RFC 3261, 10.2.2)."""
        return self.headers.get_all("Contact") == ("*",)

    @cached_property
    def record_routes(self) -> tuple[NameAddr, ...]:
        """Record-Route in wire order."""
        return self.addresses("Record-Route")

    @cached_property
    def routes(self) -> tuple[NameAddr, ...]:
        """Route in wire order."""
        return self.addresses("Route")

    @property
    def content_type(self) -> ContentType | None:
        """The body's media type."""
        return self._optional("Content-Type", ContentType.parse)

    @property
    def expires(self) -> int | None:
        """Expires in seconds; 3600 where malformed (RFC 3261, 10.3)."""
        value = self.headers.get("Expires")
        return None if value is None else parse_delta_seconds(value, 3600)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Reason values (RFC 3326)."""
        return tuple(Reason.parse(element) for element in self.headers.get_list("Reason"))

    def addresses(self, name: str) -> tuple[NameAddr, ...]:
        """A field of addresses such as P-Asserted-Identity, Path or Service-Route, across its lines."""
        return tuple(NameAddr.parse(element) for element in self.headers.get_list(name))

    def tokens(self, name: str) -> tuple[str, ...]:
        """A field of tokens in lower case such as Allow (upper case), Supported, Require; empty elements are skipped.

        Leniency on purpose: real proxies append to these lists and leave stray commas.
        """
        values = (piece.strip(" \t") for value in self.headers.get_all(name) for piece in value.split(","))
        return tuple(value.upper() if name.lower() == "allow" else value.lower() for value in values if value)

    def _optional(self, name: str, parse: Callable[[str], _T]) -> _T | None:
        value = self.headers.get(name)
        return None if value is None else parse(value)

    def _encode(self, start_line: str) -> bytes:
        if "\r" in start_line or "\n" in start_line:
            msg = "a start line must not contain a line break"
            raise HeaderError(msg)
        lines = [start_line]
        lines += [f"{name}: {value}" for name, value in self.headers if name != "Content-Length"]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


class Request(_Message, frozen=True, dict=True):
    """A request: `Request(method, uri, headers=..., body=...)`. `uri` is a `SipUri` or, to be refused, another."""

    method: str
    uri: Uri

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards, at most 255; None where it is absent or malformed."""
        value = self.headers.get("Max-Forwards")
        if value is None or not value.isdecimal() or not value.isascii():
            return None
        return min(int(value[:20]), 255)

    def encode(self) -> bytes:
        """The request as octets, with the Content-Length its body has. Raises `HeaderError` on a line break."""
        return self._encode(f"{self.method} {self.uri} SIP/2.0")


class Response(_Message, frozen=True, dict=True):
    """A response: `Response(status, reason, headers=..., body=...)`. `reason` is text for people, valid Unicode."""

    status: int
    reason: str

    @property
    def is_provisional(self) -> bool:
        """Whether a final response is still to come."""
        return self.status < 200

    @property
    def is_success(self) -> bool:
        """Whether this is a 2xx."""
        return 200 <= self.status < 300

    @property
    def challenges(self) -> tuple[Challenge, ...]:
        """The challenges of a 401 (WWW-Authenticate) and 407 (Proxy-Authenticate), malformed ones left out."""
        name = "Proxy-Authenticate" if self.status == 407 else "WWW-Authenticate"
        found = []
        for value in self.headers.get_all(name):
            try:
                found.append(Challenge.parse(value))
            except HeaderError:
                continue
        return tuple(found)

    @property
    def min_expires(self) -> int | None:
        """Min-Expires of a 423, in seconds."""
        value = self.headers.get("Min-Expires")
        return None if value is None else parse_delta_seconds(value, 3600)

    @property
    def retry_after(self) -> RetryAfter | None:
        """Retry-After."""
        return self._optional("Retry-After", RetryAfter.parse)

    def encode(self) -> bytes:
        """The response as octets, with the Content-Length its body has. Raises `HeaderError` on a line break."""
        return self._encode(f"SIP/2.0 {self.status} {self.reason}")


Message: TypeAlias = Request | Response


def response_to(
    request: Request,
    status: int,
    reason: str | None = None,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """Build a response as RFC 3261, 8.2.6 wants it, from a whole request or the skeleton in a `MessageError`.

    Via, From, Call-ID and CSeq are copied as they came; To gets `to_tag` where it has none and the status is above
    100; Record-Route is copied into 101 to 299 (12.1.1), Timestamp into 100. `headers` follow.
    """
    wanted = {"Via", "From", "To", "Call-ID", "CSeq"}
    if status == 100:
        wanted.add("Timestamp")
    elif status < 300:
        wanted.add("Record-Route")
    copied = Headers((item for item in request.headers if item[0] in wanted), checked=True)
    to = copied.get("To")
    if to is not None and to_tag is not None and status > 100:
        copied = copied.replace_first("To", _tagged(to, to_tag))
    phrase = REASON_PHRASES.get(status, "") if reason is None else reason
    built = Headers((*copied, *Headers(headers)), checked=True)
    return Response(status, phrase, headers=built, body=body)


def _tagged(to: str, tag: str) -> str:
    """A To value with a tag, byte for byte otherwise; one that cannot be read is left alone."""
    try:
        parsed = NameAddr.parse(to)
    except HeaderError:
        return to
    return to if parsed.tag is not None else f"{to};tag={tag}"
