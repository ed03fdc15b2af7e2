"""Text with twelve keys."""

from __future__ import annotations

import pytest

from app.kiosk.multitap import TAP_SECONDS, Letters, Tap, press


def typed(keys: str, letters: Letters = Letters.LOWER, *, between: float = 0.1) -> str:
    """Press keys one after the other; a blank waits until the key before is done."""
    text, tap, now = "", None, 0.0
    for key in keys:
        if key == " ":
            now += TAP_SECONDS
            continue
        text, tap = press(text, key, letters, tap, now)
        now += between
    return text


@pytest.mark.parametrize(
    ("keys", "letters", "text"),
    [
        ("722 9992", Letters.LOWER, "pbya"),
        ("7 2222 2", Letters.LOWER, "p2a"),
        ("44 33555 5556660", Letters.UPPER, "HELLO "),
        ("77777 7", Letters.LOWER, "7p"),
        ("777777", Letters.UPPER, "ß"),
        ("2222255555", Letters.UPPER, "ÄJ"),
        ("1270*1", Letters.DIGITS, "1270*1"),
        ("1111+1", Letters.LOWER, ":+."),
    ],
)
def test_keys_write(keys: str, letters: Letters, text: str) -> None:
    assert typed(keys, letters) == text


def test_a_key_that_is_pressed_late_begins_anew() -> None:
    assert typed("22", between=TAP_SECONDS) == "aa"
    assert press("a", "2", Letters.LOWER, Tap("2", 0, 5.0), 4.9)[0] == "b"
    assert press("a", "2", Letters.LOWER, Tap("2", 0, 5.0), 5.0)[0] == "aa"


def test_the_keys_write_three_kinds_in_turn() -> None:
    assert [letters.next for letters in Letters] == [Letters.UPPER, Letters.DIGITS, Letters.LOWER]
