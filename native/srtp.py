"""The keys a stream's packets are protected with (SRTP)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from native.binding import lib
from native.errors import InvalidArgument


class SrtpSuite(enum.Enum):
    """Crypto suites by their registered names (RFC 4568, 6.2; RFC 6188, 3; RFC 7714, 14.2)."""

    AES_CM_128_HMAC_SHA1_80 = 1
    AES_CM_128_HMAC_SHA1_32 = 2
    AES_192_CM_HMAC_SHA1_80 = 3
    AES_192_CM_HMAC_SHA1_32 = 4
    AES_256_CM_HMAC_SHA1_80 = 5
    AES_256_CM_HMAC_SHA1_32 = 6
    AEAD_AES_128_GCM = 7
    AEAD_AES_256_GCM = 8

    @property
    def key_size(self) -> int:
        """Octets of master key and master salt together."""
        return int(lib.engine_srtp_key_size(self.value))


@dataclass(frozen=True)
class SrtpKeys:
    """One suite both ways, with each direction's master key followed by its salt."""

    suite: SrtpSuite
    send: bytes = field(repr=False)
    receive: bytes = field(repr=False)

    def __post_init__(self) -> None:
        size = self.suite.key_size
        if len(self.send) != size or len(self.receive) != size:
            message = f"{self.suite.name} wants keys of {size} octets with their salts"
            raise InvalidArgument(message)
