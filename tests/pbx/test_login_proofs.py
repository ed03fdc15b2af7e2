"""The formulas of a myApps login, by published vectors and by the other side of each."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.pbx import login_proofs
from app.pbx.login_proofs import KeyShare, Round
from app.settings.secret import Secret

JDO = Round("example.com", "jdo", Secret("secret"), "0011223344556677", "d96860923b454461")
INFO = b'{"user":{"domain":"example.com","sip":"jdo"}}'


def test_the_proof_of_a_login() -> None:
    proof = "62e4b665c1cfef0ba8177f6ac0002fdc6884d84f8cd85a15a655e59d4a6a38e9"
    assert login_proofs.login_response("user", JDO) == proof
    assert login_proofs.login_response("session", JDO) != proof


def test_the_proof_of_the_pbx_is_over_the_text_as_it_came() -> None:
    digest = "6dc988a15226e16c9b499a9693b869bddf7d51ca1a94886336234d5a286c7bb1"
    assert login_proofs.proves(login_proofs.result_digest(JDO, INFO), digest.upper())
    assert not login_proofs.proves(login_proofs.result_digest(JDO, INFO.replace(b",", b", ")), digest)
    assert not login_proofs.proves(digest, "\N{SNOWMAN}")


def test_a_redirect_leaves_the_domain_out() -> None:
    elsewhere = Round("other.example.com", "jdo", Secret("secret"), JDO.nonce, JDO.challenge)
    assert login_proofs.redirect_digest(JDO, INFO) == login_proofs.redirect_digest(elsewhere, INFO)


def test_session_credentials_are_decrypted() -> None:
    used = Round("", "", Secret("ip411"), "5bba709c4b68374d", "")
    usr = "568665fc2f134d3133325b1f30d66e4e6c9f6f9d165e2f5ce7bbfff1b1de68da"
    found = login_proofs.session_credentials(used, usr, "")
    assert found.usr == "9ae4b9193f1362019e19009033400109"
    assert "***" in repr(found)


@pytest.mark.parametrize("text", ["no hex", "ff" * 16])
def test_credentials_that_make_no_text_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hex|decode"):
        login_proofs.session_credentials(Round("", "", Secret("ip411"), "5bba709c4b68374d", ""), text, "")


def test_the_response_of_ntlm() -> None:  # MS-NLMP, 4.2.2
    response = "67c43011f30298a2ad35ece64f16331c44bdbed927841f94"
    assert login_proofs.ntlm_response(Secret("Password"), "0123456789abcdef") == response
    assert len(login_proofs.ntlm_password(Secret("Password")).reveal()) == 32


@pytest.mark.parametrize("challenge", ["", "0123", "0123456789abcdef00", "x" * 16])
def test_ntlm_takes_challenges_of_eight_bytes_only(challenge: str) -> None:
    with pytest.raises(ValueError, match=r"8 bytes|hex"):
        login_proofs.ntlm_response(Secret("Password"), challenge)


def test_both_sides_make_the_same_of_their_key_shares() -> None:
    ours = KeyShare()
    theirs = ec.generate_private_key(ec.SECP256R1())
    numbers = theirs.public_key().public_numbers()
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + bytes.fromhex(ours.share))
    assert ours.password(f"{numbers.x:064x}{numbers.y:064x}").reveal() == theirs.exchange(ec.ECDH(), point).hex()


@pytest.mark.parametrize("share", ["", "00" * 64, "00" * 63, "zz" * 64])
def test_a_key_share_that_is_no_point_is_refused(share: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        KeyShare().password(share)
