"""The header multi-map: order, case, compact forms, lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.signalling.sip.errors import HeaderError
from app.signalling.sip.headers import MAX_ELEMENTS, Headers, split_list

HEADERS = Headers([("Via", "one"), ("via", "two, three"), ("t", "<sip:bob@example.com>"), ("x-thing", "1")])


def test_names_are_found_in_any_case_and_compact_form() -> None:
    assert HEADERS.get("VIA") == HEADERS.get("v") == "one"
    assert HEADERS.get_all("Via") == ("one", "two, three")
    assert HEADERS.get_list("v") == ("one", "two", "three")
    assert "to" in HEADERS
    assert "X-THING" in HEADERS
    assert "from" not in HEADERS
    assert HEADERS.get("from") is None


def test_wire_order_and_canonical_names() -> None:
    assert [name for name, _ in HEADERS] == ["Via", "Via", "To", "X-Thing"]


def test_changes_make_new_headers() -> None:
    before = tuple(HEADERS)
    assert HEADERS.prepend("Via", "zero").get_all("Via") == ("zero", "one", "two, three")
    assert HEADERS.add("Via", "four").get_all("Via")[-1] == "four"
    assert HEADERS.replace_first("Via", "1").get_all("Via") == ("1", "two, three")
    assert [value for _, value in HEADERS.set("Via", "only")] == ["only", "<sip:bob@example.com>", "1"]
    assert HEADERS.set("CSeq", "1 BYE").get("cseq") == "1 BYE"
    assert "Via" not in HEADERS.remove("v")
    assert tuple(HEADERS) == before


def test_single_wants_exactly_one() -> None:
    assert HEADERS.single("To") == "<sip:bob@example.com>"
    for name in ("Via", "From"):
        with pytest.raises(HeaderError):
            HEADERS.single(name)


@pytest.mark.parametrize("value", ["a\r\nEvil: yes", "a\nb", "a\rb"])
def test_no_value_can_smuggle_another_field(value: str) -> None:
    for change in (HEADERS.add, HEADERS.set, HEADERS.prepend, HEADERS.replace_first):
        with pytest.raises(HeaderError):
            change("Subject", value)
    with pytest.raises(HeaderError):
        Headers([("Subject", value)])


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\n", "ä"])
def test_a_name_must_be_a_token(name: str) -> None:
    with pytest.raises(HeaderError):
        HEADERS.add(name, "x")


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", []),
        ("  ", []),
        ("a", ["a"]),
        ("a , b", ["a", "b"]),
        ('"x, y" <sip:a@b>, c', ['"x, y" <sip:a@b>', "c"]),
        (r'"a\", b", c', [r'"a\", b"', "c"]),
        ("<sip:a,b@c>;q=1, <sip:d>", ["<sip:a,b@c>;q=1", "<sip:d>"]),
    ],
)
def test_lists_are_cut_at_their_own_commas_only(text: str, elements: list[str]) -> None:
    assert split_list(text) == elements


@pytest.mark.parametrize("text", ["a,,b", ",", "a,", '"a, b', "<sip:a, b", r'"a\"'])
def test_broken_lists_are_refused(text: str) -> None:
    with pytest.raises(HeaderError):
        split_list(text)


def test_a_list_has_a_limit() -> None:
    assert len(Headers([("Via", ",".join("a" * MAX_ELEMENTS))]).get_list("Via")) == MAX_ELEMENTS
    with pytest.raises(HeaderError):
        Headers([("Via", ",".join("a" * MAX_ELEMENTS)), ("Via", "a")]).get_list("Via")


@given(st.lists(st.text(alphabet='ab<>,"\\; ', min_size=1, max_size=12), max_size=5))
def test_split_list_loses_nothing(pieces: list[str]) -> None:
    text = ",".join(pieces)
    try:
        elements = split_list(text)
    except HeaderError:
        return
    assert "".join(",".join(elements).split()) == "".join(text.split())
