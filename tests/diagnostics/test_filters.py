"""Secrets do not reach the log, and a flood does not drown it."""

from __future__ import annotations

import logging

import pytest

from app.diagnostics.filters import OncePerSecond, redact


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ('Authorization: Digest username="42", nonce="abc", response="6629fae49393a05397450978507c4ef1"', "6629fae4"),
        ("Proxy-Authorization: Basic NDI6Z2VoZWlt", "NDI6"),
        ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4", "WVNf"),
        ("registering with password=geheim now", "geheim"),
        ("{'password': 'geheim', 'user': '42'}", "geheim"),
        ('"sip.password":"geheim"', "geheim"),
        ("PIN: 2580", "2580"),
        ("https://pbx.test/?token=abcdef&x=1", "abcdef"),
        ("$scrypt$ln=15,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA", "c2Fs"),
        ("-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----", "MIGH"),
    ],
)
def test_what_looks_like_a_secret_is_blanked(line: str, secret: str) -> None:
    assert secret in line
    assert secret not in redact(line)
    assert "***" in redact(line)


@pytest.mark.parametrize(
    "line", ["ping: 3 ms", "pinned to core 1", "response 200 OK", "SIP/2.0 401 Unauthorized", "passing: 3 tests"]
)
def test_plain_lines_stay_as_they_are(line: str) -> None:
    assert redact(line) == line


def record(text: str, *args: object, at: float, level: int = logging.WARNING, name: str = "sip") -> logging.LogRecord:
    made = logging.LogRecord(name, level, "file.py", 1, text, args, None)
    made.created = at
    return made


def test_a_kind_passes_once_a_second_and_says_how_many_it_kept_back() -> None:
    limiter = OncePerSecond()
    lines = [record("malformed from %s", f"192.0.2.{n}", at=10 + n / 100) for n in range(100)]
    assert [limiter.filter(line) for line in lines] == [True] + [False] * 99
    later = record("malformed from %s", "192.0.2.200", at=11.01)
    assert limiter.filter(later)
    assert later.getMessage() == "malformed from 192.0.2.200 (99 more like this before)"
    again = record("malformed from %s", "192.0.2.201", at=12.02)
    assert limiter.filter(again)
    assert again.getMessage() == "malformed from 192.0.2.201"


def test_other_kinds_are_not_held_back() -> None:
    limiter = OncePerSecond()
    assert limiter.filter(record("one", at=1))
    assert limiter.filter(record("two", at=1))
    assert limiter.filter(record("one", at=1, name="media"))
    assert limiter.filter(record("one", at=1, level=logging.ERROR))
    assert not limiter.filter(record("one", at=1.5))


def test_debug_lines_all_pass() -> None:
    limiter = OncePerSecond()
    assert all(limiter.filter(record("packet", at=1, level=logging.DEBUG)) for _ in range(10))


def test_a_clock_set_back_silences_nothing_for_long() -> None:
    limiter = OncePerSecond()
    assert limiter.filter(record("one", at=1_000_000))
    assert limiter.filter(record("one", at=5))


def test_what_it_remembers_is_bounded() -> None:
    limiter = OncePerSecond()
    for n in range(5000):
        limiter.filter(record(f"kind {n}", at=1))
    assert len(limiter._passed) <= 512
