"""STUN and TURN servers by their URLs."""

from __future__ import annotations

import pytest

from app.media.server_urls import Scheme, ServerUrl, UrlUnusable, parse_server_url


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("stun:example.org", ServerUrl(Scheme.STUN, "example.org", 3478, "udp")),
        ("stun:example.org:8000", ServerUrl(Scheme.STUN, "example.org", 8000, "udp")),
        ("stuns:example.org", ServerUrl(Scheme.STUNS, "example.org", 5349, "tcp")),
        ("turn:example.org?transport=udp", ServerUrl(Scheme.TURN, "example.org", 3478, "udp")),
        ("turn:example.org:8000?transport=TCP", ServerUrl(Scheme.TURN, "example.org", 8000, "tcp")),
        ("turns:example.org", ServerUrl(Scheme.TURNS, "example.org", 5349, "tcp")),
        ("TURN:192.0.2.1", ServerUrl(Scheme.TURN, "192.0.2.1", 3478, "udp")),
        ("stun:[2001:db8::1]:4000", ServerUrl(Scheme.STUN, "2001:db8::1", 4000, "udp")),
        # The vendor's own example.
        ("turn:myturn.domaincom:4077?transport=udp", ServerUrl(Scheme.TURN, "myturn.domaincom", 4077, "udp")),
    ],
)
def test_urls(text: str, server: ServerUrl) -> None:
    assert parse_server_url(text) == server


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "http://example.org",
        "stun://example.org",
        "stun:",
        "stun:user@example.org",
        "stun:example.org:0",
        "stun:example.org:65536",
        "stun:example.org\n",
        "turn:example.org?transport=",
        "turn:example.org?transport=udp&x=1",
        "stun:[example.org]",
        "stun:" + "a" * 254,
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(UrlUnusable):
        parse_server_url(text)
