"""STUN messages (RFC 8489), with the attributes of ICE (RFC 8445, 16.1) and TURN (RFC 8656, 18).

Reading believes nothing: sizes, counts and the fingerprint are checked before anything is looked at. Integrity is
checked with `Message.signed_by`, since only the caller knows whose key counts.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import ipaddress
import secrets
import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from app.media.ice.errors import StunMalformed

HEADER_BYTES = 20
MESSAGE_BYTES_MAX = 1500
ATTRIBUTES_MAX = 32
TRANSACTION_BYTES = 12

_COOKIE = 0x2112A442
_HEADER = struct.Struct("!HHI12s")
_TLV = struct.Struct("!HH")
_FINGERPRINT_XOR = 0x5354554E
_FINGERPRINT_BYTES = 8
_ADDRESS_BYTES = {1: 4, 2: 16}


class Method(enum.IntEnum):
    """What a message is about."""

    BINDING = 0x001
    ALLOCATE = 0x003
    REFRESH = 0x004
    SEND = 0x006
    DATA = 0x007
    CREATE_PERMISSION = 0x008
    CHANNEL_BIND = 0x009


class Class(enum.IntEnum):
    """The two class bits of RFC 8489, 5."""

    REQUEST = 0
    INDICATION = 1
    SUCCESS = 2
    ERROR = 3


class Attribute(enum.IntEnum):
    """The attributes this phone reads or writes."""

    MAPPED_ADDRESS = 0x0001
    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    CHANNEL_NUMBER = 0x000C
    LIFETIME = 0x000D
    XOR_PEER_ADDRESS = 0x0012
    DATA = 0x0013
    REALM = 0x0014
    NONCE = 0x0015
    XOR_RELAYED_ADDRESS = 0x0016
    REQUESTED_ADDRESS_FAMILY = 0x0017
    REQUESTED_TRANSPORT = 0x0019
    MESSAGE_INTEGRITY_SHA256 = 0x001C
    PASSWORD_ALGORITHM = 0x001D
    XOR_MAPPED_ADDRESS = 0x0020
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    PASSWORD_ALGORITHMS = 0x8002
    SOFTWARE = 0x8022
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A


_INTEGRITY = {Attribute.MESSAGE_INTEGRITY: ("sha1", 20), Attribute.MESSAGE_INTEGRITY_SHA256: ("sha256", 32)}
_KNOWN = frozenset(Attribute)
_COMPREHENSION_OPTIONAL = 0x8000


class Address(NamedTuple):
    """A transport address: a numeric IPv4 or IPv6 address without zone, and a UDP port."""

    host: str
    port: int

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.host else 4


class Refusal(NamedTuple):
    """ERROR-CODE: 300 to 699, and a reason for a person."""

    code: int
    reason: str


Attributes = tuple[tuple[int, bytes], ...]


class Message(msgspec.Struct, frozen=True):
    """One STUN message. `attributes` are in their order, those that follow the integrity left out (RFC 8489, 14.5).

    `raw` is the datagram it was read from.
    """

    method: int
    kind: Class
    transaction: bytes
    attributes: Attributes = ()
    raw: bytes = b""
    integrity: tuple[tuple[int, int], ...] = ()
    """Each integrity attribute found, and its place in `raw`."""

    def get(self, attribute: Attribute) -> bytes | None:
        """The first value of this attribute."""
        return next((value for kind, value in self.attributes if kind == attribute), None)

    def number(self, attribute: Attribute) -> int | None:
        """A value of four or eight bytes as a number; None where it is absent or of another size."""
        value = self.get(attribute)
        return int.from_bytes(value, "big") if value is not None and len(value) in (4, 8) else None

    def text(self, attribute: Attribute) -> str | None:
        """A value as text; what is not UTF-8 is replaced."""
        value = self.get(attribute)
        return None if value is None else value.decode("utf-8", "replace")

    def address(self, attribute: Attribute) -> Address | None:
        """A transport address, un-XORed; None where it is absent or unreadable."""
        value = self.get(attribute)
        return None if value is None else _read_address(value, self.transaction, attribute)

    @property
    def refusal(self) -> Refusal | None:
        """ERROR-CODE; None where it is absent or unreadable."""
        value = self.get(Attribute.ERROR_CODE)
        if value is None or len(value) < 4 or not 3 <= value[2] & 7 <= 6 or value[3] > 99:
            return None
        return Refusal((value[2] & 7) * 100 + value[3], value[4:].decode("utf-8", "replace"))

    @property
    def unknown(self) -> tuple[int, ...]:
        """Attributes that must be understood and are not (RFC 8489, 6.3)."""
        return tuple(kind for kind, _ in self.attributes if kind < _COMPREHENSION_OPTIONAL and kind not in _KNOWN)

    def signed_by(self, key: bytes) -> bool:
        """Whether the strongest integrity attribute there is was made with `key`; False where there is none."""
        if not self.integrity:
            return False
        kind, place = max(self.integrity)
        size = int.from_bytes(self.raw[place + 2 : place + 4], "big")
        return hmac.compare_digest(self.raw[place + 4 : place + 4 + size], _digest(kind, key, self.raw[:place], size))


def new_transaction() -> bytes:
    """A transaction ID: 96 random bits (RFC 8489, 5)."""
    return secrets.token_bytes(TRANSACTION_BYTES)


def short_term_key(password: str) -> bytes:
    """The integrity key of ICE (RFC 8489, 9.1)."""
    return password.encode()


def long_term_key(user: str, realm: str, password: str, algorithm: str = "md5") -> bytes:
    """The integrity key of a server's credentials, `algorithm` md5 or sha256 (RFC 8489, 9.2.2 and 18.5.1)."""
    return hashlib.new(algorithm, f"{user}:{realm}:{password}".encode(), usedforsecurity=False).digest()


# --- reading ------------------------------------------------------------------------------------------------


def parse(data: bytes) -> Message:
    """Read one datagram. Raises StunMalformed, and nothing else, whatever `data` is."""
    if not HEADER_BYTES <= len(data) <= MESSAGE_BYTES_MAX:
        message = f"{len(data)} bytes are no STUN message"
        raise StunMalformed(message)
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if kind >> 14 or cookie != _COOKIE or length % 4 or length != len(data) - HEADER_BYTES:
        message = "the header is not that of a STUN message"
        raise StunMalformed(message)
    attributes, integrity = _read_attributes(data)
    method = kind & 0xF | (kind & 0xE0) >> 1 | (kind & 0x3E00) >> 2
    return Message(method, Class((kind >> 4 & 1) | (kind >> 7 & 2)), transaction, attributes, data, integrity)


def _read_attributes(data: bytes) -> tuple[Attributes, tuple[tuple[int, int], ...]]:
    found: list[tuple[int, bytes]] = []
    integrity: list[tuple[int, int]] = []
    place = HEADER_BYTES
    while place < len(data):
        kind, size = _TLV.unpack_from(data, place)
        end = place + _TLV.size + size
        if end > len(data) or len(found) + len(integrity) >= ATTRIBUTES_MAX:
            message = "an attribute reaches past the message's end, or there are too many"
            raise StunMalformed(message)
        if kind == Attribute.FINGERPRINT:
            _check_fingerprint(data, place, size)
        elif kind in _INTEGRITY:
            if size != _INTEGRITY[Attribute(kind)][1] and not (
                kind == Attribute.MESSAGE_INTEGRITY_SHA256 and _cut(size)
            ):
                message = f"an integrity of {size} bytes"
                raise StunMalformed(message)
            if kind not in dict(integrity):
                integrity.append((kind, place))
        elif not integrity:
            found.append((kind, data[place + _TLV.size : end]))
        place = end + -size % 4
    return tuple(found), tuple(integrity)


def _cut(size: int) -> bool:
    """SHA-256 may be shortened, to no less than 16 bytes (RFC 8489, 14.6)."""
    return 16 <= size <= 32 and size % 4 == 0


def _check_fingerprint(data: bytes, place: int, size: int) -> None:
    right = place + _FINGERPRINT_BYTES == len(data) and size == 4
    if not right or int.from_bytes(data[place + 4 :], "big") != zlib.crc32(data[:place]) ^ _FINGERPRINT_XOR:
        message = "the fingerprint is wrong"
        raise StunMalformed(message)


def _read_address(value: bytes, transaction: bytes, attribute: Attribute) -> Address | None:
    size = _ADDRESS_BYTES.get(value[1]) if len(value) >= 4 else None
    if size is None or len(value) != 4 + size:
        return None
    port, packed = int.from_bytes(value[2:4], "big"), value[4:]
    if attribute is not Attribute.MAPPED_ADDRESS:
        port ^= _COOKIE >> 16
        packed = _xor(packed, transaction)
    return Address(str(ipaddress.ip_address(packed)), port)


def _xor(packed: bytes, transaction: bytes) -> bytes:
    mask = _COOKIE.to_bytes(4, "big") + transaction
    return bytes(one ^ other for one, other in zip(packed, mask, strict=False))


# --- writing ------------------------------------------------------------------------------------------------


def build(
    method: Method,
    kind: Class,
    transaction: bytes,
    attributes: Iterable[tuple[int, bytes]] = (),
    key: bytes | None = None,
    *,
    sha256: bool = False,
) -> bytes:
    """Write a message, signed where a `key` is given, with a fingerprint."""
    body = b"".join(_tlv(attribute, value) for attribute, value in attributes)
    word = method & 0xF | (method & 0x70) << 1 | (method & 0xF80) << 2 | (kind & 1) << 4 | (kind & 2) << 7
    data = _HEADER.pack(word, len(body), _COOKIE, transaction) + body
    if key is not None:
        integrity = Attribute.MESSAGE_INTEGRITY_SHA256 if sha256 else Attribute.MESSAGE_INTEGRITY
        size = _INTEGRITY[integrity][1]
        data = _grown(data + _tlv(integrity, _digest(integrity, key, data, size)))
    data = _grown(data, by=_FINGERPRINT_BYTES)
    return data + _tlv(Attribute.FINGERPRINT, (zlib.crc32(data) ^ _FINGERPRINT_XOR).to_bytes(4, "big"))


def xor_address(address: Address, transaction: bytes) -> bytes:
    """The value of XOR-MAPPED-ADDRESS and its like (RFC 8489, 14.2)."""
    packed = ipaddress.ip_address(address.host).packed
    family = 1 if len(packed) == _ADDRESS_BYTES[1] else 2
    return struct.pack("!BBH", 0, family, address.port ^ _COOKIE >> 16) + _xor(packed, transaction)


def error_code(code: int, reason: str) -> bytes:
    """The value of ERROR-CODE (RFC 8489, 14.8)."""
    return bytes((0, 0, code // 100, code % 100)) + reason.encode()


def _tlv(attribute: int, value: bytes) -> bytes:
    return _TLV.pack(attribute, len(value)) + value + bytes(-len(value) % 4)


def _digest(kind: int, key: bytes, before: bytes, size: int) -> bytes:
    """Over all that stands before, with a length as if the integrity were the last attribute (RFC 8489, 14.5)."""
    covered = _grown(before, length=len(before) - HEADER_BYTES + _TLV.size + size)
    return hmac.digest(key, covered, _INTEGRITY[Attribute(kind)][0])[:size]


def _grown(data: bytes, *, by: int = 0, length: int | None = None) -> bytes:
    """The same bytes with the length field set, to what is there and `by` more, or to `length`."""
    total = len(data) - HEADER_BYTES + by if length is None else length
    return data[:2] + total.to_bytes(2, "big") + data[4:]
