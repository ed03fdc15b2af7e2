"""RC4 and MD4 against published vectors."""

from __future__ import annotations

import pytest

from app.security.legacy_ciphers import md4, rc4


@pytest.mark.parametrize(
    ("text", "digest"),
    [  # RFC 1320, A.5
        ("", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        ("a", "bde52cb31de33e46245e05fbdbd6fb24"),
        ("abc", "a448017aaf21d8525fc10ae87aa6729d"),
        ("message digest", "d9130a8164549fe818874806e1c7014b"),
        ("abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "043f8582f241db351ce627e153e7f0e4"),
        ("1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536"),
    ],
)
def test_md4(text: str, digest: str) -> None:
    assert md4(text.encode()).hex() == digest


@pytest.mark.parametrize("length", range(50, 70))
def test_md4_pads_at_every_edge_of_a_block(length: int) -> None:
    assert md4(bytes(length)) != md4(bytes(length + 1))


@pytest.mark.parametrize(
    ("key", "stream"),
    [  # RFC 6229, 2: the first 16 bytes
        ("0102030405", "b2396305f03dc027ccc3524a0a1118a8"),
        ("0102030405060708090a0b0c0d0e0f10", "9ac7cc9a609d1ef7b2932899cde41b97"),
        ("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", "eaa6bd25880bf93d3f5d1e4ca2611d91"),
    ],
)
def test_rc4(key: str, stream: str) -> None:
    assert rc4(bytes.fromhex(key), bytes(16)).hex() == stream


def test_rc4_takes_the_pbxs_long_keys_and_undoes_itself() -> None:
    key = b"k" * 80
    assert rc4(key, rc4(key, b"secret")) == b"secret"


@pytest.mark.parametrize("length", [0, 257])
def test_rc4_refuses_other_keys(length: int) -> None:
    with pytest.raises(ValueError, match="1 to 256"):
        rc4(bytes(length), b"x")
