"""What the PBX tells of diversions, waiting messages and calls of others."""

from __future__ import annotations

from app.model.cause import Cause
from app.model.media import EarTone
from app.model.party import Party
from app.model.services import (
    GROUP_CALLS_KEPT,
    Diversion,
    DiversionKind,
    GroupCall,
    GroupCallState,
    LineServices,
    Messages,
)
from app.model.signalling import (
    Alerting,
    DiversionRefused,
    DiversionsChanged,
    GroupCallChanged,
    GroupCallGone,
    LineChanged,
    MessageWaiting,
    Registration,
)
from tests.calls.dummies import LINE, DeskPhone


def told(phone: DeskPhone) -> LineServices:
    return phone.control.services[LINE]


def group_call(name: str, state: GroupCallState = GroupCallState.ALERTING) -> GroupCall:
    return GroupCall(name, state, Party("31"), Party("500"))


def test_messages_and_diversions_are_shown_as_the_pbx_tells_them() -> None:
    phone = DeskPhone()
    before = phone.changes
    phone.say(MessageWaiting(LINE, Messages(waiting=True, new=3, number="900")))
    phone.say(DiversionsChanged(LINE, (Diversion(DiversionKind.BUSY, "31"),)))
    assert phone.changes == before + 2
    assert told(phone).messages.count == 3
    assert told(phone).diverted(DiversionKind.BUSY) == "31"
    assert told(phone).diverted(DiversionKind.ALWAYS) == ""


def test_the_dial_tone_says_that_messages_wait() -> None:
    phone = DeskPhone()
    phone.hook(off_hook=True)
    heard = [phone.tone]
    for waiting in (True, False):
        phone.say(MessageWaiting(LINE, Messages(waiting=waiting)))
        heard.append(phone.tone)
    assert heard == [EarTone.DIAL, EarTone.SPECIAL_DIAL, EarTone.DIAL]


def test_a_refused_diversion_says_why_until_one_works() -> None:
    phone = DeskPhone()
    phone.say(DiversionRefused(LINE, DiversionKind.ALWAYS, Cause.UNALLOCATED_NUMBER))
    assert told(phone).notice == "Not diverted: This number does not exist"
    phone.say(DiversionsChanged(LINE, ()))
    assert told(phone).notice == ""


def test_calls_of_the_group_come_change_and_go() -> None:
    phone = DeskPhone()
    phone.say(GroupCallChanged(LINE, group_call("a")))
    phone.say(GroupCallChanged(LINE, group_call("b")))
    phone.say(GroupCallChanged(LINE, group_call("a", GroupCallState.PARKED)))
    assert [(call.id, call.state) for call in told(phone).group_calls] == [
        ("a", GroupCallState.PARKED),
        ("b", GroupCallState.ALERTING),
    ]
    phone.say(GroupCallGone(LINE, "a"))
    assert [call.id for call in told(phone).group_calls] == ["b"]
    phone.say(GroupCallGone(LINE))
    assert told(phone).group_calls == ()


def test_a_pbx_that_tells_of_calls_without_end_fills_no_memory() -> None:
    phone = DeskPhone()
    for number in range(GROUP_CALLS_KEPT + 5):
        phone.say(GroupCallChanged(LINE, group_call(str(number))))
    assert told(phone).group_calls[0].id == "5"
    assert len(told(phone).group_calls) == GROUP_CALLS_KEPT


def test_a_line_that_goes_takes_what_it_told_with_it() -> None:
    phone = DeskPhone()
    phone.say(MessageWaiting(LINE, Messages(waiting=True)))
    phone.control.set_lines(())
    assert not phone.control.services


def test_the_caller_sees_that_he_waits_and_the_called_phone_says_so() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.say(Alerting(leg, waiting=True))
    assert phone.views[0].notice == "In another call, and hears that you wait"
    other = DeskPhone()
    other.talk()
    waiting = other.ring()
    assert other.line.take() == [("alert", waiting, "waiting")]


def test_a_line_that_comes_up_is_asked_for_what_was_set_meanwhile() -> None:
    phone = DeskPhone()
    assert phone.line.services == [("interrogate",)]
    phone.say(LineChanged(LINE, Registration.UP))
    phone.say(LineChanged(LINE, Registration.TRYING))
    assert phone.line.services == [("interrogate",)]
    phone.say(LineChanged(LINE, Registration.UP))
    assert phone.line.services == [("interrogate",)] * 2
