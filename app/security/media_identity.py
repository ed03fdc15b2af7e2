"""Who the phone is in the handshakes that agree on voice's keys (DTLS-SRTP).

That is a certificate which only a call's own signalling vouches for, by its fingerprint (RFC 5763, 5). It is drawn
anew at each start and never leaves the process's memory: nobody has to recognise it later, and what is not stored
cannot be read (RFC 8827, 6.5 wants no more).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import NoReturn, final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SUBJECT = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "phone")])
"""The same for every phone, since whoever shakes hands reads it."""
_BEGINS = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Before any clock that has not been set yet."""
_ENDS = dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
"""No date of its own to end (RFC 5280, 4.1.2.5): it ends with the process."""


@final
class MediaIdentity:
    """A self-signed certificate, ECDSA on P-256, and its key, which never shows itself and cannot be pickled.

    Making one takes about a millisecond.
    """

    __slots__ = ("_key", "certificate")

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(_SUBJECT)
            .issuer_name(_SUBJECT)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_BEGINS)
            .not_valid_after(_ENDS)
            .sign(self._key, hashes.SHA256())
            .public_bytes(serialization.Encoding.DER)
        )
        """DER."""

    @property
    def sha256(self) -> bytes:
        """The certificate's fingerprint (RFC 8122, 5)."""
        return hashlib.sha256(self.certificate).digest()

    def reveal_key(self) -> bytes:
        """The private key as PKCS #8 in DER, for the engine; keep it nowhere else."""
        return self._key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def __repr__(self) -> str:
        return "MediaIdentity(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a media identity cannot be pickled or copied; pass the object itself")
