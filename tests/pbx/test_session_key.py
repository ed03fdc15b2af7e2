"""The key of a login to an app, and fields that are encrypted with it."""

from __future__ import annotations

import pytest

from app.pbx import app_login
from app.pbx.app_connection import AppConnection
from app.pbx.app_login import AppLogin
from app.pbx.app_session import AppSession
from app.pbx.errors import FieldUnreadable
from app.pbx.session_key import LONGEST_SEED, SessionKey
from app.pbx.session_messages import AppGetLoginResult
from app.settings.secret import Secret

PASSWORD = Secret("pwd")
KEY = SessionKey.of_login("0123456789abcdef", PASSWORD)


def test_the_key_is_the_vendors() -> None:
    assert KEY.value.reveal() == "d58c77eae0c1c1f37a9f545e207643c926ad9ea4932016a83a4a01029de37760"


@pytest.mark.parametrize("text", ["", "secret", "Grüße, 東京", "x" * 10_000])
def test_a_field_is_read_with_the_same_key_and_seed(text: str) -> None:
    field = KEY.encrypt("seed", text)
    assert (len(field), KEY.decrypt("seed", field).reveal()) == (2 * len(text.encode()), text)
    assert KEY.encrypt("another seed", text) != field or not text


@pytest.mark.parametrize("field", ["zz", "abc", KEY.encrypt("seed", "ü" * 50)])
def test_a_field_that_is_none_is_told(field: str) -> None:
    with pytest.raises(FieldUnreadable):
        KEY.decrypt("of another message", field)


def test_a_hash_is_of_seed_key_and_text() -> None:
    assert KEY.hash("a", "b") not in (KEY.hash("a", "c"), KEY.hash("c", "b"), KEY.hash("a:b", ""))
    assert len(KEY.hash("a", "b")) == 64


def test_the_longest_seed_is_taken_and_no_longer_one() -> None:
    KEY.encrypt("s" * LONGEST_SEED, "text")
    with pytest.raises(ValueError, match="256"):
        KEY.encrypt("s" * (LONGEST_SEED + 1), "text")


def test_a_key_is_not_shown() -> None:
    assert KEY.value.reveal() not in repr(KEY)


def test_both_ends_of_a_login_have_the_same_key() -> None:
    """The phone's client with what a PBX that knows the password makes of the challenge, at the phone's own service."""
    to_client: list[str] = []
    session = AppSession(lambda: PASSWORD, lambda app, send: {}, to_client.append)
    to_service: list[str] = []
    client = AppConnection(to_service.append)
    client.begin()

    def carry() -> None:
        while to_service or to_client:
            if to_service:
                session.receive(to_service.pop(0).encode())
            else:
                client.receive(to_client.pop(0).encode())

    carry()
    made = AppLogin(app="tester", digest="")
    key = SessionKey.of_login(client.challenge, PASSWORD)
    digest = app_login.digest(made, client.challenge, PASSWORD)
    client.log_in(AppGetLoginResult(src="", app="tester", digest=digest, key=key.value))
    carry()
    assert client.up
    assert client.key is not None
    assert session.key is not None
    assert session.key.decrypt("seed", client.key.encrypt("seed", "secret")).reveal() == "secret"
