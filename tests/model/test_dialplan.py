"""Clean-up of numbers, and which of them call for help."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model.dialplan import NUMBER_LIMIT, clean, is_emergency


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [
        ("201", "201"),
        (" +49 (0)7031 / 730-09 ", "+49703173009"),
        ("(030) 12.34", "0301234"),
        ("*21*300#", "*21*300#"),
        ("tel:+1-201-555-0123;phone-context=x", "+12015550123"),
        ("TEL:112", "112"),
        ("\uff11\uff11\uff12", "112"),
        ("\u0661\u0661\u0662", "112"),
        ("0\u00a030\u20131", "0301"),
        ("sip:anna@example.com", "sip:anna@example.com"),
        ("anna@example.com", "anna@example.com"),
        ("anna.b", "anna.b"),
        ("", ""),
        ("   ", ""),
        ("anna b", ""),
        ("20\n1", ""),
        ("sip:anna@example.com\r\nVia: x", ""),
        ("<sip:a@b>", ""),
        ("tel:", ""),
        ("1" * (NUMBER_LIMIT + 1), ""),
    ],
)
def test_what_was_typed_becomes_what_is_dialled(typed: str, dialled: str) -> None:
    assert clean(typed) == dialled


@settings(deadline=None)
@given(st.text(max_size=NUMBER_LIMIT * 2))
def test_whatever_is_typed_cannot_break_a_message(typed: str) -> None:
    dialled = clean(typed)
    assert len(dialled) <= NUMBER_LIMIT * 4
    assert dialled.isprintable()
    assert not set(dialled) & set(' <>"\\')
    assert clean(dialled) == dialled


@pytest.mark.parametrize("number", ["112", "911", "sip:911@x", "sips:112@x;user=phone", "URN:service:sos.police"])
def test_emergency(number: str) -> None:
    assert is_emergency(number, ("1 1 2", "911"))


@pytest.mark.parametrize("number", ["", "1112", "1120", "sip:201@112", "+112", "urn:service:sosx"])
def test_not_emergency(number: str) -> None:
    assert not is_emergency(number, ("112", "911"))
