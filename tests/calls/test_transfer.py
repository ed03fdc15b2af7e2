"""Passing a call on: blind, attended, while it rings, and cancelled in every state."""

from __future__ import annotations

import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.media import AudioPath, PathsChanged
from app.model.services import TransferState, TransferView
from app.model.session import Direction
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    Connected,
    Executor,
    LineCapabilities,
    ParkResult,
    Released,
    TransferResult,
)
from app.model.snapshot import CallState
from tests.calls.dummies import DeskPhone, session

PBX = LineCapabilities(transfer=Executor.PBX, transfer_alerting=True, park=Executor.PBX)


def view(phone: DeskPhone) -> TransferView:
    transfer = phone.control.transfer_view
    assert transfer is not None
    return transfer


def begun(phone: DeskPhone) -> LegId:
    """Talk to 201, and begin to pass that call on."""
    leg = phone.talk("201")
    phone.done(phone.control.begin_transfer(phone.now))
    assert phone.line.take() == [("offer", leg, Direction.SENDONLY)]
    phone.say(AnswerReceived(leg, session(Direction.RECVONLY)))
    assert phone.states == [CallState.HELD]
    assert view(phone).state is TransferState.CHOOSING
    return leg


def consulting(phone: DeskPhone) -> tuple[LegId, LegId]:
    """Pass the call with 201 on, calling 202 first."""
    first = begun(phone)
    second = phone.dial("202")
    phone.line.take()
    assert view(phone).state is TransferState.CONSULTING
    return first, second


def test_blind_transfer() -> None:
    phone = DeskPhone(PBX)
    leg = begun(phone)
    phone.done(phone.control.transfer("32", phone.now))
    assert phone.line.take() == [("transfer", leg, "32")]
    assert (view(phone).state, view(phone).target.label) == (TransferState.ASKED, "32")
    phone.say(TransferResult(leg))
    assert phone.control.transfer_view is None
    (call,) = phone.views
    assert (call.state, call.notice) == (CallState.ENDED, "Transferred to 32")
    assert phone.tone is None
    assert phone.line.take() == [("disconnect", leg, Cause.NORMAL_CLEARING)]
    assert phone.media.open_streams == set()
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert [record.party.number for record in phone.call_list.records] == ["201"]
    phone.wait("ended")
    assert phone.views == ()


def test_attended_transfer() -> None:
    phone = DeskPhone(PBX)
    first, second = consulting(phone)
    phone.say(Connected(second, session()))
    phone.line.take()
    phone.done(phone.control.complete_transfer(phone.now))
    assert phone.line.take() == [("join", first, second)]
    phone.say(TransferResult(first))
    assert [(call.state, call.notice) for call in phone.views] == [(CallState.ENDED, "Transferred to 202")]
    assert phone.media.open_streams == set()


def test_a_consultation_that_the_pbx_releases_first_is_joined_all_the_same() -> None:
    phone = DeskPhone(PBX)
    first, second = consulting(phone)
    phone.say(Connected(second, session()))
    phone.done(phone.control.complete_transfer(phone.now))
    phone.say(Released(second, Cause.NORMAL_CLEARING))
    phone.say(TransferResult(first))
    assert phone.control.transfer_view is None
    assert {call.state for call in phone.views} == {CallState.ENDED}


def test_a_consultation_that_rings_is_joined_where_the_line_can() -> None:
    phone = DeskPhone(PBX)
    first, second = consulting(phone)
    phone.say(Alerting(second))
    phone.done(phone.control.complete_transfer(phone.now))
    assert phone.line.take() == [("join", first, second)]


def test_a_consultation_that_rings_is_named_where_the_line_cannot_join_it() -> None:
    phone = DeskPhone(LineCapabilities(transfer=Executor.PBX))
    first, second = consulting(phone)
    phone.say(Alerting(second))
    phone.done(phone.control.complete_transfer(phone.now))
    assert phone.line.take() == [("disconnect", second, Cause.NORMAL_CLEARING), ("transfer", first, "202")]
    assert view(phone).state is TransferState.ASKED


@pytest.mark.parametrize("state", ["choosing", "blind", "calling", "ringing", "talking", "joining"])
def test_cancel_goes_back_to_the_call_in_every_state(state: str) -> None:
    phone = DeskPhone(PBX)
    if state in ("choosing", "blind"):
        first = begun(phone)
        if state == "blind":
            phone.done(phone.control.transfer("32", phone.now))
    else:
        first, second = consulting(phone)
        if state != "calling":
            phone.say(Alerting(second))
        if state in ("talking", "joining"):
            phone.say(Connected(second, session()))
        if state == "joining":
            phone.done(phone.control.complete_transfer(phone.now))
    phone.done(phone.control.cancel_transfer(phone.now))
    assert ("offer", first, Direction.SENDRECV) in phone.line.take()
    phone.say(AnswerReceived(first, session()))
    assert phone.states == [CallState.CONNECTED]
    assert phone.control.transfer_view is None
    assert not any(name.startswith("transfer") for name in phone.timers.running)
    phone.say(TransferResult(first, Cause.USER_BUSY))
    assert phone.states == [CallState.CONNECTED]


def test_a_transfer_that_fails_offers_the_held_call_back_with_words() -> None:
    phone = DeskPhone(PBX)
    leg = begun(phone)
    phone.done(phone.control.transfer("32", phone.now))
    phone.say(TransferResult(leg, Cause.USER_BUSY))
    assert phone.states == [CallState.HELD]
    assert (view(phone).state, view(phone).notice) == (TransferState.CHOOSING, "Not transferred: Busy")
    phone.done(phone.control.transfer("33", phone.now))
    assert view(phone).notice == ""


def test_a_pbx_that_says_nothing_has_failed() -> None:
    phone = DeskPhone(PBX)
    begun(phone)
    phone.done(phone.control.transfer("32", phone.now))
    phone.line.take()
    phone.wait("transfer")
    assert view(phone).notice == "Not transferred: The PBX does not answer"
    assert [request[0] for request in phone.line.take()] == ["cancel_transfer"]


def test_a_consultation_that_is_busy_leaves_the_choice() -> None:
    phone = DeskPhone(PBX)
    _, second = consulting(phone)
    phone.say(Released(second, Cause.USER_BUSY))
    assert (view(phone).state, view(phone).notice) == (TransferState.CHOOSING, "Busy")


def test_ending_the_consultation_oneself_goes_back() -> None:
    phone = DeskPhone(PBX)
    first, second = consulting(phone)
    phone.done(phone.control.hang_up(phone.now))
    assert ("disconnect", second, Cause.NORMAL_CLEARING) in phone.line.requests
    assert ("offer", first, Direction.SENDRECV) in phone.line.requests
    assert phone.control.transfer_view is None


def test_the_call_that_is_passed_on_may_end_meanwhile() -> None:
    phone = DeskPhone(PBX)
    first, second = consulting(phone)
    phone.say(Connected(second, session()))
    phone.say(Released(first, Cause.NORMAL_CLEARING))
    assert phone.control.transfer_view is None
    assert CallState.CONNECTED in phone.states


def test_two_calls_there_are_can_be_joined_and_cancelled_without_loss() -> None:
    phone = DeskPhone(PBX)
    first, second = phone.consult()
    phone.done(phone.control.begin_transfer(phone.now))
    assert view(phone).state is TransferState.CONSULTING
    phone.done(phone.control.cancel_transfer(phone.now))
    assert phone.states == [CallState.HELD, CallState.CONNECTED]
    phone.done(phone.control.begin_transfer(phone.now))
    phone.done(phone.control.complete_transfer(phone.now))
    assert phone.line.take() == [("join", first, second)]


def test_a_call_that_is_taken_meanwhile_ends_the_transfer() -> None:
    phone = DeskPhone(PBX)
    begun(phone)
    phone.ring()
    phone.done(phone.control.answer(phone.now))
    assert phone.control.transfer_view is None
    assert phone.states == [CallState.HELD, CallState.CONNECTED]


def test_a_line_that_cannot_says_so() -> None:
    phone = DeskPhone()
    phone.talk()
    refusal = phone.control.begin_transfer(phone.now)
    assert refusal is not None
    assert refusal.reason == "Calls on this line cannot be transferred"
    refusal = phone.control.park(phone.now)
    assert refusal is not None
    assert phone.line.take() == []


def test_a_call_is_parked_or_stays() -> None:
    phone = DeskPhone(PBX)
    leg = phone.talk()
    phone.done(phone.control.park(phone.now, position="2"))
    assert phone.line.take() == [("park", leg, "2")]
    phone.say(ParkResult(leg, Cause.USER_BUSY))
    (call,) = phone.views
    assert (call.state, call.notice) == (CallState.CONNECTED, "Not parked: Busy")
    phone.done(phone.control.park(phone.now))
    phone.say(ParkResult(leg, position="7"))
    assert [(call.state, call.notice) for call in phone.views] == [(CallState.ENDED, "Parked at 7")]
    assert phone.control.park(phone.now, position="x") is not None


def off_hook(phone: DeskPhone) -> None:
    """The handset in the hand, and the voice in it."""
    phone.hook(off_hook=True)
    phone.say(PathsChanged(AudioPath.HANDSET, tuple(AudioPath), {}))


@pytest.mark.parametrize("prepared", [True, False])
def test_putting_the_handset_down_brings_the_call_and_the_consultation_together(prepared: bool) -> None:
    phone = DeskPhone(PBX)
    off_hook(phone)
    if prepared:
        first, second = consulting(phone)
        phone.say(Connected(second, session()))
        phone.line.take()
    else:
        first, second = phone.consult()
    phone.hook(off_hook=False)
    assert phone.line.take() == [("join", first, second)]
    assert not phone.gate_asked
    phone.say(TransferResult(first))
    assert [(call.state, call.notice) for call in phone.views] == [(CallState.ENDED, "Transferred to 202")]


def test_what_was_handed_over_in_vain_rings_back() -> None:
    phone = DeskPhone(PBX)
    off_hook(phone)
    first, second = phone.consult()
    phone.hook(off_hook=False)
    phone.say(TransferResult(first, Cause.USER_BUSY))
    assert ("disconnect", second, Cause.NORMAL_CLEARING) in phone.line.take()
    (call,) = phone.views
    assert (call.state, call.notice) == (CallState.HELD, "Not transferred: Busy")
    phone.wait("recall")
    assert phone.ringing
    assert not phone.control.audio.muted


def test_who_lifts_the_handset_again_chooses_anew_after_a_failure() -> None:
    phone = DeskPhone(PBX)
    off_hook(phone)
    first, _ = phone.consult()
    phone.hook(off_hook=False)
    phone.hook(off_hook=True)
    assert phone.gate_asked
    phone.say(TransferResult(first, Cause.USER_BUSY))
    assert phone.states == [CallState.HELD, CallState.CONNECTED]
    assert view(phone).notice == "Not transferred: Busy"


def test_a_consultation_without_a_number_yet_ends_with_the_handset_and_the_held_call_rings_back() -> None:
    phone = DeskPhone(LineCapabilities(transfer=Executor.PBX, overlap=True))
    off_hook(phone)
    begun(phone)
    second = phone.dial("")
    phone.hook(off_hook=False)
    assert phone.line.requests[-1] == ("disconnect", second, Cause.NORMAL_CLEARING)
    assert phone.control.transfer_view is None
    assert phone.states == [CallState.HELD]
    assert not phone.gate_asked
    phone.wait("recall")
    assert phone.ringing


def test_where_the_line_cannot_transfer_the_call_that_is_on_ends_with_the_handset() -> None:
    phone = DeskPhone()
    off_hook(phone)
    _, second = phone.consult()
    phone.hook(off_hook=False)
    assert phone.line.take() == [("disconnect", second, Cause.NORMAL_CLEARING)]
    assert phone.states == [CallState.HELD]


def test_the_microphone_that_closed_with_the_handset_is_open_for_the_next_call() -> None:
    phone = DeskPhone(PBX)
    off_hook(phone)
    first, _ = phone.consult()
    waiting = phone.ring()
    phone.hook(off_hook=False)
    phone.say(TransferResult(first))
    phone.done(phone.control.answer(phone.now))
    assert phone.line.requests[-1] == ("connect", waiting, Direction.SENDRECV)
    assert phone.gate_asked


def handed_over(phone: DeskPhone, *, muted: bool) -> LegId:
    """The handset is put down on two calls; the leg of the held one."""
    off_hook(phone)
    first, _ = phone.consult()
    phone.done(phone.control.set_mute(phone.now, muted=muted))
    phone.hook(off_hook=False)
    assert not phone.gate_asked
    return first


@pytest.mark.parametrize("muted", [True, False])
def test_a_call_for_help_is_heard_though_calls_were_being_handed_over(muted: bool) -> None:
    phone = DeskPhone(PBX)
    handed_over(phone, muted=muted)
    phone.talk("112")
    assert phone.gate_asked


def test_what_the_user_sets_while_calls_are_handed_over_holds() -> None:
    phone = DeskPhone(PBX)
    first = handed_over(phone, muted=False)
    phone.done(phone.control.set_mute(phone.now, muted=False))
    assert phone.gate_asked
    phone.done(phone.control.set_mute(phone.now, muted=True))
    phone.say(TransferResult(first, Cause.USER_BUSY))
    assert phone.control.audio.muted


@pytest.mark.parametrize("muted", [True, False])
def test_another_call_keeps_its_microphone_when_calls_were_handed_over(muted: bool) -> None:
    phone = DeskPhone(PBX)
    first = handed_over(phone, muted=False)
    third = phone.dial("203")
    phone.say(Connected(third, session()))
    phone.done(phone.control.set_mute(phone.now, muted=muted))
    phone.say(TransferResult(first))
    assert phone.control.audio.muted is muted
    assert phone.gate_asked is not muted


def test_a_late_success_of_one_call_leaves_the_transfer_of_another() -> None:
    phone = DeskPhone(PBX)
    first = begun(phone)
    phone.done(phone.control.transfer("31", phone.now))
    phone.done(phone.control.cancel_transfer(phone.now))
    assert ("cancel_transfer", first, None) in phone.line.take()
    phone.say(AnswerReceived(first, session()))
    second = phone.dial("202")
    phone.say(AnswerReceived(first, session(Direction.RECVONLY)))
    phone.say(Connected(second, session()))
    (other,) = [each.id for each in phone.views if each.party.number == "202"]
    phone.done(phone.control.hold(phone.now, other))
    phone.say(AnswerReceived(second, session(Direction.RECVONLY)))
    phone.done(phone.control.transfer("40", phone.now, other))
    phone.say(TransferResult(first))
    assert (view(phone).state, view(phone).call) == (TransferState.ASKED, other)


def test_a_late_success_of_a_cancelled_transfer_shows_nobodys_number_and_leaves_who_is_asked_meanwhile() -> None:
    phone = DeskPhone(PBX)
    first = begun(phone)
    phone.done(phone.control.transfer("31", phone.now))
    phone.done(phone.control.cancel_transfer(phone.now))
    phone.say(AnswerReceived(first, session()))
    phone.done(phone.control.begin_transfer(phone.now))
    phone.say(AnswerReceived(first, session(Direction.RECVONLY)))
    second = phone.dial("40")
    phone.say(Connected(second, session()))
    assert view(phone).state is TransferState.CONSULTING
    phone.say(TransferResult(first, withdrawn=True))
    notices = {each.party.number: (each.state, each.notice) for each in phone.views}
    assert notices == {"201": (CallState.ENDED, "Transferred"), "40": (CallState.CONNECTED, "")}
