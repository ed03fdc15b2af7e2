"""Taking calls of the group and parked ones: only what was asked for is answered by itself."""

from __future__ import annotations

import pytest

from app.model.cause import Cause
from app.model.ids import LegId, LineId
from app.model.party import Party
from app.model.services import GroupCall, GroupCallState
from app.model.session import Direction
from app.model.signalling import (
    Executor,
    GroupCallChanged,
    LineCapabilities,
    LineChanged,
    PickUpRefused,
    Registration,
    SetupIndicated,
)
from app.model.snapshot import CallState
from tests.calls.dummies import LINE, DeskPhone, session

GROUP = LineCapabilities(pickup=Executor.PBX)


def group(state: GroupCallState = GroupCallState.ALERTING) -> DeskPhone:
    """A phone that is shown one call of the group."""
    phone = DeskPhone(GROUP)
    phone.say(GroupCallChanged(LINE, GroupCall("p-2", state, Party("31"), Party("500"))))
    return phone


def comes(phone: DeskPhone, picked: str = "p-2") -> None:
    phone.say(SetupIndicated(LegId("in-1"), LINE, Party("500"), Party("31"), session(), picked=picked))


def notice(phone: DeskPhone) -> str:
    return phone.control.services[LINE].notice


@pytest.mark.parametrize("state", [GroupCallState.ALERTING, GroupCallState.PARKED])
def test_a_call_that_was_asked_for_is_answered_as_it_comes(state: GroupCallState) -> None:
    phone = group(state)
    phone.done(phone.control.pick_up(LINE, "p-2", phone.now))
    assert phone.line.services[-1] == ("pick_up", "p-2")
    comes(phone)
    assert phone.states == [CallState.CONNECTED]
    assert phone.line.take() == [("connect", LegId("in-1"), Direction.SENDRECV)]
    assert phone.gate_asked
    assert "pickup" not in phone.timers.running


def test_a_call_that_nobody_asked_for_only_rings() -> None:
    phone = group()
    comes(phone)
    assert phone.states == [CallState.INCOMING]
    assert phone.ringing


def test_another_than_that_which_was_asked_for_only_rings() -> None:
    phone = group()
    phone.done(phone.control.pick_up(LINE, "p-2", phone.now))
    comes(phone, "p-3")
    assert phone.states == [CallState.INCOMING]
    assert not phone.gate_asked


def test_one_request_answers_one_call() -> None:
    phone = group()
    phone.done(phone.control.pick_up(LINE, "p-2", phone.now))
    comes(phone)
    phone.done(phone.control.hang_up(phone.now))
    comes(phone)
    assert phone.states == [CallState.INCOMING]


def test_a_call_that_comes_too_late_only_rings() -> None:
    phone = group()
    phone.done(phone.control.pick_up(LINE, "p-2", phone.now))
    phone.wait("pickup")
    assert notice(phone) == "Not picked up: The PBX does not answer"
    comes(phone)
    assert phone.states == [CallState.INCOMING]


def test_a_pick_up_that_is_refused_says_why_until_the_next() -> None:
    phone = group()
    phone.done(phone.control.pick_up(LINE, "p-2", phone.now))
    phone.say(PickUpRefused(LINE, "p-2", Cause.ANSWERED_ELSEWHERE))
    assert notice(phone) == "Not picked up: Answered at another phone"
    assert "pickup" not in phone.timers.running
    phone.done(phone.control.pick_up(LINE, "p-2", phone.now))
    assert notice(phone) == ""
    phone.say(PickUpRefused(LINE, "p-1", Cause.USER_BUSY))
    assert notice(phone) == ""


def test_the_call_one_is_in_is_held_when_the_other_comes() -> None:
    phone = group()
    first = phone.talk()
    phone.done(phone.control.pick_up(LINE, "p-2", phone.now))
    assert phone.states == [CallState.CONNECTED]
    comes(phone)
    assert phone.states == [CallState.HELD, CallState.CONNECTED]
    assert ("offer", first, Direction.SENDONLY) in phone.line.take()


def test_a_call_for_help_is_left_for_none() -> None:
    phone = group()
    phone.done(phone.control.pick_up(LINE, "p-2", phone.now))
    phone.done(phone.control.dial("112", phone.now))
    comes(phone)
    assert phone.states == [CallState.CALLING]
    assert phone.line.requests[-1] == ("disconnect", LegId("in-1"), Cause.USER_BUSY)


def test_what_cannot_be_picked_up_is_not_asked_for() -> None:
    talking = group(GroupCallState.CONNECTED)
    elsewhere = DeskPhone()
    gone, calling, down = group(), group(), group()
    calling.dial()
    down.say(LineChanged(LINE, Registration.DOWN))
    refusals = [
        talking.control.pick_up(LINE, "p-2", 0.0),
        elsewhere.control.pick_up(LINE, "p-2", 0.0),
        gone.control.pick_up(LINE, "p-9", 0.0),
        gone.control.pick_up(LineId("line-9"), "p-2", 0.0),
        calling.control.pick_up(LINE, "p-2", 0.0),
        down.control.pick_up(LINE, "p-2", 0.0),
    ]
    assert None not in refusals
    assert not any(("pick_up", "p-2") in phone.line.services for phone in (talking, elsewhere, gone, calling, down))
