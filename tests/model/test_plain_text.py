"""Words that somebody else chose do no harm where they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.plain_text import LONGEST_WORDS, plain, printable


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("No licence for Jörg", "No licence for Jörg"),
        ("", ""),
        ("two\r\nlines\u2028", r"two\r\nlines\u2028"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("\u202eback", r"\u202eback"),
        ("x" * LONGEST_WORDS, "x" * LONGEST_WORDS),
        ("x" * (LONGEST_WORDS + 1), "x" * (LONGEST_WORDS - 1) + "…"),
    ],
)
def test_what_is_shown(text: str, words: str) -> None:
    assert plain(text) == words


@given(st.text(), st.integers(1, 50))
def test_whatever_it_is_it_is_one_line_that_is_not_too_long(text: str, longest: int) -> None:
    words = plain(text, longest)
    assert words.isprintable()
    assert len(words) <= longest


def test_a_name_is_shown_without_what_cannot_be_shown() -> None:
    assert printable(" Claire\n\x07 Martin\u202e ") == "Claire Martin"
    assert printable("x" * 50, 8) == "x" * 8
