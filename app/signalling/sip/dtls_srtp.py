"""DTLS-SRTP in a session description (RFC 5763, 5; RFC 8122, 5; RFC 8842, 4), read into and written from the model."""

from __future__ import annotations

import re
from typing import TypeAlias

from app.model.crypto import DtlsDescription, DtlsSetup, Fingerprint

ATTRIBUTES = frozenset({"fingerprint", "setup", "tls-id"})
MAX_FINGERPRINTS = 8
"""Lines looked at in one media section."""

Attributes: TypeAlias = list[tuple[str, str | None]]

_FINGERPRINT = re.compile(r"([A-Za-z0-9-]{1,16}) ((?:[0-9A-Fa-f]{2}:){1,63}[0-9A-Fa-f]{2})")
_TLS_ID = re.compile(r"[A-Za-z0-9+/_-]{20,255}")
_DEFAULT_SETUP = DtlsSetup.ACTIVE
"""RFC 4145, 4."""


def read_dtls(attributes: Attributes) -> DtlsDescription | None:
    """What the attributes of a media section say; None where no handshake could come of it."""
    fingerprints = tuple(
        fingerprint
        for value in [value for name, value in attributes if name == "fingerprint"][:MAX_FINGERPRINTS]
        if (fingerprint := _fingerprint(value or "")) is not None
    )
    setup = _first(attributes, "setup") or _DEFAULT_SETUP
    if not fingerprints or setup not in set(DtlsSetup):
        return None
    association = _first(attributes, "tls-id")
    return DtlsDescription(DtlsSetup(setup), fingerprints, association if _TLS_ID.fullmatch(association) else "")


def dtls_lines(dtls: DtlsDescription) -> list[str]:
    """The a= lines of one media section."""
    lines = [f"a=setup:{dtls.setup}"]
    if dtls.association:
        lines.append(f"a=tls-id:{dtls.association}")
    return lines + [f"a=fingerprint:{one.function} {one.digest.hex(':').upper()}" for one in dtls.fingerprints]


def _fingerprint(value: str) -> Fingerprint | None:
    match = _FINGERPRINT.fullmatch(value.strip())
    return None if match is None else Fingerprint.read(match[1], match[2])


def _first(attributes: Attributes, name: str) -> str:
    return next((value or "" for key, value in attributes if key == name), "").strip()
