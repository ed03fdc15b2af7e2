"""Diversion at the display, by touch and by keys alone."""

from __future__ import annotations

from app.kiosk.hands import LONG_PRESS_SECONDS
from app.kiosk.samples import IDLE, MORE, Sample
from app.model.commands import Divert
from app.model.ids import LineId
from app.model.keys import Key
from app.model.services import DiversionKind
from tests.kiosk.harness import Harness

LINE = LineId("line-1")


def sample(name: str) -> Sample:
    return next(each for each in MORE if each.name == name)


def test_that_calls_are_diverted_stands_on_idle_and_leads_to_its_end() -> None:
    harness = Harness().sample(sample("group-calls"))
    assert harness.node("diverted").name == "Diverted, When not answered: 24"
    harness.tap("diverted")
    taken_back = Divert(id=0, line=LINE, kind=DiversionKind.NO_ANSWER, number="")
    assert harness.tap("divert-no-answer").sent == [taken_back]
    plain = Harness().show(IDLE)
    assert plain.root.find("diverted") is None
    assert plain.tap("menu").tap("menu-incoming-calls").root.find("divert-always") is None


def test_the_keypad_alone_diverts_calls() -> None:
    harness = Harness().sample(sample("group-calls")).tap("menu").tap("menu-incoming-calls").tap("divert-busy")
    harness.digits("31").keys(Key.OK)
    assert harness.sent == [Divert(id=0, line=LINE, kind=DiversionKind.BUSY, number="31")]
    assert harness.root.id == "incoming-calls"
    assert harness.keys(Key.ESCAPE).root.id == "menu"


def test_a_zero_that_is_held_becomes_a_plus_where_a_number_is_typed() -> None:
    for name in ("divert-to", "transfer"):
        harness = Harness().sample(sample(name))
        harness.keys(Key.SOFT_2, Key.SOFT_2)
        harness.ui.on_key(Key.DIGIT_0, pressed=True)
        harness.seconds += LONG_PRESS_SECONDS
        assert harness.node("number").value == "+", name
