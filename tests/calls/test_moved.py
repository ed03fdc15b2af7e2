"""Our address changes during a call: the far end gets a new offer, once, and as soon as one may be sent."""

from __future__ import annotations

from app.model.cause import Cause
from app.model.media import OfferDue
from app.model.session import Direction
from app.model.signalling import Alerting, AnswerReceived, Connected, OfferRefused
from app.model.snapshot import CallState
from tests.calls.dummies import DeskPhone, session


def move(phone: DeskPhone) -> None:
    for stream in tuple(phone.media.open_streams):
        phone.say(OfferDue(stream))


def test_a_call_is_offered_anew() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    move(phone)
    assert phone.line.take() == [("offer", leg, Direction.SENDRECV)]
    phone.say(AnswerReceived(leg, session()))
    assert phone.line.take() == []
    assert phone.states == [CallState.CONNECTED]


def test_a_held_call_stays_held() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.hold(leg)
    move(phone)
    assert phone.line.take() == [("offer", leg, Direction.SENDONLY)]


def test_an_offer_under_way_is_waited_for() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.done(phone.control.hold(phone.now))
    assert phone.line.take() == [("offer", leg, Direction.SENDONLY)]
    move(phone)
    assert phone.line.take() == []
    phone.say(AnswerReceived(leg, session(Direction.RECVONLY)))
    assert phone.line.take() == [("offer", leg, Direction.SENDONLY)]


def test_a_call_that_rings_is_offered_anew_when_it_is_answered() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.line.take()
    phone.say(Alerting(leg))
    move(phone)
    assert phone.line.take() == []
    phone.say(Connected(leg, session()))
    assert phone.line.take() == [("offer", leg, Direction.SENDRECV)]


def test_a_refusal_is_not_repeated_and_not_shown() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    move(phone)
    phone.line.take()
    phone.say(OfferRefused(leg, Cause.TEMPORARY_FAILURE))
    assert phone.line.take() == []
    (view,) = phone.views
    assert (view.state, view.notice) == (CallState.CONNECTED, "")
