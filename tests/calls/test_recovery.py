"""A call outlives the loss of its PBX: it waits, says so, and is taken up as it was, or anew."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.media import EarTone
from app.model.party import Party
from app.model.session import Direction
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    Connected,
    Disconnected,
    LineChanged,
    OfferReceived,
    OfferRefused,
    OfferWanted,
    PartyChanged,
    ReconnectDue,
    Reconnected,
    Registration,
    Released,
    SetupIndicated,
    SignallingLost,
)
from app.model.snapshot import CallState, CallView
from tests.calls.dummies import LINE, DeskPhone, session


def lost_call(phone: DeskPhone) -> LegId:
    leg = phone.talk()
    phone.say(SignallingLost(leg))
    return leg


def only(phone: DeskPhone) -> CallView:
    (view,) = phone.views
    return view


def anew(phone: DeskPhone, leg: LegId) -> LegId:
    """The PBX is back and knows nothing of the call: the name of the leg that is set up for it."""
    phone.say(ReconnectDue(leg, anew=True))
    ((name, successor, number),) = phone.line.take()
    assert (name, number) == ("setup", "201")
    assert phone.line.options[-1].replaces == leg
    return successor


def test_a_lost_call_stays_and_its_voice_with_it() -> None:
    phone = DeskPhone()
    lost_call(phone)
    view = only(phone)
    assert (view.state, view.reconnecting) == (CallState.CONNECTED, True)
    assert len(phone.media.scene.connected) == 1
    assert phone.line.take() == []


def test_it_is_taken_up_by_an_offer() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    phone.say(ReconnectDue(leg))
    assert phone.line.take() == [("reconnect", leg, Direction.SENDRECV)]
    assert only(phone).reconnecting
    phone.say(AnswerReceived(leg, session()))
    phone.say(Reconnected(leg))
    assert not only(phone).reconnecting
    assert phone.line.take() == []
    assert not [name for name in phone.timers.running if "reconnect" in name or "loss" in name]


def test_a_second_attempt_offers_again() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    for _ in range(3):
        phone.say(ReconnectDue(leg))
        assert phone.line.take() == [("reconnect", leg, Direction.SENDRECV)]
    assert len(phone.media.dropped) == 2


def test_a_tone_says_so_after_a_second_and_ends_with_the_loss() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    assert phone.tone is None
    phone.wait("loss-tone")
    assert phone.tone is EarTone.RECONNECTING
    phone.say(ReconnectDue(leg))
    phone.say(AnswerReceived(leg, session()))
    phone.say(Reconnected(leg))
    assert phone.tone is None


def test_an_offer_under_way_is_made_again_when_the_line_is_back() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.done(phone.control.hold(phone.now))
    phone.line.take()
    phone.say(SignallingLost(leg))
    assert len(phone.media.dropped) == 1
    phone.say(ReconnectDue(leg))
    assert phone.line.take() == [("reconnect", leg, Direction.SENDONLY)]


def test_an_offer_the_far_end_had_asked_for_is_made_again_too() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(OfferWanted(leg))
    assert phone.line.take() == [("answer_offer", leg, Direction.SENDRECV)]
    phone.say(SignallingLost(leg))
    phone.say(ReconnectDue(leg))
    assert phone.line.take() == [("reconnect", leg, Direction.SENDRECV)]


def test_hold_works_at_once_and_is_told_later() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    phone.done(phone.control.hold(phone.now))
    view = only(phone)
    assert (view.state, view.changing) == (CallState.HELD, False)
    assert phone.media.scene.connected == ()
    assert phone.line.take() == []
    phone.say(ReconnectDue(leg))
    assert phone.line.take() == [("reconnect", leg, Direction.SENDONLY)]


def test_what_the_user_does_while_the_offer_is_under_way_is_told_after_it() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    phone.say(ReconnectDue(leg))
    phone.line.take()
    phone.done(phone.control.hold(phone.now))
    phone.say(AnswerReceived(leg, session()))
    assert phone.line.take() == []
    phone.say(Reconnected(leg))
    assert phone.line.take() == [("offer", leg, Direction.SENDONLY)]


def test_two_calls_wait_each_for_themselves() -> None:
    phone = DeskPhone()
    first, second = phone.consult()
    for leg in (first, second):
        phone.say(SignallingLost(leg))
    assert [view.reconnecting for view in phone.views] == [True, True]
    phone.say(ReconnectDue(second))
    phone.say(AnswerReceived(second, session()))
    phone.say(Reconnected(second))
    assert [view.reconnecting for view in phone.views] == [True, False]
    phone.line.take()
    phone.say(ReconnectDue(first))
    assert phone.line.take() == [("reconnect", first, Direction.SENDONLY)]


def test_the_far_end_may_be_the_first_to_offer() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    phone.say(OfferReceived(leg, session()))
    assert phone.line.take() == [("answer_offer", leg, Direction.SENDRECV)]
    phone.say(Reconnected(leg))
    assert not only(phone).reconnecting


def test_a_refused_offer_leaves_the_call_as_it_was() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    phone.say(ReconnectDue(leg))
    phone.say(OfferRefused(leg, Cause.TEMPORARY_FAILURE))
    phone.say(Reconnected(leg))
    view = only(phone)
    assert (view.state, view.reconnecting, view.notice) == (CallState.CONNECTED, False, "")


def test_the_caller_sets_up_anew_what_the_pbx_has_forgotten() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    (before,) = phone.media.open_streams
    successor = anew(phone, leg)
    assert only(phone).reconnecting
    phone.say(Connected(successor, session()))
    view = only(phone)
    assert (view.state, view.reconnecting) == (CallState.CONNECTED, False)
    assert before not in phone.media.open_streams
    assert phone.line.take() == [("disconnect", leg, Cause.NORMAL_CLEARING)]


def test_it_is_set_up_anew_to_whoever_was_there_last() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(PartyChanged(leg, Party("203")))
    phone.say(SignallingLost(leg))
    phone.say(ReconnectDue(leg, anew=True))
    assert [request[::2] for request in phone.line.take()] == [("setup", "203")]


def test_a_held_call_is_set_up_anew_as_held() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.hold(leg)
    phone.say(SignallingLost(leg))
    successor = anew(phone, leg)
    phone.say(Connected(successor, session(Direction.RECVONLY)))
    assert (only(phone).state, phone.line.take()) == (
        CallState.HELD,
        [("disconnect", leg, Cause.NORMAL_CLEARING)],
    )


def test_who_took_the_call_waits_for_the_caller() -> None:
    phone = DeskPhone()
    leg = phone.ring()
    phone.done(phone.control.answer(phone.now))
    phone.line.take()
    phone.say(SignallingLost(leg))
    phone.say(ReconnectDue(leg, anew=True))
    assert phone.line.take() == []
    other = LegId("in-2")
    phone.say(SetupIndicated(other, LINE, Party("301"), Party("200"), session(), replaces=leg))
    assert phone.line.take() == [
        ("connect", other, Direction.SENDRECV),
        ("disconnect", leg, Cause.NORMAL_CLEARING),
    ]
    assert not only(phone).reconnecting


def test_an_attempt_that_fails_is_repeated_while_the_line_is_up() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    first = anew(phone, leg)
    phone.say(Released(first, Cause.TEMPORARY_FAILURE))
    assert only(phone).reconnecting
    phone.line.take()
    phone.wait("reconnect:")
    ((name, second, _),) = phone.line.take()
    assert name == "setup"
    phone.say(Released(second, Cause.TEMPORARY_FAILURE))
    phone.say(LineChanged(LINE, Registration.DOWN))
    phone.line.take()
    phone.wait("reconnect:")
    assert phone.line.take() == []


@pytest.mark.parametrize("event", [Released, Disconnected])
@pytest.mark.parametrize("cause", [Cause.CALL_REJECTED, Cause.NORMAL_CLEARING])
def test_nobody_is_asked_twice_who_would_not_have_the_call_again(
    cause: Cause, event: type[Released | Disconnected]
) -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    successor = anew(phone, leg)
    phone.say(event(successor, cause))
    assert only(phone).state is CallState.ENDED


def test_who_is_busy_is_asked_twice() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    phone.say(Released(anew(phone, leg), Cause.USER_BUSY))
    assert only(phone).reconnecting
    phone.line.take()
    phone.wait("reconnect:")
    ((_, successor, _),) = phone.line.take()
    phone.say(Released(successor, Cause.USER_BUSY))
    assert (only(phone).state, only(phone).cause) == (CallState.ENDED, Cause.USER_BUSY)


def test_after_its_time_it_ends_with_words() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    assert phone.timers.running[f"reconnect-time:{only(phone).id}"] == 60
    phone.wait("reconnect-time")
    view = only(phone)
    assert (view.state, view.cause) == (CallState.ENDED, Cause.RECOVERY_ON_TIMER_EXPIRY)
    assert view.notice == "The connection to the PBX was lost"
    assert phone.line.take() == [("disconnect", leg, Cause.RECOVERY_ON_TIMER_EXPIRY)]
    assert not phone.media.open_streams


def test_a_call_whose_voice_still_arrives_goes_on() -> None:
    phone = DeskPhone()
    lost_call(phone)
    assert phone.media.figures is not None
    phone.media.figures = msgspec.structs.replace(phone.media.figures, packets_received=3050)
    phone.wait("reconnect-time")
    assert (only(phone).state, only(phone).reconnecting) == (CallState.CONNECTED, True)
    phone.wait("reconnect-time")
    assert only(phone).state is CallState.ENDED


def test_how_long_is_a_setting() -> None:
    phone = DeskPhone()
    phone.rules = dataclasses.replace(phone.rules, reconnect_time=7)
    lost_call(phone)
    assert phone.timers.running[f"reconnect-time:{only(phone).id}"] == 7


def test_a_call_for_help_is_never_given_up() -> None:
    phone = DeskPhone()
    leg = phone.talk("112")
    phone.say(SignallingLost(leg))
    assert not [name for name in phone.timers.running if name.startswith("reconnect-time")]


@pytest.mark.parametrize("replacing", [False, True])
def test_the_user_ends_it_at_once(replacing: bool) -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    legs = [leg, anew(phone, leg)] if replacing else [leg]
    phone.done(phone.control.hang_up(phone.now))
    assert phone.views == ()
    assert phone.line.take() == [("disconnect", each, Cause.NORMAL_CLEARING) for each in legs]
    assert not [name for name in phone.timers.running if "reconnect" in name or "loss" in name]


def test_the_far_end_that_hangs_up_ends_it() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert only(phone).state is CallState.ENDED


def test_a_call_that_still_rings_there_is_made_again() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.say(Alerting(leg))
    phone.line.take()
    phone.say(SignallingLost(leg))
    assert (only(phone).state, only(phone).reconnecting) == (CallState.RINGBACK, True)
    successor = anew(phone, leg)
    phone.say(Connected(successor, session()))
    assert (only(phone).state, only(phone).reconnecting) == (CallState.CONNECTED, False)


def test_an_attempt_without_media_is_repeated_too() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    phone.media.refuse = "there is no free port"
    phone.say(ReconnectDue(leg, anew=True))
    phone.media.refuse = None
    assert phone.line.take() == []
    assert only(phone).reconnecting
    phone.wait("reconnect:")
    assert [request[0] for request in phone.line.take()] == ["setup"]


def test_who_took_the_call_never_makes_it_anew() -> None:
    phone = DeskPhone()
    leg = phone.ring()
    phone.done(phone.control.answer(phone.now))
    phone.say(SignallingLost(leg))
    phone.line.take()
    other = LegId("in-2")
    phone.media.refuse = "there is no free port"
    phone.say(SetupIndicated(other, LINE, Party("301"), Party("200"), session(), replaces=leg))
    phone.media.refuse = None
    phone.line.take()
    phone.wait("reconnect:")
    assert phone.line.take() == []


def test_an_attempt_that_loses_its_way_too_is_made_again() -> None:
    phone = DeskPhone()
    leg = lost_call(phone)
    successor = anew(phone, leg)
    phone.say(SignallingLost(successor))
    phone.say(ReconnectDue(successor, anew=True))
    assert phone.line.take() == [("disconnect", successor, Cause.NORMAL_CLEARING)]
    phone.wait("reconnect:")
    assert [request[0] for request in phone.line.take()] == ["setup"]


def test_attempts_that_fail_become_rarer() -> None:
    phone = DeskPhone()
    successor = anew(phone, lost_call(phone))
    pauses = []
    for _ in range(6):
        phone.say(Released(successor, Cause.TEMPORARY_FAILURE))
        pauses.append(phone.timers.running[f"reconnect:{only(phone).id}"])
        phone.line.take()
        phone.wait("reconnect:")
        ((_, successor, _),) = phone.line.take()
    assert pauses == [1, 2, 4, 8, 16, 16]
