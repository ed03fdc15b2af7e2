"""SIP, SIPS and tel URIs (RFC 3261, 19.1 and RFC 3966), and URIs of other schemes as opaque text."""

from __future__ import annotations

import ipaddress
import re
from typing import TypeAlias
from urllib.parse import unquote

import msgspec

from app.signalling.sip.errors import UriError

Parameters: TypeAlias = tuple[tuple[str, str | None], ...]
"""Parameters in wire order, names in lower case; None where a parameter has no value."""

_UNRESERVED = r"A-Za-z0-9_.!~*'()\-"
_UNRESERVED_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()")
_USER_CHARACTERS = _UNRESERVED_CHARACTERS | frozenset("&=+$,;?/")
_SIP = re.compile(
    rf"(?:([{_UNRESERVED}%&=+$,;?/]+)(?::([{_UNRESERVED}%&=+$,]*))?@)?"
    r"(?:([A-Za-z0-9_.-]+)|\[([0-9A-Fa-f:.]+)\])"
    r"(?::([0-9]{1,5}))?"
    rf"((?:;[{_UNRESERVED}%\[\]/:&+$]+(?:=[{_UNRESERVED}%\[\]/:&+$]+)?)*)"
    rf"(?:\?([{_UNRESERVED}%\[\]/?:+$&=]+))?",
)
_TEL = re.compile(rf"(\+?[0-9A-Fa-f*#.()-]+)((?:;[A-Za-z0-9-]+(?:=[{_UNRESERVED}%\[\]/:&+$]+)?)*)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_OPAQUE = re.compile(r"[!-~]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_COMPARED_EVEN_IF_ABSENT = frozenset({"user", "ttl", "method", "maddr", "transport"})


class SipUri(msgspec.Struct, frozen=True):
    """A sip, sips or tel URI.

    `user`, `password`, `parameters` and `headers` hold the wire form with needless escapes removed, so that equal
    text means equal parts; `user_text` is for people. `host` is in lower case and without the brackets of an IPv6
    address; a tel URI has its number in `user` and an empty host.
    """

    host: str
    user: str | None = None
    port: int | None = None
    scheme: str = "sip"
    password: str | None = None
    parameters: Parameters = ()
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        parameters = "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self.parameters)
        if self.scheme == "tel":
            return f"tel:{self.user}{parameters}"
        password = "" if self.password is None else f":{self.password}"
        user = "" if self.user is None else f"{self.user}{password}@"
        headers = "?" + "&".join(f"{name}={value}" for name, value in self.headers) if self.headers else ""
        return f"{self.scheme}:{user}{self.host_port}{parameters}{headers}"

    @property
    def host_port(self) -> str:
        """Host and, where given, port as a URI or Via writes them."""
        return format_host_port(self.host, self.port)

    @property
    def user_text(self) -> str:
        """The user part with all escapes resolved, always valid Unicode; "" where there is none."""
        return unquote(self.user or "", errors="replace")

    def parameter(self, name: str) -> str | None:
        """The value of a parameter, "" where it has none, None where it is absent. `name` is in lower case."""
        return find_parameter(self.parameters, name)

    def equivalent_to(self, other: SipUri) -> bool:
        """Whether both name the same resource by the rules of RFC 3261, 19.1.4."""
        if (self.scheme, self.user, self.password, self.host, self.port) != (
            other.scheme,
            other.user,
            other.password,
            other.host,
            other.port,
        ):
            return False
        ours = {name: (value or "").lower() for name, value in self.parameters}
        theirs = {name: (value or "").lower() for name, value in other.parameters}
        for name in ours.keys() | theirs.keys():
            in_both = name in ours and name in theirs
            if (in_both or name in _COMPARED_EVEN_IF_ABSENT) and ours.get(name) != theirs.get(name):
                return False
        return sorted((name.lower(), value) for name, value in self.headers) == sorted(
            (name.lower(), value) for name, value in other.headers
        )

    def without(self, *names: str) -> SipUri:
        """The same URI without headers and without the parameters named, as a Request-URI or AOR needs it."""
        kept = tuple(item for item in self.parameters if item[0] not in names)
        return msgspec.structs.replace(self, parameters=kept, headers=())


class AbsoluteUri(msgspec.Struct, frozen=True):
    """A URI of a scheme that SIP does not define: carried and compared as text, never called (RFC 3261, 25.1)."""

    scheme: str
    opaque: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.opaque}"


Uri: TypeAlias = SipUri | AbsoluteUri


def parse_uri(text: str) -> Uri:
    """Read an addr-spec as it stands between angle brackets or in a request line.

    Raises `UriError` where `text` breaks the grammar; surrounding white space is not part of it.
    """
    scheme, colon, rest = text.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme):
        msg = "a URI must begin with a scheme and a colon"
        raise UriError(msg)
    scheme = scheme.lower()
    if scheme in ("sip", "sips"):
        return _parse_sip(scheme, rest)
    if scheme == "tel":
        return _parse_tel(rest)
    if not _OPAQUE.fullmatch(rest):
        msg = f"a {scheme} URI must be visible ASCII"
        raise UriError(msg)
    return AbsoluteUri(scheme, rest)


def escape_user(text: str) -> str:
    """Text that a person or a setting gave, as the user part of a SIP URI (RFC 3261, 19.1.2)."""
    return "".join(c if c in _USER_CHARACTERS else _percent(c) for c in text)


def find_parameter(parameters: Parameters, name: str) -> str | None:
    """The value of the first parameter called `name` (lower case), "" where it has none, None where absent."""
    for key, value in parameters:
        if key == name:
            return value or ""
    return None


def format_host_port(host: str, port: int | None) -> str:
    """A host with the brackets an IPv6 address needs, and the port where there is one."""
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


def parse_host(name: str | None, ipv6: str | None) -> str:
    """A host from the two forms a grammar tells apart: a name or IPv4 address, or what stood in brackets."""
    if ipv6 is None:
        return (name or "").lower()
    try:
        return str(ipaddress.IPv6Address(ipv6))
    except ValueError as error:
        msg = f"[{ipv6}] is not an IPv6 address"
        raise UriError(msg) from error


def parse_port(digits: str | None) -> int | None:
    """A port of at most five digits, None where there is none."""
    if digits is None:
        return None
    port = int(digits)
    if port > 65535:
        msg = f"port {port} is above 65535"
        raise UriError(msg)
    return port


def _parse_sip(scheme: str, rest: str) -> SipUri:
    match = _SIP.fullmatch(rest)
    if match is None:
        msg = "a SIP URI must be [user[:password]@]host[:port][;parameters][?headers]"
        raise UriError(msg)
    user, password, name, ipv6, port, parameters, headers = match.groups()
    return SipUri(
        host=parse_host(name, ipv6),
        user=None if user is None else _normalised(user),
        port=parse_port(port),
        scheme=scheme,
        password=None if password is None else _normalised(password),
        parameters=_split_parameters(parameters) if parameters else (),
        headers=_split_headers(headers) if headers else (),
    )


def _parse_tel(rest: str) -> SipUri:
    match = _TEL.fullmatch(rest)
    if match is None:
        msg = "a tel URI must be digits and visual separators, then parameters"
        raise UriError(msg)
    return SipUri(host="", user=match[1], scheme="tel", parameters=_split_parameters(match[2]))


def _split_parameters(text: str) -> Parameters:
    found: list[tuple[str, str | None]] = []
    seen: set[str] = set()
    for item in text[1:].split(";") if text else ():
        name, equals, value = item.partition("=")
        name = _normalised(name).lower()
        if name in seen:
            msg = f"the URI parameter {name} appears twice"
            raise UriError(msg)
        seen.add(name)
        found.append((name, _normalised(value) if equals else None))
    return tuple(found)


def _split_headers(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for item in text.split("&"):
        name, equals, value = item.partition("=")
        if not name or not equals or "=" in value:
            msg = "headers in a URI must be name=value, joined by &"
            raise UriError(msg)
        found.append((_normalised(name), _normalised(value)))
    return tuple(found)


def _normalised(text: str) -> str:
    """Resolve the escapes of unreserved characters, write the others in upper case (RFC 3261, 19.1.4)."""
    return _ESCAPE.sub(_normalise_escape, text) if "%" in text else text


def _normalise_escape(match: re.Match[str]) -> str:
    if match[1] is None:
        msg = "a percent sign must be followed by two hexadecimal digits"
        raise UriError(msg)
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED_CHARACTERS else match[0].upper()


def _percent(character: str) -> str:
    return "".join(f"%{octet:02X}" for octet in character.encode("utf-8", "replace"))
