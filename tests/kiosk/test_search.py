from __future__ import annotations

import pytest

from app.kiosk.samples import HISTORY
from app.kiosk.search import Match, most_called, people, search
from app.model.history import CallDirection, CallRecord
from app.model.party import Party


def record(number: str, name: str = "") -> CallRecord:
    return CallRecord(
        direction=CallDirection.INCOMING,
        party=Party(number=number, name=name),
        began=0.0,
        seconds=1.0,
        answered=True,
        cause=16,
    )


def found(typed: str, *parties: tuple[str, str]) -> list[Match]:
    return search(tuple(record(number, name) for number, name in parties), typed, 8)


@pytest.mark.parametrize(
    ("name", "typed", "span"),
    [
        ("Catering", "228", (0, 3)),
        ("Battery store", "78", (8, 10)),
        ("Battery store", "228837978", (0, 10)),
        ("Müller", "68", (0, 2)),
        ("Groß", "4767", (0, 4)),
        ("O'Neil", "663", (0, 4)),
        ("Room 12", "12", (5, 7)),
        ("Catering", "283", None),
    ],
)
def test_letters_on_the_keys(name: str, typed: str, span: tuple[int, int] | None) -> None:
    matches = found(typed, ("555", name))
    assert (matches[0].name_span if matches else None) == span


@pytest.mark.parametrize(
    ("number", "typed", "span"),
    [("0711 228 40", "228", (5, 8)), ("+49 7031 73009", "17", (7, 10)), ("103", "3", (2, 3)), ("103", "4", None)],
)
def test_digits_of_a_number(number: str, typed: str, span: tuple[int, int] | None) -> None:
    matches = found(typed, (number, ""))
    assert (matches[0].number_span if matches else None) == span


def test_names_come_before_numbers_and_beginnings_before_middles() -> None:
    matches = found("22", ("9 22 9", "Zoe"), ("22 1", "Zed"), ("5", "Bard"))
    assert [match.party.name for match in matches] == ["Bard", "Zed", "Zoe"]


def test_each_person_once_with_the_name_that_is_known() -> None:
    rows = (record("10"), record("10", "Reception"), record("24", "Sales"), record("10", "Old name"))
    assert [party.name for party in people(rows)] == ["Reception", "Sales"]


def test_most_called_first_and_the_recent_among_equals() -> None:
    assert [party.name for party in most_called(HISTORY, 3)] == ["Workshop", "Sales", "Reception"]


def test_withheld_numbers_are_nobody() -> None:
    assert people((record("", "Somebody"),)) == []
