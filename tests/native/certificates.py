"""Certificates that somebody has made for himself, as DTLS-SRTP wants them."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class SelfSigned:
    """A certificate and its key."""

    certificate: x509.Certificate
    private_key: PrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key(self) -> bytes:
        return self._key(serialization.Encoding.DER)

    def digest(self, function: str = "sha256") -> bytes:
        return hashlib.new(function, self.der).digest()

    def write(self, file: Path) -> Path:
        pem = serialization.Encoding.PEM
        file.write_bytes(self.certificate.public_bytes(pem) + self._key(pem))
        return file

    def _key(self, encoding: serialization.Encoding) -> bytes:
        return self.private_key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def self_signed(private_key: PrivateKey | None = None) -> SelfSigned:
    """A new one, ECDSA on P-256 where no key is given."""
    key = private_key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return SelfSigned(certificate, key)
