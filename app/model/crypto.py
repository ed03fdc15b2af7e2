"""How media is encrypted, whichever protocol carries the keys: RFC 4568 in SDP, `key` in PbxSignal's channels.

Or they come by a handshake beside the voice (DTLS-SRTP, RFC 5763), and a description only says whose certificate to
expect in it.
"""

from __future__ import annotations

import enum
import hmac
from typing import NoReturn, final

import msgspec


class CryptoSuite(enum.StrEnum):
    """An SRTP crypto suite by its registered name (RFC 4568, 6.2; RFC 6188, 3; RFC 7714, 14.2)."""

    AES_CM_128_HMAC_SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    AES_CM_128_HMAC_SHA1_32 = "AES_CM_128_HMAC_SHA1_32"
    AES_192_CM_HMAC_SHA1_80 = "AES_192_CM_HMAC_SHA1_80"
    AES_192_CM_HMAC_SHA1_32 = "AES_192_CM_HMAC_SHA1_32"
    AES_256_CM_HMAC_SHA1_80 = "AES_256_CM_HMAC_SHA1_80"
    AES_256_CM_HMAC_SHA1_32 = "AES_256_CM_HMAC_SHA1_32"
    AEAD_AES_128_GCM = "AEAD_AES_128_GCM"
    AEAD_AES_256_GCM = "AEAD_AES_256_GCM"

    @property
    def key_size(self) -> int:
        """Octets of master key and master salt together."""
        return _KEY_SIZES[self]


_KEY_SIZES = {
    CryptoSuite.AES_CM_128_HMAC_SHA1_80: 30,
    CryptoSuite.AES_CM_128_HMAC_SHA1_32: 30,
    CryptoSuite.AES_192_CM_HMAC_SHA1_80: 38,
    CryptoSuite.AES_192_CM_HMAC_SHA1_32: 38,
    CryptoSuite.AES_256_CM_HMAC_SHA1_80: 46,
    CryptoSuite.AES_256_CM_HMAC_SHA1_32: 46,
    CryptoSuite.AEAD_AES_128_GCM: 28,
    CryptoSuite.AEAD_AES_256_GCM: 44,
}


@final
class MasterKey:
    """An SRTP master key with its salt. It never shows itself, and can be neither pickled nor encoded."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def reveal(self) -> bytes:
        """The octets, for the wire or the engine; keep them nowhere else."""
        return self._octets

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MasterKey):
            return NotImplemented
        return hmac.compare_digest(self._octets, other._octets)

    __hash__ = None  # type: ignore[assignment]  # a hash would tell equal keys apart in variable time

    def __repr__(self) -> str:
        return "MasterKey(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a master key cannot be pickled or copied; pass the object itself")


class CryptoDescription(msgspec.Struct, frozen=True):
    """One way in which the describing side would encrypt what it sends, or in an answer the one it chose.

    `tag` is its number within the description (RFC 4568, 5.1).
    """

    tag: int
    suite: CryptoSuite
    key: MasterKey


class DtlsSetup(enum.StrEnum):
    """Which end of a handshake the describing side is (RFC 4145, 4; RFC 5763, 5)."""

    ACTIVE = "active"
    """It begins."""
    PASSIVE = "passive"
    """It waits."""
    ACTPASS = "actpass"
    """Either; the answer decides."""


class Fingerprint(msgspec.Struct, frozen=True):
    """The digest of a certificate by a named hash function (RFC 8122, 5), such as `sha-256`."""

    function: str
    digest: bytes

    @classmethod
    def read(cls, function: str, pairs: str) -> Fingerprint | None:
        """From hexadecimal pairs with colons between; None for a function that proves nothing, or a digest not of it.

        Raises ValueError where `pairs` are none.
        """
        function, digest = function.lower(), bytes.fromhex(pairs.replace(":", ""))
        return cls(function, digest) if _DIGEST_SIZES.get(function) == len(digest) else None


_DIGEST_SIZES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
"""Octets. Older functions prove nothing any more (RFC 8122, 5)."""


class DtlsDescription(msgspec.Struct, frozen=True):
    """What a description says of the handshake that agrees on keys."""

    setup: DtlsSetup
    fingerprints: tuple[Fingerprint, ...]
    """The describing side shows a certificate that has one of these."""
    association: str = ""
    """Another name begins another handshake (RFC 8842, 4); empty: none was given."""
