"""Messages and login of AppWebsocket."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest

from app.pbx import app_login
from app.pbx.app_login import AppLogin
from app.pbx.app_message import NAME_CHARACTERS, AppError, Envelope, ErrorCode
from app.pbx.app_session import AppSession
from app.settings.secret import Secret

TOKEN = "a long enough token"
USERS = (
    '{"appobj":"users","apps":[{"name":"users"},{"name":"profile"}],'
    '"appurl":"https://1.2.3.4/example.com/usersapp/innovaphone-users","unlicensed":true}'
)


class Echo:
    """An API that answers with what it was sent."""

    def __init__(self) -> None:
        self.closed = 0
        self.received: list[tuple[Envelope, bytes]] = []

    def receive(self, envelope: Envelope, text: bytes) -> None:
        if envelope.mt == "Refuse":
            raise AppError(ErrorCode.REFUSED, "No. Do something else.")
        self.received.append((envelope, text))

    def close(self) -> None:
        self.closed += 1


class Client:
    """A session and what it says."""

    def __init__(self, token: str = TOKEN) -> None:
        self.echo, self.phone = Echo(), Echo()
        self.said: list[dict[str, Any]] = []
        self.session = AppSession(
            lambda: Secret(token),
            lambda app, send: {"": self.echo, "com.innovaphone.phone": self.phone},
            lambda text: self.said.append(json.loads(text)),
            ("com.innovaphone.phone",),
        )

    def send(self, text: str | bytes | dict[str, object]) -> bool:
        octets = text if isinstance(text, bytes) else (text if isinstance(text, str) else json.dumps(text)).encode()
        return self.session.receive(octets)

    def log_in(self, token: str = TOKEN) -> bool:
        self.send({"mt": "AppChallenge"})
        text = f"tester:::::{self.said[-1]['challenge']}:{token}"
        return self.send({"mt": "AppLogin", "app": "tester", "digest": hashlib.sha256(text.encode()).hexdigest()})


@pytest.mark.parametrize(
    ("login", "digest"),
    [
        (AppLogin("pbxadminapi", ""), "a205299ed2ef2786c311e0be1b14db343f2cadd906a6ae7b564eee34bda5e9a1"),
        (
            AppLogin("pbxadminapi", "", info=msgspec.Raw(b"{}")),
            "57b23fe824b9222a7ac879597cb509bcdc865a1bfeb057d9d12118cef0c3ba34",
        ),
        (
            AppLogin("pbxadminapi", "", info=msgspec.Raw(b'{"cn":"Test User"}')),
            "96db3c3f657230c2b68194becc6d2a77f05de9f79f01fc81e9ca0fb196b10d9d",
        ),
        (
            AppLogin(
                "innovaphone-users",
                "",
                "example.com",
                "administrator",
                "0123456789abcdef0123456789abcdef",
                "Administrator User",
                msgspec.Raw(USERS.encode()),
            ),
            "ef1b811ffaa8f9255c39c653d8fb26b4687b2d8c4d9ac91b4821bff6bae3ff44",
        ),
    ],
)
def test_the_vendors_digests(login: AppLogin, digest: str) -> None:
    assert app_login.digest(login, "0123456789abcdef", Secret("pwd")) == digest


def test_a_login_opens_the_apis() -> None:
    client = Client()
    assert client.log_in()
    assert client.said[-1] == {"mt": "AppLoginResult", "ok": True}
    client.send('{"mt":"Hello","src":"7"}')
    client.send('{"mt":"StartCall","api":"com.innovaphone.phone"}')
    assert client.echo.received == [(Envelope("Hello", "", "7"), b'{"mt":"Hello","src":"7"}')]
    assert [envelope.mt for envelope, _ in client.phone.received] == ["StartCall"]
    client.session.close()
    client.session.close()
    assert (client.echo.closed, client.phone.closed) == (1, 1)


@pytest.mark.parametrize("info", ["{}", '{"cn":"Test User"}', '{"b": 1, "a":"\u00fc/"}'])
def test_a_logins_info_is_hashed_as_it_came(info: str) -> None:
    client = Client()
    client.send({"mt": "AppChallenge"})
    text = f"tester:::::{info}:{client.said[-1]['challenge']}:{TOKEN}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert client.send(f'{{"mt":"AppLogin","app":"tester","info":{info},"digest":"{digest}"}}')
    assert client.said[-1] == {"mt": "AppLoginResult", "ok": True}


def test_info_that_is_no_utf_8_proves_nothing() -> None:
    client = Client()
    client.send({"mt": "AppChallenge"})
    assert not client.send(b'{"mt":"AppLogin","app":"tester","info":{"cn":"\xff"},"digest":"00"}')
    assert client.said[-1] == {"mt": "AppLoginResult"}


def test_a_wrong_token_ends_the_connection() -> None:
    client = Client()
    assert not client.log_in("a wrong enough token")
    assert client.said[-1] == {"mt": "AppLoginResult"}


def test_nobody_logs_in_without_a_token() -> None:
    assert not Client("").log_in("")


def test_a_challenge_is_used_once() -> None:
    client = Client()
    client.send({"mt": "AppChallenge"})
    challenge = client.said[-1]["challenge"]
    digest = hashlib.sha256(f"a:::::{challenge}:{TOKEN}".encode()).hexdigest()
    assert client.send({"mt": "AppLogin", "app": "a", "digest": digest})
    again = Client()
    assert not again.send({"mt": "AppLogin", "app": "a", "digest": digest})
    assert len(challenge) == 16


def test_nothing_is_done_before_the_login() -> None:
    client = Client()
    assert client.send({"mt": "Hello", "src": "1"})
    assert client.send({"mt": "AppChallenge", "api": "com.innovaphone.phone"})
    assert [said["error"] for said in client.said] == [ErrorCode.NOT_LOGGED_IN] * 2
    assert "AppChallenge" in client.said[0]["errorText"]
    assert not client.echo.received


def test_what_is_asked_of_any_service_needs_no_login() -> None:
    client = Client()
    questions: list[dict[str, object]] = [
        {"mt": "CheckBuild", "url": "http://127.0.0.1/1/app.htm", "src": "1"},
        {"mt": "AppInfo", "src": "2"},
    ]
    info = {"hidden": True, "apis": {"com.innovaphone.phone": {}}}
    answers = [
        {"mt": "CheckBuildResult", "src": "1"},
        {"mt": "AppInfoResult", "src": "2", "info": info, "deviceapp": "phone"},
    ]
    for question in questions:
        assert client.send(question)
    assert client.said == answers
    client.log_in()
    for question in questions:
        client.send(question)
    assert client.said[-2:] == answers
    client.send({"mt": "AppInfo", "api": "com.innovaphone.phone"})
    assert [envelope.mt for envelope, _ in client.phone.received] == ["AppInfo"]


def test_keep_alive_has_no_answer() -> None:
    client = Client()
    assert client.send({"mt": "KeepAlive"})
    assert client.said == []


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", ErrorCode.MALFORMED, "not JSON"),
        ("nonsense", ErrorCode.MALFORMED, "not JSON"),
        (b'{"mt":"\xff"}', ErrorCode.MALFORMED, "not JSON"),
        ("[" * 30000, ErrorCode.MALFORMED, "'mt'"),
        ('{"mt":' + "[" * 30000, ErrorCode.MALFORMED, "'mt'"),
        ("[]", ErrorCode.MALFORMED, "'mt'"),
        ("{}", ErrorCode.MALFORMED, "'mt'"),
        ('{"mt":""}', ErrorCode.MALFORMED, "'mt' is empty"),
        ('{"mt":5}', ErrorCode.MALFORMED, "'mt'"),
        ('{"mt":"Hello","src":5}', ErrorCode.MALFORMED, "src"),
        (json.dumps({"mt": "x" * (NAME_CHARACTERS + 1)}), ErrorCode.MALFORMED, "length"),
        ('{"mt":"Hello","api":"nobody"}', ErrorCode.UNKNOWN, "com.innovaphone.phone"),
        ('{"mt":"Refuse"}', ErrorCode.REFUSED, "Do something else"),
    ],
)
def test_what_is_wrong_is_said(text: str | bytes, code: ErrorCode, words: str) -> None:
    client = Client()
    client.log_in()
    assert client.send(text)
    assert client.said[-1]["error"] == code
    assert words in client.said[-1]["errorText"]
    assert client.said[-1]["mt"] in ("Error", "HelloResult", "RefuseResult")


def test_an_error_carries_the_src_of_its_question() -> None:
    client = Client()
    client.log_in()
    client.send({"mt": "Refuse", "src": "42"})
    assert (client.said[-1]["mt"], client.said[-1]["src"]) == ("RefuseResult", "42")


def test_a_login_that_cannot_be_read_is_refused_in_words() -> None:
    client = Client()
    assert client.send({"mt": "AppLogin", "digest": "00"})
    assert "app" in client.said[-1]["errorText"]
    assert client.send({"mt": "AppLogin", "app": "a\nb", "digest": "00"})
    assert client.said[-1]["error"] == ErrorCode.MALFORMED
