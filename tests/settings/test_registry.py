"""The table keeps its own rules, and every check says what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings.errors import SettingsError, UnknownSetting, ValueRefused
from app.settings.registry import REGISTRY, setting
from app.settings.secret import Secret
from app.settings.setting import Kind, Layer, Setting

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@pytest.mark.parametrize("row", REGISTRY.values(), ids=str)
def test_every_default_passes_its_own_check(row: Setting) -> None:
    assert row.check(row.default) == row.default


@pytest.mark.parametrize("row", REGISTRY.values(), ids=str)
def test_every_row_has_words_and_somebody_to_set_it(row: Setting) -> None:
    assert row.label
    assert row.description.endswith(".")
    assert row.setters
    assert Layer.FACTORY not in row.setters
    assert bool(row.pattern) == bool(row.pattern_words)
    assert row.secret == isinstance(row.default, Secret)
    assert row.kind is not Kind.NUMBER or row.choices or row.lowest < row.highest


@given(st.sampled_from(list(REGISTRY.values())), ANYTHING)
def test_whatever_comes_is_taken_as_the_right_type_or_refused_with_advice(row: Setting, raw: object) -> None:
    types = {
        Kind.TEXT: str,
        Kind.CHOICE: str,
        Kind.SECRET: Secret,
        Kind.NUMBER: int,
        Kind.SWITCH: bool,
        Kind.LIST: tuple,
        Kind.TIME_ZONE: str,
    }
    try:
        value = row.check(raw)
    except ValueRefused as error:
        refused = error
    else:
        assert type(value) is types[row.kind]
        return
    assert refused.key == row.key
    assert refused.advice
    assert row.key in str(refused)


@pytest.mark.parametrize(
    ("key", "raw", "words"),
    [
        ("sip.port", 70000, "0 to 65535"),
        ("sip.port", "5060", "without quotation marks"),
        ("sip.port", True, "without quotation marks"),
        ("sip.transport", "sctp", "udp, tcp, tls"),
        ("sip.user", "anna@example.com", "without '@'"),
        ("sip.user", "anna\r\nVia: x", "one line"),
        ("sip.registrar", "pbx.example.com:5060", "without port"),
        ("sip.expires", 5, "60 to 86400 (seconds)"),
        ("audio.codecs", ["g722", "g723"], "g722"),
        ("audio.codecs", "g722", "brackets"),
        ("audio.codecs", ["g722", "g722"], "once"),
        ("audio.codecs", [], "at least one"),
        ("lock.emergency_numbers", [], "at least one"),
        ("audio.ptime", 25, "10, 20, 30, 40, 50, 60 (milliseconds)"),
        ("display.clock_24h", 1, "true or false"),
        ("lock.emergency_numbers", ["one-one-two"], "digits only"),
        ("sip.display_name", "x" * 81, "80"),
        ("time.zone", "Europe/Atlantis", "Europe/Berlin"),
        ("time.zone", "CET-1CEST", "CET-1CEST,M3.5.0/2,M10.5.0/3"),
    ],
)
def test_the_advice_names_what_would_do(key: str, raw: object, words: str) -> None:
    with pytest.raises(ValueRefused) as caught:
        setting(key).check(raw)
    assert words in caught.value.advice


def test_a_refused_secret_is_not_quoted() -> None:
    with pytest.raises(ValueRefused) as caught:
        setting("sip.password").check("hunter2\n")
    assert "hunter2" not in f"{caught.value} {caught.value.advice}"


@pytest.mark.parametrize("host", ["pbx", "pbx.example.com", "192.0.2.1", "2001:db8::1", "[2001:db8::1]", ""])
def test_hosts_that_are_right(host: str) -> None:
    assert setting("sip.registrar").check(host) == host


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sip.registar", "sip.registrar"),
        ("sip.pasword", "sip.password"),
        ("registrar", "sip.registrar"),
        ("phone.theme", "display.theme"),
        ("xyzzy", None),
    ],
)
def test_a_mistyped_key_gets_the_closest_one(typed: str, meant: str | None) -> None:
    with pytest.raises(UnknownSetting) as caught:
        setting(typed)
    assert caught.value.closest == meant
    assert isinstance(caught.value, LookupError)
    assert isinstance(caught.value, SettingsError)
    assert (meant or "table of settings") in caught.value.advice


@pytest.mark.parametrize("key", ["sip.outbound_proxy", "media.stun_server", "media.turn_server"])
@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("pbx.example", True), ("pbx.example:1", True), ("192.0.2.1:65535", True), ("[2001:db8::1]:5060", True),
        ("2001:db8::1", True), ("::1", True), ("[::ffff:192.0.2.1]", True),
        ("pbx.example:0", False), ("192.0.2.1:65536", False), ("192.0.2.1:99999", False), ("[::1]:70000", False),
        ("pbx.example:", False),
    ],
)  # fmt: skip
def test_a_port_is_one_that_exists(key: str, text: str, *, taken: bool) -> None:
    if taken:
        assert setting(key).check(text) == text
    else:
        with pytest.raises(ValueRefused):
            setting(key).check(text)
