"""Contexts verify what they should, speak what their profile says, and explain what went wrong."""

from __future__ import annotations

import datetime as dt
import re
import ssl
import subprocess
import warnings
from pathlib import Path

import pytest

from app.security.certificates import Authority
from app.security.errors import IdentityUnreadable, SecurityError, TrustUnreadable
from app.security.tls import Identity, TlsProfile, client_context, explain, server_context

ROOT = Path(__file__).parents[2]


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> str | None:
    """Both sides in memory; the version agreed on, or what the client or server raised."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = list(ends)
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(end)
        if not waiting:
            return ends[0].version()
    raise AssertionError("the handshake got stuck")


@pytest.fixture
def authority() -> Authority:
    return Authority("Test authority")


@pytest.fixture
def trust(tmp_path: Path, authority: Authority) -> Path:
    path = tmp_path / "trust.pem"
    path.write_bytes(authority.pem)
    return path


def test_a_trusted_server_is_spoken_to_in_tls_1_3(tmp_path: Path, authority: Authority, trust: Path) -> None:
    server = server_context(authority.issue(("pbx.test", "127.0.0.1")).write(tmp_path, "pbx"))
    assert shake_hands(client_context(trust), server, "pbx.test") == "TLSv1.3"
    assert shake_hands(client_context(trust), server, "127.0.0.1") == "TLSv1.3"


@pytest.mark.parametrize(
    ("name", "days", "own_authority", "words"),
    [
        ("other.test", 1, True, "another name"),
        ("192.0.2.9", 1, True, "this IP address"),
        ("pbx.test", 1, False, "authority this phone does not trust"),
        ("pbx.test", -1, True, "expired"),
        ("pbx.test", 400, True, "not valid yet"),
    ],
)
def test_a_server_that_does_not_check_out_is_refused_in_plain_words(
    tmp_path: Path, authority: Authority, trust: Path, name: str, days: int, own_authority: bool, words: str
) -> None:
    issuer = authority if own_authority else Authority("Test authority")
    begins = dt.datetime.now(dt.UTC) + dt.timedelta(days=days - 1)
    issued = issuer.issue(("pbx.test",), days=1, now=begins).write(tmp_path, "pbx")
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        shake_hands(client_context(trust), server_context(issued), name)
    problem = explain(caught.value)
    assert words in problem.reason
    assert problem.advice


def self_signed(folder: Path, name: str) -> Identity:
    """A certificate that vouches for itself, as a PBX comes with from its maker."""
    identity = Identity(folder / f"{name}.pem", folder / f"{name}.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-out", identity.certificate,
         "-keyout", identity.key],
        check=True, capture_output=True,
    )  # fmt: skip
    return identity


def test_a_self_signed_server_is_trusted_only_by_its_own_certificate(tmp_path: Path, trust: Path) -> None:
    identity = self_signed(tmp_path, "demo.test")
    assert shake_hands(client_context(identity.certificate), server_context(identity), "demo.test") == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        shake_hands(client_context(trust), server_context(identity), "demo.test")
    assert "does not trust" in explain(caught.value).reason


def old_server(tmp_path: Path, authority: Authority) -> ssl.SSLContext:
    identity = authority.issue(("pbx.test",)).write(tmp_path, "old")
    context = server_context(identity, TlsProfile.LEGACY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def test_only_the_legacy_profile_speaks_to_an_old_server(tmp_path: Path, authority: Authority, trust: Path) -> None:
    server = old_server(tmp_path, authority)
    assert shake_hands(client_context(trust, TlsProfile.LEGACY), server, "pbx.test") == "TLSv1.1"
    with pytest.raises(ssl.SSLError) as caught:
        shake_hands(client_context(trust), server, "pbx.test")
    assert "legacy" in explain(caught.value).advice


def test_the_legacy_profile_verifies_all_the_same(tmp_path: Path, authority: Authority, trust: Path) -> None:
    server = old_server(tmp_path, authority)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client_context(trust, TlsProfile.LEGACY), server, "other.test")


def test_the_phone_shows_its_identity_to_a_server_that_asks(tmp_path: Path, authority: Authority, trust: Path) -> None:
    server = server_context(authority.issue(("pbx.test",)).write(tmp_path, "pbx"))
    server.load_verify_locations(trust)
    server.verify_mode = ssl.CERT_REQUIRED
    phone = authority.issue(("phone.test",)).write(tmp_path, "phone")
    assert shake_hands(client_context(trust, identity=phone), server, "pbx.test") == "TLSv1.3"
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        shake_hands(client_context(trust), server, "pbx.test")


def test_normal_ciphers_have_forward_secrecy_and_authenticate(tmp_path: Path, authority: Authority) -> None:
    for context in (client_context(None), server_context(authority.issue(("a",)).write(tmp_path, "a"))):
        for cipher in context.get_ciphers():
            assert cipher["aead"], cipher["name"]
            assert cipher["name"].startswith(("TLS_", "ECDHE-")), cipher["name"]


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_trust_file_that_is_none_is_a_typed_error_with_advice(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "trust.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrustUnreadable, match=r"trust\.pem") as caught:
        client_context(path)
    assert "PEM" in caught.value.advice
    assert isinstance(caught.value, SecurityError)


def test_a_key_that_belongs_to_another_certificate_is_a_typed_error(tmp_path: Path, authority: Authority) -> None:
    one = authority.issue(("one",)).write(tmp_path, "one")
    authority.issue(("two",)).write(tmp_path, "two").key.replace(one.key)
    with pytest.raises(IdentityUnreadable, match="mismatch"):
        server_context(one)


def test_only_this_module_builds_contexts() -> None:
    builds = re.compile(r"ssl\.(SSLContext\(|create_default_context|_create_unverified)")
    found = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("app/**/*.py") if builds.search(path.read_text())}
    assert found == {"app/security/tls.py"}
