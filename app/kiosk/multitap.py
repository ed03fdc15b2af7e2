"""Text with the twelve keys of a telephone: each press of a key goes on to its next character (ITU-T E.161, 3.2)."""

from __future__ import annotations

import dataclasses
import enum

TAP_SECONDS = 1.2
"""Pressed again within so long, a key goes on to its next character; later it begins another."""

_CHARACTERS = {
    "1": ".-@:/_1",
    "2": "abc2äàáâåæç",
    "3": "def3éèêë",
    "4": "ghi4íìîï",
    "5": "jkl5",
    "6": "mno6öóòôøñ",
    "7": "pqrs7ß",
    "8": "tuv8üúùû",
    "9": "wxyz9ýÿ",
    "0": " 0",
    "*": "!?,;'\"()+*#=&%$§€~^<>[]{}|\\",
}


class Letters(enum.Enum):
    """What the keys write."""

    LOWER = "abc"
    UPPER = "ABC"
    DIGITS = "123"

    @property
    def next(self) -> Letters:
        """What they write after the key for it."""
        order = tuple(Letters)
        return order[(order.index(self) + 1) % len(order)]


@dataclasses.dataclass(frozen=True)
class Tap:
    """The key pressed last, how far it has gone through its characters, and until which second it goes on."""

    key: str
    index: int
    until: float


def press(text: str, key: str, letters: Letters, tap: Tap | None, now: float) -> tuple[str, Tap | None]:
    """The text after one more press of a key at second `now`, and what is to be given with the next."""
    if letters is Letters.DIGITS or key not in _CHARACTERS:
        return text + key, None
    characters = _CHARACTERS[key]
    again = tap is not None and tap.key == key and now < tap.until
    index = (tap.index + 1) % len(characters) if again and tap is not None else 0
    character = characters[index]
    if letters is Letters.UPPER and len(character.upper()) == 1:  # not every letter has a capital
        character = character.upper()
    return (text[:-1] if again else text) + character, Tap(key, index, now + TAP_SECONDS)
