"""Logging in to a PBX and a note beside the presence, typed with the keypad alone or a keyboard."""

from __future__ import annotations

import msgspec

from app.kiosk.input_map import Step
from app.kiosk.intents import AskLogin, Erase
from app.kiosk.multitap import TAP_SECONDS
from app.kiosk.samples import CALL, IDLE, MORE, Sample
from app.kiosk.text_entry import LONGEST_TEXT
from app.model.commands import Dial, LogIn, Search, SetPresence
from app.model.keys import Key
from app.model.pbx import OwnActivity
from app.model.snapshot import LockView, LoginView
from tests.kiosk.harness import Harness


def sample(name: str) -> Sample:
    return next(each for each in MORE if each.name == name)


def tapped(harness: Harness, keys: str) -> Harness:
    """Press digit keys; a blank waits until the key before is done."""
    for key in keys:
        if key == " ":
            harness.seconds += TAP_SECONDS
        else:
            harness.digits(key)
    return harness


def written(harness: Harness, text: str) -> Harness:
    for character in text:
        harness.ui.on_character(character)
    return harness


def test_the_keypad_alone_logs_the_phone_in() -> None:
    harness = Harness().show(IDLE).tap("menu").tap("menu-pbx").keys(Key.SOFT_4)
    assert harness.root.id == "text"
    tapped(harness, "722 991172")
    assert harness.node("text-field").value == "pbx-pa"
    harness.keys(Key.OK)
    tapped(harness, "5#5##33").keys(Key.OK)
    assert harness.node("title").name == "Password"
    tapped(harness, "##42").keys(Key.OK)
    assert harness.sent == [LogIn(id=0, server="pbx-pa", user="jJe", password="42")]
    assert harness.root.id == "pbx"


def test_a_password_is_neither_shown_nor_said_beyond_the_moment_it_takes_to_type() -> None:
    harness = Harness().sample(sample("log-in-password"))
    assert harness.node("text-field").value == "••"
    assert any("b" in getattr(mark, "text", "") for mark in harness.node("text-field").marks)
    assert harness.ui.seconds_to_change() < 2 * TAP_SECONDS
    harness.seconds += TAP_SECONDS
    assert not any("b" in getattr(mark, "text", "") for mark in harness.node("text-field").marks)
    assert "pb" not in repr(harness.ui.state).replace("pbx.example.com", "")


def test_a_user_without_name_logs_in_on_a_web_page() -> None:
    harness = Harness().show(IDLE)
    harness.ui.perform(AskLogin())
    written(harness, "pbx.example.com").keys(Key.OK, Key.OK)
    assert harness.sent == [LogIn(id=0, server="pbx.example.com")]


def test_no_server_takes_back_what_was_entered() -> None:
    harness = Harness().sample(sample("log-in"))
    harness.ui.perform(Erase(everything=True))
    assert harness.node("next").name == "Take back"
    assert harness.keys(Key.OK).sent == [LogIn(id=0, server="")]


def test_back_goes_one_step_and_keeps_what_was_typed() -> None:
    harness = Harness().sample(sample("log-in-password")).keys(Key.ESCAPE)
    assert harness.node("text-field").value == "awells"
    assert harness.keys(Key.ESCAPE).node("text-field").value == "pbx.example.com"
    assert harness.keys(Key.ESCAPE).root.id == "pbx"
    assert harness.keys(Key.ESCAPE).root.id == "menu"
    assert harness.ui.state.text == ""
    assert harness.sent == []


def test_a_keyboard_writes_its_own_characters_only_where_text_is_wanted() -> None:
    harness = written(Harness().sample(sample("note")), "!")
    harness.ui.on_key(Key.DIGIT_3, pressed=True, character="3")
    harness.ui.on_step(Step.ACTIVATE)
    assert harness.node("text-field").value == "Back at three!3 "
    assert harness.keys(Key.SOFT_2, Key.OK).sent == [
        SetPresence(id=0, activity=OwnActivity.BUSY, note="Back at three!3")
    ]
    assert harness.root.id == "presence"
    assert written(Harness().show(IDLE), "x").root.id == "idle"


def test_a_presence_keeps_its_note() -> None:
    harness = Harness().sample(sample("presence"))
    assert harness.node("note").name == "Note: Back at three"
    assert harness.tap("presence-away").sent == [SetPresence(id=0, activity=OwnActivity.AWAY, note="Back at three")]


def test_text_has_an_end_and_no_control_characters() -> None:
    harness = written(Harness().sample(sample("note")), "\n\x00" + "x" * 500)
    assert len(harness.node("text-field").value) == LONGEST_TEXT
    tapped(harness, "2 3")
    assert len(harness.ui.state.text) == LONGEST_TEXT


def test_what_was_typed_is_gone_once_the_phone_is_locked() -> None:
    harness = Harness().sample(sample("log-in-password"))
    harness.show(msgspec.structs.replace(IDLE, lock=LockView(locked=True, pin_set=True)))
    assert harness.ui.state.text == ""
    assert harness.show(msgspec.structs.replace(IDLE, login=LoginView())).root.id == "idle"


def test_somebody_is_called_by_name_with_the_keypad_alone() -> None:
    harness = Harness().show(IDLE).keys(Key.SOFT_4, Key.SOFT_2)
    tapped(harness, "9666")
    assert harness.node("text-field").value == "wo"
    assert harness.node("match-0").name == "Workshop"
    assert harness.sent == [Search(id=0, text=text) for text in ("", "w", "wm", "wn", "wo")]
    assert harness.keys(Key.OK).sent[-1] == Dial(id=0, number="103")


def test_contacts_of_the_pbx_stand_below_those_of_ones_own_calls() -> None:
    harness = Harness().sample(sample("by-name"))
    found = [node.name for node in harness.root.walk() if node.id.startswith("match-")]
    assert found == ["Workshop", "Mara Woodhouse", "Mara Woodhouse"]
    assert harness.tap("match-1").sent[-1] == Dial(id=0, number="+4970311234567")


def test_a_call_that_begins_leaves_nothing_of_what_was_typed() -> None:
    harness = Harness().sample(sample("log-in-password"))
    harness.show(msgspec.structs.replace(IDLE, calls=(CALL,), active=CALL.id))
    assert (harness.root.id, harness.ui.state.text) == ("in-call", "")


def test_a_number_that_an_app_prepares_does_not_come_between_the_characters_of_a_password() -> None:
    harness = Harness().sample(sample("log-in-password"))
    before = harness.ui.state
    harness.ui.on_dial("09001234")
    assert harness.ui.state == before
