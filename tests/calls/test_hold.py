"""Hold, retrieve, swap and mute, from both ends and against refusals."""

from __future__ import annotations

from app.calls.rules import CallRules
from app.model.cause import Cause
from app.model.session import Direction
from app.model.signalling import (
    AnswerReceived,
    Connected,
    Executor,
    LineCapabilities,
    OfferReceived,
    OfferRefused,
    OfferWanted,
    Released,
    RemoteHeld,
)
from app.model.snapshot import CallState
from tests.calls.dummies import DeskPhone, session


def test_hold_and_retrieve() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.done(phone.control.hold(phone.now))
    assert phone.states == [CallState.HELD]
    assert phone.views[0].changing
    assert not phone.gate_asked
    assert phone.line.take() == [("offer", leg, Direction.SENDONLY)]
    phone.say(AnswerReceived(leg, session(Direction.RECVONLY)))
    assert not phone.views[0].changing
    assert not phone.views[0].remote_held
    assert phone.tone is None
    phone.done(phone.control.retrieve(phone.now))
    assert phone.line.take() == [("offer", leg, Direction.SENDRECV)]
    phone.say(AnswerReceived(leg, session()))
    assert phone.states == [CallState.CONNECTED]
    assert phone.gate_asked


def test_a_refused_hold_is_silent_all_the_same_and_says_so() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.done(phone.control.hold(phone.now))
    phone.line.take()
    phone.say(OfferRefused(leg, Cause.TEMPORARY_FAILURE))
    (view,) = phone.views
    assert (view.state, view.changing) == (CallState.HELD, False)
    assert "hears silence" in view.notice
    assert not phone.gate_asked
    assert len(phone.media.dropped) == 1
    assert phone.line.take() == []
    phone.done(phone.control.retrieve(phone.now))
    assert phone.line.take() == []
    (view,) = phone.views
    assert (view.state, view.notice) == (CallState.CONNECTED, "")
    assert phone.gate_asked


def test_a_refused_retrieve_leaves_the_call_held_and_can_be_tried_again() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.hold(leg)
    phone.done(phone.control.retrieve(phone.now))
    phone.line.take()
    phone.say(OfferRefused(leg, Cause.TEMPORARY_FAILURE))
    assert phone.states == [CallState.HELD]
    assert "try again" in phone.views[0].notice
    phone.done(phone.control.retrieve(phone.now))
    assert phone.line.take() == [("offer", leg, Direction.SENDRECV)]


def test_a_change_of_mind_waits_for_the_offer_under_way() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.done(phone.control.hold(phone.now))
    phone.done(phone.control.retrieve(phone.now))
    assert phone.line.take() == [("offer", leg, Direction.SENDONLY)]
    assert phone.gate_asked
    phone.say(AnswerReceived(leg, session(Direction.RECVONLY)))
    assert phone.line.take() == [("offer", leg, Direction.SENDRECV)]


def test_hold_pressed_while_the_answer_is_being_taken_follows_it() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.line.take()
    phone.control.handle(Connected(leg, session()), phone.now)
    assert phone.control.hold(phone.now) is None
    phone.settle()
    assert phone.line.take() == [("offer", leg, Direction.SENDONLY)]


def test_a_far_offer_in_the_moment_of_connecting_is_answered_after_it() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.line.take()
    phone.control.handle(Connected(leg, session()), phone.now)
    phone.control.handle(OfferReceived(leg, session(Direction.SENDONLY, 2)), phone.now)
    phone.settle()
    assert phone.line.take() == [("answer_offer", leg, Direction.RECVONLY)]
    assert phone.views[0].remote_held


def test_an_offer_wanted_in_the_moment_of_connecting_is_made_after_it() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.line.take()
    phone.control.handle(Connected(leg, session()), phone.now)
    phone.control.handle(OfferWanted(leg), phone.now)
    phone.settle()
    assert phone.line.take() == [("answer_offer", leg, Direction.SENDRECV)]


def test_the_far_end_holds_and_retrieves() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(OfferReceived(leg, session(Direction.SENDONLY, 2)))
    assert phone.line.take() == [("answer_offer", leg, Direction.RECVONLY)]
    assert phone.views[0].remote_held
    assert phone.states == [CallState.CONNECTED]
    phone.say(OfferReceived(leg, session(version=3)))
    assert phone.line.take() == [("answer_offer", leg, Direction.SENDRECV)]
    assert not phone.views[0].remote_held


def test_both_ends_hold_and_each_retrieves_for_itself() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(OfferReceived(leg, session(Direction.SENDONLY, 2)))
    phone.line.take()
    phone.done(phone.control.hold(phone.now))
    assert phone.line.take() == [("offer", leg, Direction.INACTIVE)]
    phone.say(AnswerReceived(leg, session(Direction.INACTIVE)))
    (view,) = phone.views
    assert (view.state, view.remote_held) == (CallState.HELD, True)
    phone.say(OfferReceived(leg, session(version=3)))
    assert phone.line.take() == [("answer_offer", leg, Direction.SENDONLY)]
    (view,) = phone.views
    assert (view.state, view.remote_held) == (CallState.HELD, False)
    phone.done(phone.control.retrieve(phone.now))
    assert phone.line.take() == [("offer", leg, Direction.SENDRECV)]
    phone.say(AnswerReceived(leg, session()))
    assert phone.states == [CallState.CONNECTED]


def test_an_offer_of_the_far_end_overtakes_ours_before_it_leaves() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    assert phone.control.hold(phone.now) is None
    phone.control.handle(OfferReceived(leg, session(version=2)), phone.now)
    phone.settle()
    assert phone.line.take() == [("answer_offer", leg, Direction.SENDONLY)]
    assert len(phone.media.dropped) == 1
    (view,) = phone.views
    assert (view.state, view.changing) == (CallState.HELD, False)


def test_an_offer_of_the_far_end_is_refused_while_ours_is_out() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.done(phone.control.hold(phone.now))
    phone.line.take()
    phone.say(OfferReceived(leg, session(version=2)))
    assert phone.line.take() == [("answer_offer", leg, None)]


def test_a_far_offer_we_cannot_answer_leaves_the_session_as_it_was() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.media.refuse = "no common format"
    phone.say(OfferReceived(leg, session(version=2)))
    assert phone.line.take() == [("answer_offer", leg, None)]
    assert phone.states == [CallState.CONNECTED]
    assert phone.gate_asked


def test_an_offer_the_far_end_wants_carries_the_hold() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.hold(leg)
    phone.say(OfferWanted(leg))
    assert phone.line.take() == [("answer_offer", leg, Direction.SENDONLY)]
    phone.say(AnswerReceived(leg, session(Direction.RECVONLY)))
    assert phone.line.take() == []
    assert phone.states == [CallState.HELD]


def test_a_hold_without_a_new_offer_possible_stays_local() -> None:
    phone = DeskPhone()
    phone.talk()
    phone.media.refuse = "no sound"
    phone.done(phone.control.hold(phone.now))
    assert phone.states == [CallState.HELD]
    assert phone.views[0].notice


def test_signalling_may_tell_a_hold_itself() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(RemoteHeld(leg, held=True))
    assert phone.views[0].remote_held
    phone.say(RemoteHeld(leg, held=False))
    assert not phone.views[0].remote_held


def test_a_line_without_hold_refuses() -> None:
    phone = DeskPhone(LineCapabilities(hold=Executor.NONE))
    phone.talk()
    for refusal in (phone.control.hold(phone.now), phone.control.dial("202", phone.now)):
        assert refusal is not None
    assert phone.states == [CallState.CONNECTED]


def test_what_is_not_connected_cannot_be_held() -> None:
    phone = DeskPhone()
    assert phone.control.hold(phone.now) is not None
    phone.dial()
    assert phone.control.hold(phone.now) is not None
    assert phone.control.dial("202", phone.now) is not None
    assert phone.control.retrieve(phone.now) is not None


def test_a_second_call_holds_the_first_and_swap_changes_places() -> None:
    phone = DeskPhone()
    first, second = phone.consult()
    phone.done(phone.control.swap(phone.now))
    assert phone.states == [CallState.CONNECTED, CallState.HELD]
    assert sorted(phone.line.take()) == sorted(
        [("offer", second, Direction.SENDONLY), ("offer", first, Direction.SENDRECV)]
    )
    assert len(phone.media.scene.talking) == 1
    assert phone.control.active == phone.views[0].id


def test_swap_takes_a_knocking_call() -> None:
    phone = DeskPhone()
    phone.talk()
    phone.ring()
    phone.done(phone.control.swap(phone.now))
    assert phone.states == [CallState.HELD, CallState.CONNECTED]


def test_swap_with_a_single_call_is_refused() -> None:
    phone = DeskPhone()
    phone.talk()
    assert phone.control.swap(phone.now) is not None
    assert phone.states == [CallState.CONNECTED]


def test_no_more_calls_can_be_dialled_than_may_be_on() -> None:
    phone = DeskPhone(rules=CallRules(calls_at_once=2))
    phone.consult()
    refusal = phone.control.dial("203", phone.now)
    assert refusal is not None
    assert phone.line.take() == []


def test_hanging_up_leaves_the_held_call_held() -> None:
    phone = DeskPhone()
    _, second = phone.consult()
    phone.done(phone.control.hang_up(phone.now))
    assert phone.line.take() == [("disconnect", second, Cause.NORMAL_CLEARING)]
    assert phone.states == [CallState.HELD]
    phone.done(phone.control.retrieve(phone.now))
    assert phone.states == [CallState.CONNECTED]


def test_a_held_call_that_ends_does_not_disturb_the_other() -> None:
    phone = DeskPhone()
    first, _ = phone.consult()
    phone.say(Released(first, Cause.NORMAL_CLEARING))
    assert phone.states == [CallState.ENDED, CallState.CONNECTED]
    assert phone.tone is None
    assert phone.gate_asked


def test_mute_closes_the_microphone_and_ends_with_the_call() -> None:
    phone = DeskPhone()
    assert phone.control.set_mute(phone.now, muted=True) is not None
    phone.talk()
    phone.done(phone.control.set_mute(phone.now, muted=True))
    assert not phone.gate_asked
    assert phone.control.audio.muted
    phone.done(phone.control.hang_up(phone.now))
    phone.talk()
    assert phone.gate_asked


def test_our_offer_gives_way_where_the_line_says_that_the_far_ends_stands() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.done(phone.control.hold(phone.now))
    assert phone.line.take() == [("offer", leg, Direction.SENDONLY)]
    phone.say(OfferReceived(leg, session(version=2), prevails=True))
    assert phone.line.take() == [("answer_offer", leg, Direction.SENDONLY)]
    assert phone.media.dropped
    assert phone.states == [CallState.HELD]
    assert phone.views[0].notice == ""
