"""The header section of a SIP message: an ordered multi-map of raw field values (RFC 3261, 7.3)."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator

from app.signalling.sip.errors import HeaderError

# fmt: off
_NAMES = (
    "Accept", "Accept-Encoding", "Accept-Language", "Alert-Info", "Allow", "Allow-Events",
    "Authentication-Info", "Authorization", "Call-ID", "Call-Info", "Contact", "Content-Disposition",
    "Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "CSeq", "Date", "Diversion",
    "Error-Info", "Event", "Expires", "From", "History-Info", "Identity", "Info-Package", "In-Reply-To", "Join",
    "Max-Forwards", "MIME-Version", "Min-Expires", "Min-SE", "Organization", "P-Access-Network-Info",
    "P-Asserted-Identity", "P-Called-Party-ID", "P-Early-Media", "P-Preferred-Identity", "Path", "Priority",
    "Privacy", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Require", "RAck", "Reason", "Record-Route",
    "Recv-Info", "Refer-Sub", "Refer-To", "Referred-By", "Remote-Party-ID", "Replaces", "Reply-To", "Require",
    "Retry-After", "Route", "RSeq", "Server", "Service-Route", "Session-Expires", "SIP-ETag", "SIP-If-Match",
    "Subject", "Subscription-State", "Supported", "Timestamp", "To", "Unsupported", "User-Agent", "Via",
    "Warning", "WWW-Authenticate",
)
# fmt: on
_COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}
"""Compact forms, from the IANA registry of SIP header fields."""

_CANONICAL = {name.lower(): name for name in _NAMES} | {name.lower(): name for name in _COMPACT.values()} | _COMPACT
_AS_WRITTEN = {name: name for name in _CANONICAL.values()}
MAX_ELEMENTS = 256
"""More than any real field has, and few enough to be read within a millisecond or two."""

KEPT = 64
"""Values that were read last, kept as read: all messages of a dialog say the same ones again."""

_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_LIST_PIECE = re.compile(r"""[^",<]+|"(?:[^"\\]|\\.)*"|<[^>]*>|(,)""", re.DOTALL)


class Headers:
    """Header fields in wire order, looked up by name in any case or compact form. Never changed in place.

    Values are text without line breaks: UTF-8, and octets that are not UTF-8 kept as lone surrogates so that they
    go out as they came in. Use the typed values of `fields` for anything shown to a person.
    """

    __slots__ = ("_index", "_items")

    def __init__(self, items: Iterable[tuple[str, str]] = (), *, checked: bool = False) -> None:
        """Take name and value pairs. Raises `HeaderError` on a name that is no token or a value with a line break.

        `checked` is for pairs the parser has looked at already: canonical names, values without line breaks.
        """
        self._items = tuple(items) if checked else tuple(_field(name, value) for name, value in items)
        self._index: dict[str, list[str]] | None = None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: str) -> bool:
        return canonical_name(name) in self._lookup()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"Headers(<{len(self._items)} fields>)"

    def get(self, name: str) -> str | None:
        """The first value of a field, None where it is absent."""
        values = self._lookup().get(canonical_name(name))
        return values[0] if values else None

    def get_all(self, name: str) -> tuple[str, ...]:
        """All values of a field, one for each line, in wire order."""
        return tuple(self._lookup().get(canonical_name(name), ()))

    def get_list(self, name: str) -> tuple[str, ...]:
        """All elements of a comma-separated field, across its lines.

        Raises `HeaderError` on unbalanced quotes, on an empty element, and on more than `MAX_ELEMENTS`.
        """
        elements = [element for value in self.get_all(name) for element in split_list(value)]
        if len(elements) > MAX_ELEMENTS:
            msg = f"{name} has more than {MAX_ELEMENTS} elements"
            raise HeaderError(msg)
        return tuple(elements)

    def single(self, name: str) -> str:
        """The value of a field that must appear exactly once. Raises `HeaderError` where it does not."""
        values = self._lookup().get(canonical_name(name), ())
        if len(values) != 1:
            msg = f"{name} must appear once, not {len(values)} times"
            raise HeaderError(msg)
        return values[0]

    def add(self, name: str, value: object) -> Headers:
        """These headers with one more field at the end."""
        return Headers((*self._items, _field(name, str(value))), checked=True)

    def prepend(self, name: str, value: object) -> Headers:
        """These headers with one more field before all others."""
        return Headers((_field(name, str(value)), *self._items), checked=True)

    def set(self, name: str, value: object) -> Headers:
        """These headers with exactly one field of this name, where its first stood or at the end."""
        wanted = _field(name, str(value))
        before = list(itertools.takewhile(lambda item: item[0] != wanted[0], self._items))
        after = [item for item in self._items[len(before) :] if item[0] != wanted[0]]
        return Headers((*before, wanted, *after), checked=True)

    def replace_first(self, name: str, value: object) -> Headers:
        """These headers with the first field of this name changed and its other lines kept; added where absent."""
        wanted = _field(name, str(value))
        before = list(itertools.takewhile(lambda item: item[0] != wanted[0], self._items))
        return Headers((*before, wanted, *self._items[len(before) + 1 :]), checked=True)

    def remove(self, name: str) -> Headers:
        """These headers without any field of this name."""
        key = canonical_name(name)
        return Headers((item for item in self._items if item[0] != key), checked=True)

    def _lookup(self) -> dict[str, list[str]]:
        if self._index is None:
            index: dict[str, list[str]] = {}
            for name, value in self._items:
                index.setdefault(name, []).append(value)
            self._index = index
        return self._index


def canonical_name(name: str) -> str:
    """A header field's name as its RFC spells it; an unknown one capitalised. Raises `HeaderError` on no token."""
    known = _AS_WRITTEN.get(name) or _CANONICAL.get(name.lower())
    if known is not None:
        return known
    if not _TOKEN.fullmatch(name):
        msg = "a header field's name must be a token"
        raise HeaderError(msg)
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def split_list(value: str) -> list[str]:
    """Cut a field value at its commas, but not inside quotes or angle brackets.

    An empty value is an empty list. Raises `HeaderError` where a quote or bracket is not closed or an element is
    empty.
    """
    if not value.strip():
        return []
    elements: Iterable[str] = _cut_at_commas(value) if '"' in value or "<" in value else value.split(",")
    stripped = [element.strip(" \t") for element in elements]
    if "" in stripped:
        msg = "a comma-separated field has an empty element"
        raise HeaderError(msg)
    return stripped


def _field(name: str, value: str) -> tuple[str, str]:
    if "\r" in value or "\n" in value:
        msg = f"the value of {name} must not contain a line break"
        raise HeaderError(msg)
    return canonical_name(name), value


@functools.lru_cache(KEPT)
def _cut_at_commas(value: str) -> tuple[str, ...]:
    elements = []
    start = position = 0
    while position < len(value):
        match = _LIST_PIECE.match(value, position)
        if match is None:
            msg = "a quote or angle bracket is not closed"
            raise HeaderError(msg)
        if match[1]:
            elements.append(value[start:position])
            start = match.end()
        position = match.end()
    elements.append(value[start:])
    return tuple(elements)
