"""Clean-up of numbers, and which of them call for help."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.model.dialplan import NUMBER_LIMIT, EmergencyNumbers, clean


@pytest.mark.parametrize(
    ("typed", "dialled"),
    [
        ("201", "201"),
        (" +49 (0)7031 / 730-09 ", "+49703173009"),
        ("(030) 12.34", "0301234"),
        ("*21*300#", "*21*300#"),
        ("tel:+1-201-555-0123;phone-context=x", "+12015550123"),
        ("TEL:112", "112"),
        ("sip:112", "112"),
        ("sip:10.0.0.5", "sip:10.0.0.5"),
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


OWN = EmergencyNumbers(("1 1 2", "911"), "Pbx.example")


@pytest.mark.parametrize(
    "number",
    [
        "112",
        "911",
        "911@pbx.example",
        "sip:911@PBX.example.",
        "sips:112@pbx.example;user=phone",
        "URN:service:sos.police",
    ],
)
def test_emergency(number: str) -> None:
    assert number in OWN


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1112",
        "1120",
        "+112",
        "sip:201@112",
        "sip:112@evil.example",
        "112@evil.example",
        "sip:112@pbx.example.evil.example",
        "sip:112@pbx.example:5070",
        "sip:112@pbx.example;maddr=evil.example",
        "sip:112@pbx.example?Route=evil.example",
        "sip:112:secret@pbx.example",
        "112;phone-context=evil.example",
        "112@",
        "urn:service:sosx",
        "urn:service:sos.@evil.example",
    ],
)
def test_not_emergency(number: str) -> None:
    assert number not in OWN


def test_without_a_pbx_no_address_calls_for_help() -> None:
    assert "112" in EmergencyNumbers(("112",))
    assert "sip:112@pbx.example" not in EmergencyNumbers(("112",))


@pytest.mark.parametrize("host", ["2001:db8::1", "[2001:DB8::1]"])
def test_an_address_with_ipv6(host: str) -> None:
    assert "sip:112@[2001:db8::1]" in EmergencyNumbers(("112",), host)
