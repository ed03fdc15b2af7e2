"""Typed values of single header fields, each with its grammar (RFC 3261, 25.1) and its text form.

Every `parse` takes one element of a field, without line breaks, and raises `HeaderError`; `str()` gives it back.
"""

from __future__ import annotations

import functools
import re

import msgspec

from app.signalling.sip.errors import HeaderError, UriError
from app.signalling.sip.headers import KEPT, split_list
from app.signalling.sip.uri import (
    Parameters,
    SipUri,
    Uri,
    find_parameter,
    format_host_port,
    parse_host,
    parse_port,
    parse_uri,
)

MAX_CSEQ = 2**31 - 1
"""The largest sequence number (RFC 3261, 8.1.1.5)."""

_TOKEN_CLASS = r"A-Za-z0-9.!%*_+`'~\-"  # noqa: S105 - the grammar's word for a run of characters
_TOKEN = re.compile(rf"[{_TOKEN_CLASS}]+")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_QUOTED_STRING = re.compile(_QUOTED, re.DOTALL)
_PARAMETER = re.compile(
    rf"""[ \t]*;[ \t]*([{_TOKEN_CLASS}]+)[ \t]*(?:=[ \t]*({_QUOTED}|[^\x00-\x20\x7f-\U0010ffff;,"<>]+)[ \t]*)?""",
    re.DOTALL,
)
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9.!%*_+`'~:\[\]-]+")
_BARE_VALUE = re.compile(r"[!#-~]*")
_VIA = re.compile(
    rf"SIP[ \t]*/[ \t]*[0-9.]+[ \t]*/[ \t]*([{_TOKEN_CLASS}]+)[ \t]+"
    r"(?:([A-Za-z0-9_.-]+)|\[([0-9A-Fa-f:.]+)\])[ \t]*(?::[ \t]*([0-9]{1,5}))?[ \t]*",
    re.IGNORECASE,
)
_NAME_ADDR = re.compile(rf"""(?:({_QUOTED})[ \t]*|([^\x00-\x08\x0a-\x1f\x7f"<>,;:@\\]*))<([^<> \t]*)>""", re.DOTALL)
"""A bare display name may hold more than tokens, because phones in the field write names in UTF-8 unquoted."""

_ADDR_SPEC = re.compile(r"[^ \t;,?<>\"]+")
_CSEQ = re.compile(rf"([0-9]{{1,20}})[ \t]+([{_TOKEN_CLASS}]+)")
_MEDIA_TYPE = re.compile(rf"([{_TOKEN_CLASS}]+)[ \t]*/[ \t]*([{_TOKEN_CLASS}]+)")
_RETRY_AFTER = re.compile(r"([0-9]{1,10})[ \t]*(\((?:[^()\\]|\\.)*\))?")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Via(msgspec.Struct, frozen=True):
    """One hop of a Via (RFC 3261, 20.42; RFC 3581): `transport` in upper case, `host` and `port` as sent-by.

    Any version is read, so that a message of another one can be answered 505; 2.0 is written.
    """

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = ()

    @staticmethod
    def parse(text: str) -> Via:
        """Read one Via element."""
        return _parse_via(text)

    def __str__(self) -> str:
        sent_by = format_host_port(self.host, self.port)
        return f"SIP/2.0/{self.transport} {sent_by}{format_parameters(self.parameters)}"

    @property
    def branch(self) -> str | None:
        """The transaction's name; None in a request of RFC 2543's age."""
        return find_parameter(self.parameters, "branch")

    @property
    def received(self) -> str | None:
        """The address the request really came from, where it differs from the host."""
        return find_parameter(self.parameters, "received")

    @property
    def rport(self) -> int | None:
        """The port the request really came from, None where unknown or only asked for (RFC 3581)."""
        value = find_parameter(self.parameters, "rport")
        return int(value) if value and value.isdecimal() and value.isascii() and len(value) <= 5 else None

    @property
    def wants_rport(self) -> bool:
        """Whether the sender asks for answers to the port it sent from (RFC 3581, 4)."""
        return find_parameter(self.parameters, "rport") is not None

    def parameter(self, name: str) -> str | None:
        """The value of a parameter, "" where it has none, None where it is absent. `name` is in lower case."""
        return find_parameter(self.parameters, name)

    def with_source(self, address: str, port: int) -> Via:
        """The same hop as a server stamps it on arrival: `received`, and `rport` where asked for (RFC 3581, 4)."""
        kept = [item for item in self.parameters if item[0] not in ("received", "rport")]
        if self.wants_rport:
            kept += [("received", address), ("rport", str(port))]
        elif address != self.host:
            kept.append(("received", address))
        return Via(self.transport, self.host, self.port, tuple(kept))


class NameAddr(msgspec.Struct, frozen=True):
    """An address with a name, as in From, To, Contact, Route and P-Asserted-Identity.

    `display_name` is text for people: unescaped, always valid Unicode.
    """

    uri: Uri
    display_name: str = ""
    parameters: Parameters = ()

    @staticmethod
    def parse(text: str) -> NameAddr:
        """Read `"name" <uri>;parameters` or `uri;parameters`."""
        return _parse_name_addr(text)

    def __str__(self) -> str:
        display = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{display}<{self.uri}>{format_parameters(self.parameters)}"

    @property
    def sip_uri(self) -> SipUri:
        """The address as a sip, sips or tel URI. Raises `HeaderError` where it is of another scheme."""
        if isinstance(self.uri, SipUri):
            return self.uri
        msg = f"the phone cannot reach a {self.uri.scheme} address"
        raise HeaderError(msg)

    @property
    def tag(self) -> str | None:
        """The dialog tag of a From or To."""
        return find_parameter(self.parameters, "tag") or None

    @property
    def expires(self) -> int | None:
        """A Contact's own lifetime in seconds; None where absent, 3600 where malformed (RFC 3261, 10.3)."""
        value = find_parameter(self.parameters, "expires")
        return None if value is None else parse_delta_seconds(value, 3600)

    @property
    def q(self) -> float:
        """A Contact's preference between 0 and 1; 1 where absent or malformed."""
        value = find_parameter(self.parameters, "q") or "1"
        return float(value) if re.fullmatch(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", value) else 1.0

    def parameter(self, name: str) -> str | None:
        """The value of a parameter, "" where it has none, None where it is absent. `name` is in lower case."""
        return find_parameter(self.parameters, name)

    def with_parameter(self, name: str, value: str | None) -> NameAddr:
        """The same address with one parameter set, all others kept."""
        kept = tuple(item for item in self.parameters if item[0] != name)
        return NameAddr(self.uri, self.display_name, (*kept, (name, value)))


class CSeq(msgspec.Struct, frozen=True):
    """A sequence number below 2**31 and its method (RFC 3261, 20.16)."""

    number: int
    method: str

    @staticmethod
    def parse(text: str) -> CSeq:
        """Read `number method`."""
        return _parse_cseq(text)

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


class ContentType(msgspec.Struct, frozen=True):
    """A media type in lower case, with its parameters (RFC 3261, 20.15)."""

    type: str
    parameters: Parameters = ()

    @staticmethod
    def parse(text: str) -> ContentType:
        """Read `type/subtype;parameters`."""
        match = _MEDIA_TYPE.match(text)
        if match is None:
            msg = "Content-Type must be type/subtype"
            raise HeaderError(msg)
        return ContentType(f"{match[1]}/{match[2]}".lower(), parse_parameters(text, match.end()))

    def __str__(self) -> str:
        return f"{self.type}{format_parameters(self.parameters)}"

    def parameter(self, name: str) -> str | None:
        """The value of a parameter, "" where it has none, None where it is absent. `name` is in lower case."""
        return find_parameter(self.parameters, name)


class Reason(msgspec.Struct, frozen=True):
    """Why, in another protocol's words (RFC 3326): `protocol` is "SIP" or "Q.850"; `cause` None where not given."""

    protocol: str
    cause: int | None = None
    text: str = ""

    @staticmethod
    def parse(text: str) -> Reason:
        """Read `protocol;cause=number;text="words"`."""
        match = _TOKEN.match(text)
        if match is None:
            msg = "Reason must begin with a protocol"
            raise HeaderError(msg)
        parameters = parse_parameters(text, match.end())
        cause = find_parameter(parameters, "cause") or ""
        known = int(cause) if cause.isdecimal() and cause.isascii() and len(cause) <= 3 else None
        return Reason(match[0], known, find_parameter(parameters, "text") or "")

    def __str__(self) -> str:
        cause = "" if self.cause is None else f";cause={self.cause}"
        return f"{self.protocol}{cause}" + (f";text={quote(self.text)}" if self.text else "")


class RetryAfter(msgspec.Struct, frozen=True):
    """When to try again (RFC 3261, 20.33), in seconds; `duration` is how long the called party is then free."""

    seconds: int
    duration: int | None = None

    @staticmethod
    def parse(text: str) -> RetryAfter:
        """Read `seconds (comment);duration=seconds`."""
        match = _RETRY_AFTER.match(text)
        if match is None:
            msg = "Retry-After must begin with a number of seconds"
            raise HeaderError(msg)
        duration = find_parameter(parse_parameters(text, match.end()), "duration")
        return RetryAfter(
            parse_delta_seconds(match[1], 0), None if duration is None else parse_delta_seconds(duration, 0)
        )

    def __str__(self) -> str:
        return str(self.seconds) if self.duration is None else f"{self.seconds};duration={self.duration}"


class Challenge(msgspec.Struct, frozen=True):
    """A WWW-Authenticate or Proxy-Authenticate value: the scheme in lower case and its parameters (RFC 7616, 3.3)."""

    scheme: str
    parameters: Parameters = ()

    @staticmethod
    def parse(text: str) -> Challenge:
        """Read `scheme name=value, name="value"`."""
        scheme, parameters = _parse_auth(text)
        return Challenge(scheme, parameters)

    def __str__(self) -> str:
        return _format_auth(self.scheme, self.parameters, unquoted=frozenset({"algorithm", "stale"}))

    def parameter(self, name: str) -> str | None:
        """The value of a parameter, None where it is absent. `name` is in lower case."""
        return find_parameter(self.parameters, name)

    @property
    def realm(self) -> str:
        """The protection space; "" where the challenge names none."""
        return find_parameter(self.parameters, "realm") or ""

    @property
    def stale(self) -> bool:
        """Whether only the nonce was too old and the password right."""
        return (find_parameter(self.parameters, "stale") or "").lower() == "true"


class Credentials(msgspec.Struct, frozen=True):
    """An Authorization or Proxy-Authorization value: the scheme in lower case and its parameters (RFC 7616, 3.4)."""

    scheme: str
    parameters: Parameters = ()

    @staticmethod
    def parse(text: str) -> Credentials:
        """Read `scheme name=value, name="value"`."""
        scheme, parameters = _parse_auth(text)
        return Credentials(scheme, parameters)

    def __str__(self) -> str:
        return _format_auth(self.scheme, self.parameters, unquoted=frozenset({"algorithm", "qop", "nc", "userhash"}))

    def parameter(self, name: str) -> str | None:
        """The value of a parameter, None where it is absent. `name` is in lower case."""
        return find_parameter(self.parameters, name)


def parse_parameters(text: str, position: int) -> Parameters:
    """Read `;name=value` up to the end of `text`, quoted values unquoted. Raises `HeaderError` on anything else."""
    found: list[tuple[str, str | None]] = []
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            if not text[position:].strip(" \t"):
                break
            msg = "parameters must be ;name or ;name=value"
            raise HeaderError(msg)
        name, value = match[1].lower(), match[2]
        if value is not None and value[0] == '"':
            value = unquote(value)
        found.append((name, value))
        position = match.end()
    if len(found) > 1 and len({name for name, _ in found}) != len(found):
        msg = "a parameter appears twice"
        raise HeaderError(msg)
    return tuple(found)


def format_parameters(parameters: Parameters) -> str:
    """The text of parameters, quoting the values that need it."""
    if not parameters:
        return ""
    return "".join(
        f";{name}" if value is None else f";{name}={value if _PLAIN_VALUE.fullmatch(value) else quote(value)}"
        for name, value in parameters
    )


def parse_delta_seconds(text: str, default: int) -> int:
    """A number of seconds, at most 2**32 - 1; `default` where it is no number (RFC 3261, 20.19)."""
    text = text.strip()
    if not text.isdecimal() or not text.isascii():
        return default
    return min(int(text[:20]), 2**32 - 1)


def quote(text: str) -> str:
    """Text as a quoted-string; line breaks, which none can hold, become spaces."""
    flat = text.replace("\r", " ").replace("\n", " ").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{flat}"'


def unquote(text: str) -> str:
    """The text inside a quoted-string, as valid Unicode: octets that are not UTF-8 become U+FFFD."""
    inner = text[1:-1]
    if "\\" in inner:
        inner = _ESCAPED.sub(r"\1", inner)
    return valid_unicode(inner)


def valid_unicode(text: str) -> str:
    """Raw header text as text for people: octets that are not UTF-8 become U+FFFD."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@functools.lru_cache(KEPT)
def _parse_via(text: str) -> Via:
    match = _VIA.match(text)
    if match is None:
        msg = "Via must be SIP/version/transport host[:port]"
        raise HeaderError(msg)
    try:
        host, port = parse_host(match[2], match[3]), parse_port(match[4])
    except UriError as error:
        raise HeaderError(str(error)) from error
    return Via(match[1].upper(), host, port, parse_parameters(text, match.end()))


@functools.lru_cache(KEPT)
def _parse_name_addr(text: str) -> NameAddr:
    try:
        match = _NAME_ADDR.match(text)
        if match is not None:
            display = unquote(match[1]) if match[1] else valid_unicode(match[2].strip(" \t"))
            return NameAddr(parse_uri(match[3]), display, parse_parameters(text, match.end()))
        match = _ADDR_SPEC.match(text)
        if match is None:
            msg = "an address must be a URI, or a name and a URI in angle brackets"
            raise HeaderError(msg)
        return NameAddr(parse_uri(match[0]), "", parse_parameters(text, match.end()))
    except UriError as error:
        raise HeaderError(str(error)) from error


@functools.lru_cache(KEPT)
def _parse_cseq(text: str) -> CSeq:
    match = _CSEQ.fullmatch(text)
    if match is None or int(match[1]) > MAX_CSEQ:
        msg = "CSeq must be a number below 2**31 and a method"
        raise HeaderError(msg)
    return CSeq(int(match[1]), match[2])


def _parse_auth(text: str) -> tuple[str, Parameters]:
    match = _TOKEN.match(text)
    if match is None:
        msg = "an authentication field must begin with a scheme"
        raise HeaderError(msg)
    found: dict[str, str | None] = {}
    for element in split_list(text[match.end() :]):
        name, equals, value = element.partition("=")
        name, value = name.rstrip(" \t").lower(), value.lstrip(" \t")
        if not equals or not _TOKEN.fullmatch(name):
            msg = "authentication parameters must be name=value"
            raise HeaderError(msg)
        if name in found:
            msg = f"the authentication parameter {name} appears twice"
            raise HeaderError(msg)
        found[name] = _auth_value(value)
    return match[0].lower(), tuple(found.items())


def _auth_value(text: str) -> str:
    if _QUOTED_STRING.fullmatch(text):
        return unquote(text)
    if not _BARE_VALUE.fullmatch(text):
        msg = "an authentication parameter's value must be a token or quoted"
        raise HeaderError(msg)
    return text


def _format_auth(scheme: str, parameters: Parameters, unquoted: frozenset[str]) -> str:
    shown = ", ".join(
        f"{name}={value or ''}" if name in unquoted else f"{name}={quote(value or '')}" for name, value in parameters
    )
    return f"{scheme.capitalize()} {shown}"
