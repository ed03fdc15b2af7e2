"""DTLS-SRTP's attributes as they are written and read (RFC 5763, RFC 8122, RFC 8842), malformed ones among them."""

from __future__ import annotations

import pytest

from app.model.crypto import DtlsDescription, DtlsSetup, Fingerprint
from app.signalling.sip.dtls_srtp import MAX_FINGERPRINTS, dtls_lines, read_dtls
from app.signalling.sip.sdp import parse_sdp

DIGEST = bytes(range(32))
TEXT = DIGEST.hex(":").upper()
NAME = "abcdefghijklmnopqrst"
GOOD = ("fingerprint", f"sha-256 {TEXT}")


def test_written_and_read() -> None:
    described = DtlsDescription(DtlsSetup.ACTPASS, (Fingerprint("sha-256", DIGEST),), NAME)
    lines = ["a=setup:actpass", f"a=tls-id:{NAME}", f"a=fingerprint:sha-256 {TEXT}"]
    assert dtls_lines(described) == lines
    assert read_dtls([("fingerprint", f"SHA-256 {TEXT.lower()}"), ("setup", "actpass"), ("tls-id", NAME)]) == described


def test_who_begins_where_nobody_says() -> None:
    found = read_dtls([GOOD])
    assert found is not None
    assert (found.setup, found.association) == (DtlsSetup.ACTIVE, "")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "sha-256",
        TEXT,
        f"sha-256 {TEXT[:-3]}",
        f"sha-256 {TEXT}:00",
        f"sha-256 {TEXT[:-1]}",
        f"sha-256 {TEXT.replace(':', '')}",
        f"sha-256 {TEXT.replace('00', 'GG')}",
        f"sha-512 {TEXT}",
        f"sha-1 {bytes(20).hex(':')}",
        f"md5 {bytes(16).hex(':')}",
        f"{'x' * 50} {TEXT}",
    ],
)
def test_a_fingerprint_that_proves_nothing_is_none(value: str | None) -> None:
    assert read_dtls([("fingerprint", value)]) is None
    good = read_dtls([("fingerprint", value), GOOD])
    assert good is not None
    assert good.fingerprints == (Fingerprint("sha-256", DIGEST),)


@pytest.mark.parametrize("setup", ["holdconn", "ACTIVE", "both", "x" * 100])
def test_a_setup_that_begins_nothing(setup: str) -> None:
    assert read_dtls([GOOD, ("setup", setup)]) is None


@pytest.mark.parametrize("name", ["short", "x" * 256, "äöüäöüäöüäöüäöüäöüäöü", "with spaces in the name"])
def test_a_name_that_is_none(name: str) -> None:
    found = read_dtls([GOOD, ("tls-id", name)])
    assert found is not None
    assert found.association == ""


def test_no_more_fingerprints_are_read_than_anybody_means() -> None:
    found = read_dtls([GOOD] * 100)
    assert found is not None
    assert len(found.fingerprints) == MAX_FINGERPRINTS


def test_a_fingerprint_of_the_whole_session_is_each_medium_s() -> None:
    head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    session = f"a=fingerprint:sha-256 {TEXT}\r\na=setup:passive\r\n"
    medium = "m=audio 5004 UDP/TLS/RTP/SAVP 0\r\na=setup:active\r\n"
    audio = parse_sdp((head + session + medium).encode()).media[0]
    assert audio.dtls == DtlsDescription(DtlsSetup.ACTIVE, (Fingerprint("sha-256", DIGEST),))
    assert audio.attributes == ()
