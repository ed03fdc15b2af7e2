"""Search as you type in the call history: digits match a number, or the letters that stand on the keys."""

from __future__ import annotations

import collections
import dataclasses
import unicodedata

from app.model.history import CallRecord
from app.model.party import Party

_KEYS = {"2": "abc", "3": "def", "4": "ghi", "5": "jkl", "6": "mno", "7": "pqrs", "8": "tuv", "9": "wxyz"}
_DIGIT_OF = {letter: digit for digit, letters in _KEYS.items() for letter in letters}
_DIALLABLE = frozenset("0123456789*#")
Span = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Match:
    """Somebody to call, and which characters of his name or number matched."""

    party: Party
    name_span: Span | None = None
    number_span: Span | None = None


def people(history: tuple[CallRecord, ...]) -> list[Party]:
    """Everybody in the history once, most recent first, by the last name that was known."""
    found: dict[str, Party] = {}
    for record in history:
        party = record.party
        if party.number and (party.number not in found or (party.name and not found[party.number].name)):
            found[party.number] = party
    return list(found.values())


def most_called(history: tuple[CallRecord, ...], limit: int) -> list[Party]:
    """The people with whom there were most calls, the more recent first among equals."""
    counts = collections.Counter(record.party.number for record in history)
    ranked = sorted(people(history), key=lambda party: -counts[party.number])
    return ranked[:limit]


def search(history: tuple[CallRecord, ...], typed: str, limit: int) -> list[Match]:
    """Who matches the typed digits: beginnings of names first, then numbers."""
    if not typed:
        return [Match(party) for party in people(history)[:limit]]
    by_name, by_number = [], []
    for party in people(history):
        name_span, number_span = _name_span(party.name, typed), _number_span(party.number, typed)
        if name_span is not None:
            by_name.append(Match(party, name_span, number_span))
        elif number_span is not None:
            by_number.append(Match(party, None, number_span))
    by_number.sort(key=lambda match: match.number_span is not None and match.number_span[0] != 0)
    return (by_name + by_number)[:limit]


def by_name(history: tuple[CallRecord, ...], found: tuple[Party, ...], text: str, limit: int) -> list[Match]:
    """Who has a name with a word that begins so: those of one's own calls first, then the PBX's contacts."""
    wanted = text.strip().casefold()
    if not wanted:
        return []
    known = people(history)
    numbers = {party.number for party in known}
    others = [party for party in found if party.number not in numbers]
    own = [Match(party, span) for party in known if (span := word_span(party.name, wanted)) is not None]
    return (own + [Match(party, word_span(party.name, wanted)) for party in others])[:limit]


def word_span(name: str, wanted: str) -> Span | None:
    """Where a word of a name begins with a text."""
    starts = [at for at in range(len(name)) if at == 0 or not name[at - 1].isalnum()]
    start = next((at for at in starts if name[at:].casefold().startswith(wanted)), None)
    return None if start is None else (start, start + len(wanted))


def _digit(char: str) -> str:
    """The key a character of a name stands on; a digit is its own."""
    base = unicodedata.normalize("NFD", char)[0].lower()
    base = {"ß": "s", "ø": "o", "æ": "a", "ł": "l", "đ": "d"}.get(base, base)
    return base if base in _DIALLABLE else _DIGIT_OF.get(base, "")


def _name_span(name: str, typed: str) -> Span | None:
    """Where the typed keys spell the beginning of a word of the name."""
    name = unicodedata.normalize("NFC", name)
    digits = [_digit(char) for char in name]
    for start, digit in enumerate(digits):
        if digit and (start == 0 or not digits[start - 1]):
            end = _spelled(digits, start, typed)
            if end is not None:
                return start, end
    return None


def _spelled(digits: list[str], start: int, typed: str) -> int | None:
    """The end of the characters that spell `typed` from `start` on, gaps between words skipped."""
    position = start
    for wanted in typed:
        while position < len(digits) and not digits[position]:
            position += 1
        if position >= len(digits) or digits[position] != wanted:
            return None
        position += 1
    return position


def _number_span(number: str, typed: str) -> Span | None:
    """Where the typed digits stand in the number, whatever punctuation lies between."""
    wanted = "".join(char for char in typed if char in _DIALLABLE)
    places = [place for place, char in enumerate(number) if char in _DIALLABLE]
    found = "".join(number[place] for place in places).find(wanted)
    if found < 0 or not wanted:
        return None
    return places[found], places[found + len(wanted) - 1] + 1
