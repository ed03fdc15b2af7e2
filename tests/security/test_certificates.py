"""Certificates made on the spot are what RFC 5280 and a strict verifier want."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from app.security.certificates import Authority
from app.security.tls import client_context, server_context
from tests.security.test_tls import shake_hands


def test_names_and_addresses_go_into_the_alternative_name(tmp_path: Path) -> None:
    identity = Authority("Test authority").issue(("demo.test", "127.0.0.1", "::1")).write(tmp_path, "demo")
    certificate = x509.load_pem_x509_certificate(identity.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["demo.test"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"


def test_the_key_is_nobody_elses_to_read_and_is_not_shown(tmp_path: Path) -> None:
    issued = Authority("Test authority").issue(("demo.test",))
    identity = issued.write(tmp_path, "demo")
    assert identity.key.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in repr(issued)


def test_openssl_agrees_with_the_chain(tmp_path: Path) -> None:
    authority = Authority("Test authority")
    (tmp_path / "trust.pem").write_bytes(authority.pem)
    identity = authority.issue(("pbx.test",)).write(tmp_path, "pbx")
    verify = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "pbx.test"]
    done = subprocess.run([*verify, "-CAfile", "trust.pem", identity.certificate], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_strict_client_accepts_it(tmp_path: Path) -> None:
    authority = Authority("Test authority")
    (tmp_path / "trust.pem").write_bytes(authority.pem)
    client = client_context(tmp_path / "trust.pem")
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    server = server_context(authority.issue(("pbx.test",)).write(tmp_path, "pbx"))
    assert shake_hands(client, server, "pbx.test") == "TLSv1.3"
