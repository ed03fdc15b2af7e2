"""Do not disturb, call waiting and sending a call on, at the display: by touch and by keys alone."""

from __future__ import annotations

import msgspec

from app.kiosk.samples import IDLE, INCOMING, MORE, Sample
from app.model.commands import Deflect, Reject, Set
from app.model.keys import Key
from app.model.snapshot import IncomingRulesView, LockView
from tests.kiosk.harness import Harness


def sample(name: str) -> Sample:
    return next(each for each in MORE if each.name == name)


def test_the_keypad_alone_switches_do_not_disturb_and_call_waiting() -> None:
    harness = Harness().show(IDLE).tap("menu").tap("menu-incoming-calls")
    harness.keys(Key.DOWN, Key.OK)
    assert harness.focused == "do-not-disturb"
    harness.keys(Key.RIGHT, Key.OK)
    assert harness.sent == [
        Set(id=0, key="calls.do_not_disturb", value=True),
        Set(id=0, key="calls.call_waiting", value=False),
    ]
    assert harness.keys(Key.ESCAPE).root.id == "menu"


def test_do_not_disturb_stands_on_idle_and_leads_to_its_end() -> None:
    harness = Harness().sample(sample("do-not-disturb"))
    assert "Do not disturb" in harness.node("status-path").value
    harness.tap("do-not-disturb").tap("do-not-disturb")
    assert harness.sent == [Set(id=0, key="calls.do_not_disturb", value=False)]
    harness.show(msgspec.structs.replace(IDLE, incoming=IncomingRulesView())).keys(Key.ESCAPE, Key.ESCAPE)
    assert harness.root.find("do-not-disturb") is None


def test_the_keypad_alone_sends_a_ringing_call_on() -> None:
    harness = Harness().sample(sample("incoming-send-on"))
    harness.keys(Key.SOFT_3).digits("24").keys(Key.OK)
    assert harness.sent == [Deflect(id=0, number="24", call=INCOMING.id)]
    assert harness.root.id == "incoming"


def test_a_person_of_the_call_list_can_have_the_call_at_a_touch() -> None:
    harness = Harness().sample(sample("send-on")).tap("match-0")
    (sent,) = harness.sent
    assert isinstance(sent, Deflect)
    assert sent.call == INCOMING.id


def test_back_leads_to_the_call_and_rejects_nothing() -> None:
    harness = Harness().sample(sample("send-on")).keys(Key.ESCAPE)
    assert harness.root.id == "incoming"
    assert harness.sent == []
    assert harness.keys(Key.ESCAPE).sent == [Reject(id=0, call=INCOMING.id)]


def test_a_number_typed_for_a_call_that_is_gone_is_for_no_other() -> None:
    harness = Harness().sample(sample("send-on"))
    other = msgspec.structs.replace(INCOMING, id="call-9")
    snapshot = sample("incoming-send-on").snapshot
    assert snapshot is not None
    harness.show(msgspec.structs.replace(snapshot, calls=(other,)))
    assert harness.root.id == "incoming"
    assert harness.ui.state.typed == ""
    harness.show(msgspec.structs.replace(snapshot, calls=()))
    assert harness.root.id == "idle"


def test_a_call_that_knocks_can_be_sent_on() -> None:
    harness = Harness().sample(sample("waiting-send-on")).tap("send-on").digits("31").keys(Key.OK)
    assert harness.sent == [Deflect(id=0, number="31", call=INCOMING.id)]
    assert harness.root.id == "in-call"


def test_nothing_can_be_sent_on_from_a_locked_phone_nor_by_a_line_that_cannot() -> None:
    snapshot = sample("incoming-send-on").snapshot
    assert snapshot is not None
    locked = msgspec.structs.replace(snapshot, lock=LockView(locked=True, pin_set=True))
    assert Harness().show(locked).root.find("send-on") is None
    assert Harness().show(msgspec.structs.replace(IDLE, calls=(INCOMING,))).root.find("send-on") is None
