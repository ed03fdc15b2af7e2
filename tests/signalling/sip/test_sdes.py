"""The crypto attribute: the RFC's examples, what is passed over, and keys that never show."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.crypto import CryptoDescription, CryptoSuite, MasterKey
from app.signalling.sip.sdes import build_crypto, parse_crypto

KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
"""30 octets, from RFC 4568, 9."""


@pytest.mark.parametrize(
    "value",
    [
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1048576",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^48",
        f"1  AES_CM_128_HMAC_SHA1_80  inline:{KEY}  WSH=64",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} -EXTENSION=whatever",
    ],
)
def test_what_is_understood(value: str) -> None:
    crypto = parse_crypto(value)
    assert crypto == CryptoDescription(1, CryptoSuite.AES_CM_128_HMAC_SHA1_80, MasterKey(base64.b64decode(KEY)))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1",
        f"x AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 F8_128_HMAC_SHA1_80 inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}",
        "1 AES_CM_128_HMAC_SHA1_80 inline:",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAAA",
        f"1 AES_256_CM_HMAC_SHA1_80 inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY[:-1]}=A",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^49",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|0",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY};inline:{KEY}",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNAUTHENTICATED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=1",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} EXTENSION=whatever",
    ],
)
def test_what_is_passed_over(value: str) -> None:
    assert parse_crypto(value) is None


def test_padding_may_be_missing() -> None:
    key = bytes(range(46))
    text = base64.b64encode(key).decode()
    assert text.endswith("=")
    for form in (text, text.rstrip("=")):
        crypto = parse_crypto(f"7 AES_256_CM_HMAC_SHA1_32 inline:{form}")
        assert crypto is not None
        assert (crypto.tag, crypto.key) == (7, MasterKey(key))


@given(st.integers(0, 999_999_999), st.sampled_from(CryptoSuite), st.data())
def test_what_is_written_is_understood(tag: int, suite: CryptoSuite, data: st.DataObject) -> None:
    key = data.draw(st.binary(min_size=suite.key_size, max_size=suite.key_size))
    crypto = CryptoDescription(tag, suite, MasterKey(key))
    assert parse_crypto(build_crypto(crypto)) == crypto


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    crypto = parse_crypto(text)
    assert crypto is None or len(crypto.key.reveal()) == crypto.suite.key_size


def test_keys_do_not_show() -> None:
    crypto = CryptoDescription(1, CryptoSuite.AEAD_AES_128_GCM, MasterKey(b"secret key"))
    assert "secret" not in repr(crypto)
    assert "secret" not in f"{crypto.key} {crypto.key!s}"
