"""The red notice, and starting and stopping a recording by touch and by keypad alone."""

from __future__ import annotations

import msgspec
import pytest

from app.kiosk.samples import CONFERENCE, IDLE, IN_CALL, MAIN, MORE, RECORDING, Sample
from app.kiosk.tree import Role
from app.model.commands import Record, Set
from app.model.keys import Key
from app.model.snapshot import CallState, LockView, RecordingRulesView, RecordingView, Snapshot
from tests.kiosk.harness import Harness

STEPS_MOST = 40
STOPPED = RecordingView(allowed=True)


def by_name(name: str) -> Sample:
    return next(sample for sample in MORE if sample.name == name)


def with_recording(recording: RecordingView, base: Snapshot = IN_CALL, **changes: object) -> Snapshot:
    calls = tuple(msgspec.structs.replace(call, recording=recording) for call in base.calls)
    return msgspec.structs.replace(base, calls=calls, **changes)


def notice(harness: Harness) -> bool:
    node = harness.root.find("status-recording")
    assert node is None or (node.role is Role.ALERT and node.name == "Recording")
    return node is not None


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("locked", [False, True])
def test_the_notice_is_there_while_packets_are_recorded_and_not_otherwise(
    running: bool, wanted: bool, locked: bool
) -> None:
    recording = RecordingView(running=running, wanted=wanted)
    lock = LockView(locked=locked, pin_set=True)
    assert notice(Harness().show(with_recording(recording, lock=lock))) == running


def test_the_notice_stands_on_every_screen_of_a_call() -> None:
    held = with_recording(RecordingView(running=True))
    held = msgspec.structs.replace(
        held, calls=tuple(msgspec.structs.replace(call, state=CallState.HELD) for call in held.calls)
    )
    for snapshot in (RECORDING, held, with_recording(RecordingView(running=True), CONFERENCE)):
        assert notice(Harness().show(snapshot))
    assert not any(notice(Harness().sample(sample)) for sample in MAIN)


def test_who_may_not_say_has_no_key() -> None:
    harness = Harness().show(with_recording(RecordingView(running=True, wanted=True)))
    assert harness.root.find("record") is None


@pytest.mark.parametrize(("snapshot", "on"), [(RECORDING, False), (with_recording(STOPPED), True)])
def test_a_touch_stops_and_starts(snapshot: Snapshot, on: bool) -> None:
    harness = Harness().show(snapshot).tap("record")
    assert harness.sent == [Record(id=0, on=on, call=IN_CALL.calls[0].id)]


@pytest.mark.parametrize(("snapshot", "on"), [(RECORDING, False), (with_recording(STOPPED), True)])
def test_the_keypad_alone_stops_and_starts(snapshot: Snapshot, on: bool) -> None:
    harness = Harness().show(snapshot)
    for _ in range(STEPS_MOST):
        if harness.focused == "record":
            break
        harness.keys(Key.DOWN)
        if harness.focused != "record":
            harness.keys(Key.RIGHT)
    assert harness.focused == "record"
    assert harness.keys(Key.OK).sent == [Record(id=0, on=on, call=IN_CALL.calls[0].id)]


def test_a_conference_is_recorded_as_a_whole() -> None:
    harness = Harness().show(with_recording(STOPPED, CONFERENCE)).tap("record")
    assert harness.sent == [Record(id=0, on=True)]


def test_a_locked_phone_leaves_the_recording_alone() -> None:
    harness = Harness().show(msgspec.structs.replace(RECORDING, lock=LockView(locked=True, pin_set=True)))
    assert harness.tap("record").sent == []


RULES = RecordingRulesView(possible=True, by_default=True)


def test_the_menu_has_the_page_where_recording_is_possible() -> None:
    assert Harness().sample(by_name("menu")).root.find("menu-recording") is None
    harness = Harness().sample(by_name("menu-recording")).tap("menu-recording")
    assert harness.root.id == "recording"
    assert harness.keys(Key.ESCAPE).root.id == "menu"


def test_the_user_switches_what_is_not_fixed() -> None:
    harness = Harness().sample(by_name("recording-rules"))
    assert "fixed by the PBX" in harness.node("record-by-default").value
    assert harness.tap("record-by-default").sent == []
    assert harness.tap("record-external").sent == [Set(id=0, key="recording.external_only", value=True)]
    harness.sent.clear()
    harness.show(msgspec.structs.replace(IDLE, recording=RULES))
    assert harness.tap("record-by-default").sent == [Set(id=0, key="recording.by_default", value=False)]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (RULES, "All calls"),
        (msgspec.structs.replace(RULES, external_only=True), "External calls"),
        (msgspec.structs.replace(RULES, by_default=False, external_only=True), "Not by default"),
    ],
)
def test_the_menu_says_which_calls_are_recorded(rules: RecordingRulesView, words: str) -> None:
    harness = Harness().sample(by_name("menu-recording")).show(msgspec.structs.replace(IDLE, recording=rules))
    assert words in harness.node("menu-recording").value
