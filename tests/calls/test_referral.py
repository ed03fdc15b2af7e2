"""The far end passes the call on to somebody whom we call ourselves; until he answers, all stays as it is."""

from __future__ import annotations

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.party import Party
from app.model.session import Direction
from app.model.signalling import Alerting, Connected, Released, TransferRequested
from app.model.snapshot import CallState
from tests.calls.dummies import DeskPhone, session

TARGET = "sip:29@pbx.example"


def referred(phone: DeskPhone, leg: LegId) -> LegId:
    """The far end names somebody: the name of the leg that is set up for it."""
    phone.line.take()
    phone.say(TransferRequested(leg, TARGET, Party("29")))
    ((name, successor, number),) = phone.line.take()
    assert (name, number) == ("setup", TARGET)
    assert phone.line.options[-1].referred == leg
    return successor


def test_whom_the_far_end_names_takes_its_place() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    (before,) = phone.views
    successor = referred(phone, leg)
    assert phone.views[0].notice == "Being transferred to 29"
    phone.say(Alerting(successor))
    assert phone.views[0].state is CallState.CONNECTED
    phone.say(Connected(successor, session()))
    (view,) = phone.views
    assert (view.id, view.state, view.party.number, view.notice) == (before.id, CallState.CONNECTED, "29", "")
    assert phone.line.take() == [("disconnect", leg, Cause.NORMAL_CLEARING)]


def test_a_held_call_stays_held() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.hold(leg)
    successor = referred(phone, leg)
    phone.say(Connected(successor, session(Direction.RECVONLY)))
    assert phone.views[0].state is CallState.HELD


def test_who_cannot_be_had_leaves_the_call_as_it_was() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    successor = referred(phone, leg)
    phone.say(Released(successor, Cause.USER_BUSY))
    (view,) = phone.views
    assert (view.state, view.party.number) == (CallState.CONNECTED, "201")
    assert view.notice.startswith("Not transferred: ")
    referred(phone, leg)


def test_the_far_end_may_go_at_once() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    successor = referred(phone, leg)
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert phone.views[0].state is CallState.CONNECTED
    phone.say(Connected(successor, session()))
    assert (phone.views[0].state, phone.views[0].party.number) == (CallState.CONNECTED, "29")


def test_when_both_are_gone_the_call_ends() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    successor = referred(phone, leg)
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    phone.say(Released(successor, Cause.USER_BUSY))
    assert phone.views[0].state is CallState.ENDED


def test_who_calls_for_help_is_not_sent_away() -> None:
    phone = DeskPhone()
    leg = phone.talk("112")
    phone.line.take()
    phone.say(TransferRequested(leg, TARGET, Party("29")))
    assert phone.line.take() == []


def test_the_user_ends_both() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    successor = referred(phone, leg)
    phone.done(phone.control.hang_up(phone.now))
    assert phone.line.take() == [("disconnect", each, Cause.NORMAL_CLEARING) for each in (leg, successor)]
    assert not phone.media.open_streams
