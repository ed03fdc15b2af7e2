"""Calls of the group and waiting messages at the display, by touch and by keys alone."""

from __future__ import annotations

import msgspec

from app.kiosk.samples import IDLE, MORE, Sample
from app.model.commands import Dial, PickUp
from app.model.ids import LineId
from app.model.keys import Key
from app.model.party import Party
from app.model.services import GroupCall, GroupCallState, LineServices, Messages
from app.model.snapshot import Snapshot
from tests.kiosk.harness import Harness

LINE = LineId("line-1")


def sample(name: str) -> Sample:
    return next(each for each in MORE if each.name == name)


def grouped(services: LineServices) -> Snapshot:
    """The sample with calls of the group, and in place of them these."""
    snapshot = sample("group-calls").snapshot
    assert snapshot is not None
    (line,) = snapshot.lines
    return msgspec.structs.replace(snapshot, lines=(msgspec.structs.replace(line, services=services),))


def test_calls_that_can_be_taken_are_a_touch_away() -> None:
    harness = Harness().sample(sample("group-calls"))
    assert harness.node("pickup").value == "2"
    harness.tap("pickup")
    assert harness.root.id == "pick-up"
    assert harness.tap("group-call-1").sent == [PickUp(id=0, line=LINE, call="p-2")]
    assert Harness().show(IDLE).root.find("pickup") is None


def test_the_keypad_alone_takes_a_call() -> None:
    harness = Harness().sample(sample("pick-up"))
    harness.keys(Key.DOWN)
    while harness.focused != "group-call-1":
        harness.keys(Key.RIGHT if harness.focused.startswith("group-call") else Key.UP)
    assert harness.keys(Key.OK).sent == [PickUp(id=0, line=LINE, call="p-2")]
    assert harness.keys(Key.ESCAPE).root.id == "idle"


def test_of_many_calls_there_are_pages() -> None:
    calls = tuple(GroupCall(str(n), GroupCallState.ALERTING, Party("31"), Party(str(500 + n))) for n in range(11))
    harness = Harness().sample(sample("pick-up")).show(grouped(LineServices(group_calls=calls)))
    shown = len(harness.node("group-calls").children)
    assert shown < len(calls)
    assert not harness.node("newer").enabled
    harness.tap("older")
    assert harness.tap(f"group-call-{shown}").sent == [PickUp(id=0, line=LINE, call=str(shown))]
    assert not harness.node("older").enabled
    harness.show(grouped(LineServices(group_calls=calls[:1])))
    assert harness.node("group-call-0").name == "500"
    harness.show(grouped(LineServices()))
    assert harness.node("empty").name == "There is no call to pick up."


def test_why_a_call_was_not_picked_up_is_said_once() -> None:
    harness = Harness().sample(sample("group-calls"))
    refused = grouped(LineServices(notice="Not picked up: Busy"))
    harness.show(refused)
    assert harness.node("toast").name == "Not picked up: Busy"
    harness.keys(Key.ESCAPE)
    harness.show(msgspec.structs.replace(refused, missed=7))
    assert harness.root.find("toast") is None


def test_waiting_messages_are_counted_and_called() -> None:
    harness = Harness().sample(sample("group-calls"))
    assert harness.node("messages").name == "Messages, 3 new"
    assert harness.tap("messages").sent == [Dial(id=0, number="900", line=LINE)]
    harness.show(grouped(LineServices(messages=Messages(waiting=True))))
    assert harness.node("messages").value == "1"
    assert harness.tap("messages").root.id == "dial"
    assert Harness().show(grouped(LineServices())).root.find("messages") is None
