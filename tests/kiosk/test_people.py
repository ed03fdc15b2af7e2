"""How others stand, wherever somebody could be called."""

from __future__ import annotations

import msgspec
import pytest

from app.kiosk.marks import Symbol
from app.kiosk.samples import IDLE, MORE, Sample
from app.kiosk.tree import Node
from app.model.pbx import Busy, Person, Presence
from tests.kiosk.harness import Harness


def sample(name: str) -> Sample:
    return next(each for each in MORE if each.name == name)


def by_name(harness: Harness, name: str) -> Node:
    return next(node for node in harness.root.walk() if node.name == name)


def shapes(node: Node) -> list[str]:
    return [mark.shape.value for mark in node.marks if isinstance(mark, Symbol)]


@pytest.mark.parametrize("screen", ["people", "people-dial", "people-calls"])
def test_who_is_away_is_so_in_word_and_shape(screen: str) -> None:
    catering = by_name(Harness().sample(sample(screen)), "Catering")
    assert catering.value.endswith("Away: Back at two")
    assert shapes(catering) == ["ring"]


@pytest.mark.parametrize(
    ("person", "words", "shape"),
    [
        (Person(num="103", up=True), "103 · Free", "disc"),
        (Person(num="103", up=True, busy=Busy.RINGING), "103 · Being called", "triangle"),
        (
            Person(num="103", up=True, busy=Busy.BUSY, presence=(Presence("tel:", "open", "away"),)),
            "103 · In a call",
            "square",
        ),
        (
            Person(num="103", up=True, presence=(Presence("im:", "open", "away"), Presence("tel:", "closed", "dnd"))),
            "103 · Do not disturb",
            "square",
        ),
        (Person(num="103", up=True, presence=(Presence("calendar:", "closed", "busy"),)), "103 · Busy", "square"),
        (Person(num="103", up=True, presence=(Presence("app:", "open", "else", "#badge:3"),)), "103 · Free", "disc"),
    ],
)
def test_what_the_telephones_do_counts_before_what_somebody_says(person: Person, words: str, shape: str) -> None:
    card = by_name(Harness().show(msgspec.structs.replace(IDLE, people=(person,))), "Workshop")
    assert (card.value, shapes(card)) == (words, [shape])


def test_of_whom_the_pbx_tells_nothing_nothing_is_said() -> None:
    card = by_name(Harness().sample(sample("people")), "Accounts")
    assert (card.value, shapes(card)) == ("42", [])
