"""DTLS-SRTP (RFC 5763, RFC 5764): which end begins, and what a handshake has agreed on."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class DtlsRole(enum.Enum):
    """Which end of the handshake we are; an offer's and an answer's a=setup settle it (RFC 5763, 5)."""

    CLIENT = 1
    """Begins, as soon as the stream can send: a=setup:active."""
    SERVER = 2
    """Waits: a=setup:passive."""


@dataclass(frozen=True)
class Fingerprints:
    """Digests of the certificate that the far end has shown."""

    sha256: bytes
    sha384: bytes
    sha512: bytes
