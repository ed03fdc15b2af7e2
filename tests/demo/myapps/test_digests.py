"""The formulas, against the published vectors."""

from __future__ import annotations

import pytest

from app.demo.myapps import digests

USERS_INFO = (
    '{"appobj":"users","apps":[{"name":"users"},{"name":"profile"}],'
    '"appurl":"https://1.2.3.4/example.com/usersapp/innovaphone-users","unlicensed":true}'
)
USERS = ("innovaphone-users", "example.com", "administrator", "0123456789abcdef" * 2, "Administrator User")
API = ("pbxadminapi", "", "", "", "")


@pytest.mark.parametrize(
    ("fields", "info", "digest"),
    [
        (API, None, "a205299ed2ef2786c311e0be1b14db343f2cadd906a6ae7b564eee34bda5e9a1"),
        (API, "{}", "57b23fe824b9222a7ac879597cb509bcdc865a1bfeb057d9d12118cef0c3ba34"),
        (API, '{"cn":"Test User"}', "96db3c3f657230c2b68194becc6d2a77f05de9f79f01fc81e9ca0fb196b10d9d"),
        (USERS, USERS_INFO, "ef1b811ffaa8f9255c39c653d8fb26b4687b2d8c4d9ac91b4821bff6bae3ff44"),
    ],
)
def test_app_logins(fields: tuple[str, str, str, str, str], info: str | None, digest: str) -> None:
    assert digests.app_login(fields, info, "0123456789abcdef", "pwd") == digest


def test_the_key_of_an_app_session() -> None:
    key = digests.app_session_key("0123456789abcdef", "pwd")
    assert key == "d58c77eae0c1c1f37a9f545e207643c926ad9ea4932016a83a4a01029de37760"


def test_a_log_in_and_its_result() -> None:
    who = ("example.com", "jdo", "secret", "0011223344556677", "d96860923b454461")
    response = digests.login_response("user", *who)
    assert response == "62e4b665c1cfef0ba8177f6ac0002fdc6884d84f8cd85a15a655e59d4a6a38e9"
    result = digests.login_result(*who, '{"user":{"domain":"example.com","sip":"jdo"}}')
    assert result == "6dc988a15226e16c9b499a9693b869bddf7d51ca1a94886336234d5a286c7bb1"


def test_a_sealed_session() -> None:
    sealed = digests.seal_session("usr", "5bba709c4b68374d", "ip411", "9ae4b9193f1362019e19009033400109")
    assert sealed == "568665fc2f134d3133325b1f30d66e4e6c9f6f9d165e2f5ce7bbfff1b1de68da"


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        (b"abc", "a448017aaf21d8525fc10ae87aa6729d"),
        (b"1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536"),
    ],
)
def test_md4_as_in_rfc_1320(text: bytes, digest: str) -> None:
    assert digests.md4(text).hex() == digest


def test_ntlm_as_in_ms_nlmp_4_2_2() -> None:
    assert digests.nt_hash("Password").hex() == "a4f49c406510bdcab6824ee7c30fd852"
    response = digests.ntlm_response("Password", bytes.fromhex("0123456789abcdef"))
    assert response == "67c43011f30298a2ad35ece64f16331c44bdbed927841f94"


def test_both_halves_of_a_key_agreement_agree() -> None:
    ours, theirs = digests.KeyShare(), digests.KeyShare()
    assert len(ours.public) == 128
    assert ours.secret(theirs.public) == theirs.secret(ours.public)
