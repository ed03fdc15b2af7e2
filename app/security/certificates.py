"""Certificates made on the spot: for the demo, for tests, and until a real one has been given.

Keys are ECDSA on P-256 (FIPS 186-5); certificates follow RFC 5280 with names only in the subject alternative name
(RFC 9525). Making one takes about a millisecond, but belongs to the start or a worker.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.security.tls import Identity

_BACKDATED = dt.timedelta(days=1)
"""A new certificate is valid a little before now, for those whose clock is behind."""


class Issued(msgspec.Struct, frozen=True):
    """A certificate with its issuer's behind it, and its key, both as PEM."""

    chain: bytes
    _key: bytes

    def __repr__(self) -> str:
        return "Issued(…)"

    def write(self, folder: Path, name: str) -> Identity:
        """Write `name.pem` and `name.key` (0600) into a folder that is there. Raises `OSError`."""
        identity = Identity(folder / f"{name}.pem", folder / f"{name}.key")
        identity.certificate.write_bytes(self.chain)
        descriptor = os.open(identity.key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - the descriptor carries the mode 0600
            file.write(self._key)
        return identity


class Authority:
    """A certificate authority that lives only in this process's memory."""

    def __init__(self, name: str, days: int = 365, now: dt.datetime | None = None) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _subject(name)
        self._certificate = (
            _builder(self._name, self._name, self._key, days, now)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        """The authority's own certificate, for a file of trusted certificates."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, names: tuple[str, ...], days: int = 365, now: dt.datetime | None = None) -> Issued:
        """A certificate for DNS names and IP addresses; `now` (UTC) is when its `days` begin."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _end_entity(_builder(_subject(names[0]), self._name, key, days, now), names).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        return _issued(builder.sign(self._key, hashes.SHA256()), key, self.pem)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    days: int,
    now: dt.datetime | None,
) -> x509.CertificateBuilder:
    begins = now or dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - _BACKDATED)
        .not_valid_after(begins + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _end_entity(builder: x509.CertificateBuilder, names: tuple[str, ...]) -> x509.CertificateBuilder:
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _issued(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, issuer: bytes) -> Issued:
    return Issued(
        certificate.public_bytes(serialization.Encoding.PEM) + issuer,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
