"""A myApps login, message by message, with a PBX that makes its digests by itself."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from app.model.pbx import SessionState
from app.pbx.login_proofs import SessionCredentials
from app.pbx.myapps_login import Account, LoggedIn, LoginRefused, MyAppsLogin, Redirected
from app.pbx.server_string import PbxAddress
from app.settings.secret import Secret

USER = {"domain": "example.com", "sip": "jdo", "guid": "0" * 32, "dn": "John Dö", "num": "27", "email": ""}
CHALLENGE = "d96860923b454461"
SESSION = SessionCredentials("9ae4b9193f1362019e19009033400109", Secret("a session's password"))
BY_PASSWORD = Account("jdo", Secret("secret"), user_agent="phone")


def rc4(key: str, data: str) -> str:
    """The PBX's own cipher."""
    box, j, out = list(range(256)), 0, []
    for i in range(256):
        j = (j + box[i] + key.encode()[i % len(key.encode())]) % 256
        box[i], box[j] = box[j], box[i]
    i = j = 0
    for octet in data.encode():
        i, j = (i + 1) % 256, (j + box[(i + 1) % 256]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(octet ^ box[(box[i] + box[j]) % 256])
    return bytes(out).hex()


class Pbx:
    """The far end of one login."""

    def __init__(self, account: Account = BY_PASSWORD, **methods: bool) -> None:
        self.said: list[dict[str, Any]] = []
        self.login = MyAppsLogin(account, lambda text: self.said.append(json.loads(text)))
        self.login.begin()
        self.say({"mt": "LoginInfoResult", "user": methods or {"digest": True}, "session": {"digest": True}})

    def say(self, message: dict[str, Any] | str | bytes) -> None:
        text = json.dumps(message) if isinstance(message, dict) else message
        self.login.receive(text if isinstance(text, bytes) else text.encode())

    def challenge(self, method: str = "digest", **more: str) -> dict[str, Any]:
        kind = self.said[-1]["type"]
        self.say({"mt": "Authenticate", "type": kind, "method": method, "domain": "example.com",
                  "challenge": CHALLENGE, **more})  # fmt: skip
        return self.said[-1]

    def digest(self, what: str, password: str, info: str, username: str = "jdo", domain: str = "example.com:") -> str:
        nonce = next(said["nonce"] for said in reversed(self.said) if "nonce" in said)
        whole = f"innovaphoneAppClient:{what}:{domain}{username}:{password}:{nonce}:{CHALLENGE}:{info}"
        return hashlib.sha256(whole.encode()).hexdigest()

    def session(self, password: str) -> dict[str, str]:
        head = f"{self.said[-1]['nonce']}:{password}"
        return {"usr": rc4(f"innovaphoneAppClient:usr:{head}", SESSION.usr),
                "pwd": rc4(f"innovaphoneAppClient:pwd:{head}", "a session's password")}  # fmt: skip

    def result(self, password: str, info: dict[str, Any], **named: str) -> None:
        text = json.dumps(info, ensure_ascii=False, separators=(",", ":"))
        digest = self.digest("loginresult", password, text, **named)
        self.say(f'{{"mt":"LoginResult","info":{text},"digest":"{digest}"}}')


def test_a_login_by_name_and_password() -> None:
    pbx = Pbx()
    assert pbx.said == [{"mt": "LoginInfo"}, {"mt": "Login", "type": "user", "userAgent": "phone"}]
    proof = pbx.challenge()
    nonce = proof["nonce"]
    whole = f"innovaphoneAppClient:user:example.com:jdo:secret:{nonce}:{CHALLENGE}"
    assert proof["response"] == hashlib.sha256(whole.encode()).hexdigest()
    assert len(nonce) == 16
    pbx.result("secret", {"user": USER, "settings": {"b": 1, "a": 2}, "session": pbx.session("secret"),
                          "alt": "standby.example.com:4433/PBX0", "master": "pbx.example.com/PBX0"})  # fmt: skip
    outcome = pbx.login.outcome
    assert isinstance(outcome, LoggedIn)
    assert (outcome.user.dn, outcome.session, outcome.settings) == ("John Dö", SESSION, b'{"b":1,"a":2}')
    assert outcome.standbys.explicit == PbxAddress("standby.example.com", 4433)
    assert outcome.standbys.implicit == PbxAddress("pbx.example.com")


def test_a_standby_that_is_the_master_is_no_explicit_one() -> None:
    pbx = Pbx()
    pbx.challenge()
    pbx.result("secret", {"user": USER, "alt": "pbx.example.com/PBX0", "altMaster": True})
    assert isinstance(pbx.login.outcome, LoggedIn)
    assert pbx.login.outcome.standbys.explicit is None
    assert pbx.login.outcome.standbys.implicit == PbxAddress("pbx.example.com")


def test_the_documents_flat_info_is_taken_too() -> None:
    pbx = Pbx()
    pbx.challenge()
    pbx.result("secret", USER)
    assert isinstance(pbx.login.outcome, LoggedIn)
    assert pbx.login.outcome.user.num == "27"


def test_a_session_is_tried_before_the_password() -> None:
    pbx = Pbx(Account("jdo", Secret("secret"), SESSION))
    assert pbx.said[-1]["type"] == "session"
    assert pbx.challenge()["username"] == SESSION.usr
    pbx.result("a session's password", {"user": USER}, username=SESSION.usr)
    assert isinstance(pbx.login.outcome, LoggedIn)
    assert pbx.login.outcome.session is None


@pytest.mark.parametrize(("error", "gone"), [(5, True), (2, False)])
def test_a_session_that_is_refused_gives_way_to_the_password(error: int, gone: bool) -> None:
    pbx = Pbx(Account("jdo", Secret("secret"), SESSION))
    first = pbx.challenge()
    pbx.say({"mt": "LoginResult", "error": error, "errorText": "Session expired"})
    second = pbx.challenge()
    assert (second["type"], second["username"]) == ("user", "jdo")
    assert second["nonce"] != first["nonce"]
    pbx.result("secret", {"user": USER})
    assert pbx.login.session_gone is gone


@pytest.mark.parametrize("when", ["before the challenge", "after the proof"])
def test_who_has_not_proved_himself_ends_no_session(when: str) -> None:
    pbx = Pbx(Account("jdo", Secret("secret"), SESSION))
    if when == "after the proof":
        pbx.challenge()
    pbx.say({"mt": "LoginResult", "error": 5, "errorText": "Session expired"})
    assert not pbx.login.session_gone
    pbx.challenge()
    pbx.result("another", {"user": USER})
    assert isinstance(pbx.login.outcome, LoginRefused)
    assert not pbx.login.session_gone


def test_another_trouble_leaves_the_session_alone() -> None:
    pbx = Pbx(Account("jdo", Secret("secret"), SESSION))
    pbx.challenge()
    pbx.say({"mt": "LoginResult", "error": 3, "errorText": "No licence\x1b[2J"})
    assert not pbx.login.session_gone
    assert isinstance(pbx.login.outcome, LoginRefused)
    assert r"No licence\x1b[2J" in pbx.login.outcome.words


def test_a_wrong_password_is_said() -> None:
    pbx = Pbx()
    pbx.challenge()
    pbx.say({"mt": "LoginResult", "error": 2, "errorText": "Authentication failed"})
    assert isinstance(pbx.login.outcome, LoginRefused)
    assert "pbx.password" in pbx.login.outcome.advice
    assert pbx.login.state is SessionState.REFUSED


def test_a_second_factor_is_shown_and_waited_for() -> None:
    pbx = Pbx()
    pbx.challenge()
    pbx.say({"mt": "Authorize", "code": 2001})
    assert (pbx.login.state, pbx.login.code, pbx.login.outcome) == (SessionState.SECOND_FACTOR, "2001", None)
    pbx.result("secret", {"user": USER})
    assert isinstance(pbx.login.outcome, LoggedIn)


def test_ntlm() -> None:
    pbx = Pbx(Account("jdo", Secret("Password")), ntlm=True)
    pbx.say({"mt": "Authenticate", "type": "user", "method": "ntlm", "domain": "example.com",
             "challenge": "0123456789abcdef"})  # fmt: skip
    assert pbx.said[-1]["response"] == "67c43011f30298a2ad35ece64f16331c44bdbed927841f94"


@pytest.mark.parametrize("account", [BY_PASSWORD, Account("jdo", Secret("secret"), SESSION)], ids=["user", "session"])
def test_a_weaker_proof_than_was_offered_is_not_given(account: Account) -> None:
    pbx = Pbx(account)
    pbx.say({"mt": "Authenticate", "type": pbx.said[-1]["type"], "method": "ntlm", "domain": "example.com",
             "challenge": "0123456789abcdef"})  # fmt: skip
    assert isinstance(pbx.login.outcome, LoginRefused)
    assert not any("response" in said for said in pbx.said)


def test_oauth2_shows_a_page_and_agrees_on_a_secret() -> None:
    pbx = Pbx(Account(), oauth2=True)
    asked = pbx.said[-1]
    pbx.challenge("oauth2", url="https://login.example.com/?x=1")
    assert (pbx.login.state, pbx.login.url) == (SessionState.OAUTH2, "https://login.example.com/?x=1")
    key = ec.generate_private_key(ec.SECP256R1())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(f"04{asked['keyShare']}"))
    secret = key.exchange(ec.ECDH(), theirs).hex()
    point = key.public_key().public_numbers()
    pbx.result(secret, {"user": USER, "keyShare": f"{point.x:064x}{point.y:064x}", "session": pbx.session(secret)})
    assert isinstance(pbx.login.outcome, LoggedIn)
    assert pbx.login.outcome.session == SESSION


def test_a_login_on_a_page_proves_nothing_of_the_pbx() -> None:
    pbx = Pbx(Account("jdo", session=SESSION), oauth2=True)
    pbx.challenge()
    pbx.say({"mt": "LoginResult", "error": 5, "errorText": "Session expired"})
    asked = pbx.said[-1]
    pbx.challenge("oauth2", url="https://login.example.com/")
    key = ec.generate_private_key(ec.SECP256R1())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(f"04{asked['keyShare']}"))
    point = key.public_key().public_numbers()
    pbx.result(key.exchange(ec.ECDH(), theirs).hex(), {"user": USER, "keyShare": f"{point.x:064x}{point.y:064x}"})
    assert isinstance(pbx.login.outcome, LoggedIn)
    assert not pbx.login.session_gone


@pytest.mark.parametrize(
    "url",
    ["http://login.example.com/", "https://login.example.com/\x1b[2J", "javascript:x", "https://[", "https:///x"],
)
def test_a_login_page_that_cannot_be_trusted_is_not_shown(url: str) -> None:
    pbx = Pbx(Account(), oauth2=True)
    pbx.challenge("oauth2", url=url)
    assert isinstance(pbx.login.outcome, LoginRefused)
    assert pbx.login.url == ""


def test_a_code_is_shown_on_one_short_line() -> None:
    pbx = Pbx()
    pbx.challenge()
    pbx.say({"mt": "Authorize", "code": "20\n" + "1" * 200})
    assert pbx.login.code.startswith(r"20\n1")
    assert len(pbx.login.code) == 32


def test_a_redirect_is_followed_only_with_its_proof() -> None:
    for password, followed in (("secret", True), ("another", False)):
        pbx = Pbx()
        pbx.challenge()
        info = {"host": "slave.example.com", "https": 4433, "mod": "PBX0-1", "session": pbx.session("secret")}
        text = json.dumps(info)
        digest = pbx.digest("redirect", password, text, domain="")
        pbx.say(f'{{"mt":"Redirect","info":{text},"digest":"{digest}"}}')
        expected = Redirected(PbxAddress("slave.example.com", 4433, "PBX0-1"), SESSION)
        assert (pbx.login.outcome == expected) is followed


def test_who_cannot_prove_himself_is_not_believed() -> None:
    pbx = Pbx()
    pbx.challenge()
    pbx.result("another", {"user": USER, "session": pbx.session("secret")})
    assert isinstance(pbx.login.outcome, LoginRefused)
    assert "not the user's PBX" in pbx.login.outcome.words


@pytest.mark.parametrize(
    ("methods", "account"), [({"digest": True}, Account()), ({"session": True}, BY_PASSWORD)], ids=["no name", "no way"]
)
def test_without_a_way_in_the_phone_says_what_is_missing(methods: dict[str, bool], account: Account) -> None:
    outcome = Pbx(account, **methods).login.outcome
    assert isinstance(outcome, LoginRefused)
    assert "pbx.user" in outcome.advice


@pytest.mark.parametrize(
    "text",
    [
        '{"mt":"Authorize","code":1}',
        '{"mt":"LoginResult","info":{},"digest":""}',
        '{"mt":"Redirect","info":{},"digest":""}',
        '{"mt":"LoginInfoResult"}',
        '{"mt":"Authenticate","type":"session","method":"digest","challenge":"x"}',
        '{"mt":"Authenticate","type":"user","method":"kerberos","challenge":"x"}',
        '{"mt":"Authenticate","type":"user","method":"oauth2","challenge":"x","url":"https://x"}',
        '{"mt":"Authenticate","type":"user","method":"ntlm","challenge":"x"}',
        "no message",
        "[" * 30000,
        b'{"mt":"LoginResult","info":{"x":"\xff"},"digest":""}',
    ],
)
def test_what_is_wrong_or_out_of_turn_ends_the_login_in_words(text: str | bytes) -> None:
    pbx = Pbx()
    pbx.say(text)
    assert isinstance(pbx.login.outcome, LoginRefused)
    assert pbx.login.outcome.advice


def test_info_that_is_no_utf_8_is_not_believed() -> None:
    pbx = Pbx()
    pbx.challenge()
    pbx.say(b'{"mt":"LoginResult","info":{"x":"\xff"},"digest":""}')
    assert isinstance(pbx.login.outcome, LoginRefused)


def test_what_is_not_of_the_login_is_left_alone() -> None:
    pbx = Pbx()
    pbx.say('{"mt":"UpdateRegister","profile":"profile"}')
    assert pbx.login.outcome is None


ANY: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()) | st.just({})
)
FIELDS = {
    "Authenticate": ("type", "method", "domain", "challenge", "url"),
    "Authorize": ("code",),
    "LoginResult": ("info", "digest", "error", "errorText"),
    "Redirect": ("info", "digest"),
    "LoginInfoResult": ("user", "session"),
}


@given(st.data())
def test_wrong_types_at_every_field_never_log_in(data: st.DataObject) -> None:
    pbx = Pbx()
    if data.draw(st.booleans()):
        pbx.challenge()
    for _ in range(3):
        mt = data.draw(st.sampled_from(sorted(FIELDS)))
        pbx.say({"mt": mt} | {name: data.draw(ANY) for name in FIELDS[mt]})
    assert not isinstance(pbx.login.outcome, LoggedIn | Redirected)


@given(st.data())
def test_wrong_types_in_proven_info_are_refused(data: st.DataObject) -> None:
    pbx = Pbx()
    pbx.challenge()
    names = ("user", "settings", "session", "keyShare", "alt", "master", "altMaster", "sip")
    wrong = data.draw(st.sampled_from(names))
    pbx.result("secret", {"user": USER, wrong: data.draw(ANY)})
    assert isinstance(pbx.login.outcome, LoggedIn | LoginRefused)
