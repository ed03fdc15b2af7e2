"""A dark display, and how brightly it is to shine."""

from __future__ import annotations

import msgspec
import pytest

from app.kiosk.intents import Place
from app.kiosk.samples import IDLE, INCOMING
from app.model.commands import Answer, Set
from app.model.keys import Key
from app.model.snapshot import BacklightView, DisplayView, LockView, MachineView, Snapshot
from tests.kiosk.harness import Harness


def shining(snapshot: Snapshot = IDLE, *, brightness: int = 70, dark: bool = False, **changes: object) -> Snapshot:
    display = DisplayView(backlight=BacklightView(brightness, dark))
    return msgspec.structs.replace(snapshot, display=display, **changes)


def visit(harness: Harness, *nodes: str) -> Harness:
    for node in nodes:
        harness.tap(node)
    return harness


def test_the_first_touch_on_a_dark_display_only_wakes_it() -> None:
    harness = Harness().show(shining(dark=True))
    before = harness.root.id
    harness.tap("dial")
    assert (harness.root.id, harness.sent) == (before, [])
    harness.show(shining())
    harness.tap("dial")
    assert harness.root.id == "dial"


def test_a_finger_that_woke_it_presses_nothing_when_it_is_lifted_in_the_light() -> None:
    harness = Harness().show(shining(dark=True))
    place = harness.node("dial").bounds
    harness.ui.on_pointer("down", place.center_x, place.center_y)
    harness.show(shining())
    harness.ui.on_pointer("up", place.center_x, place.center_y)
    assert harness.root.id != "dial"


def test_keys_act_in_the_dark_and_help_can_be_called() -> None:
    locked = LockView(locked=True, pin_set=True)
    harness = Harness().show(shining(dark=True))
    assert harness.digits("112").root.id == "dial"
    harness = Harness().show(shining(dark=True, lock=locked))
    for dark, place in ((True, Place.IDLE), (False, Place.EMERGENCY)):
        harness.show(shining(dark=dark, lock=locked)).tap("emergency")
        assert harness.ui.state.place is place


def test_what_rings_is_answered_by_a_key_in_the_dark() -> None:
    harness = Harness().show(shining(calls=(INCOMING,), dark=True)).keys(Key.OK)
    assert any(isinstance(command, Answer) for command in harness.sent)


@pytest.mark.parametrize(
    ("brightness", "key", "wanted"), [(70, "darker", 60), (70, "brighter", 80), (95, "brighter", 100)]
)
def test_the_brightness_is_set_by_two_keys(brightness: int, key: str, wanted: int) -> None:
    harness = visit(Harness().show(shining(brightness=brightness)), "menu", "menu-theme", key)
    assert Set(id=0, key="display.brightness", value=wanted) in harness.sent
    assert harness.node("meter").value == f"{brightness} %"


def test_it_is_never_set_to_nothing_and_never_to_more_than_all() -> None:
    harness = visit(Harness().show(shining(brightness=10)), "menu", "menu-theme")
    assert not harness.node("darker").enabled
    assert harness.node("brighter").enabled
    harness.show(shining(brightness=100))
    assert not harness.node("brighter").enabled


def test_where_the_light_is_somebody_elses_there_are_colours_alone() -> None:
    harness = visit(Harness().show(IDLE), "menu", "menu-theme")
    assert harness.root.find("brightness") is None
    assert harness.root.find("theme-day") is not None


def test_the_page_about_the_phone_says_which_it_is() -> None:
    machine = MachineView("IP270", "2", "4711", "009033abcdef", ("Desk camera",))
    harness = visit(Harness().show(msgspec.structs.replace(IDLE, lines=(), machine=machine)), "menu", "menu-about")
    words = " ".join(f"{node.name} {node.value}" for node in harness.root.walk())
    assert all(word in words for word in ("IP270", "Revision 2", "4711", "00-90-33-ab-cd-ef", "Desk camera")), words
