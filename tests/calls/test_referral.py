"""The far end passes the call on to somebody whom we call ourselves; until he answers, all stays as it is."""

from __future__ import annotations

import dataclasses

import pytest

from app.calls.referral import REFERRALS_MAX
from app.model.cause import Cause
from app.model.ids import LegId
from app.model.media import EarTone
from app.model.party import Party
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    Connected,
    PartyChanged,
    ReconnectDue,
    Reconnected,
    Released,
    SetupIndicated,
    SignallingLost,
    TransferRequested,
)
from app.model.snapshot import CallState
from tests.calls.dummies import LINE, DeskPhone, session

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


def test_a_call_that_is_held_meanwhile_stays_held() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    successor = referred(phone, leg)
    phone.hold(leg)
    phone.say(Connected(successor, session()))
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


def test_far_ends_that_name_others_for_ever_are_followed_only_so_often() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    for _ in range(REFERRALS_MAX):
        successor = referred(phone, leg)
        phone.say(Connected(successor, session()))
        leg = successor
    phone.line.take()
    phone.say(TransferRequested(leg, TARGET, Party("29")))
    assert phone.line.take() == []
    assert phone.states == [CallState.CONNECTED]


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


@pytest.mark.parametrize("number", ["112", "sip:112@pbx.example", "sip:112@elsewhere.example"])
def test_nobody_is_sent_to_an_emergency_number(number: str) -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(TransferRequested(leg, number, Party("112")))
    assert phone.line.take() == []


def test_who_is_held_sends_the_user_nowhere() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.hold(leg)
    phone.say(TransferRequested(leg, TARGET, Party("29")))
    assert phone.line.take() == []


def test_whether_the_far_end_may_is_a_setting() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.rules = dataclasses.replace(phone.rules, follow_transfers=False)
    phone.say(TransferRequested(leg, TARGET, Party("29")))
    assert (phone.line.take(), phone.views[0].notice) == ([], "")


def test_the_user_ends_both() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    successor = referred(phone, leg)
    phone.done(phone.control.hang_up(phone.now))
    assert phone.line.take() == [("disconnect", each, Cause.NORMAL_CLEARING) for each in (leg, successor)]
    assert not phone.media.open_streams


def test_until_it_is_answered_the_display_tells_of_who_is_there() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(PartyChanged(leg, Party("201", "Anna")))
    successor = referred(phone, leg)
    phone.say(Alerting(successor, None, Party("29", "Berta"), waiting=True))
    phone.say(PartyChanged(successor, Party("30", "Clara")))
    (view,) = phone.views
    assert (view.party.name, view.notice) == ("Anna", "Being transferred to 29")
    phone.say(Released(successor, Cause.USER_BUSY))
    assert phone.views[0].party.name == "Anna"
    successor = referred(phone, leg)
    phone.say(Alerting(successor, None, Party("29", "Berta")))
    phone.say(Connected(successor, session()))
    assert phone.views[0].party.name == "Berta"


def test_a_leg_that_cannot_take_over_leaves_the_party_as_it_was() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.media.refuse = "there is no free port"
    phone.say(SetupIndicated(LegId("in-2"), LINE, Party("66"), Party("200"), session(), replaces=leg))
    phone.media.refuse = None
    assert phone.views[0].party.number == "201"
    phone.say(SetupIndicated(LegId("in-3"), LINE, Party("66"), Party("200"), session(), replaces=leg))
    assert phone.views[0].party.number == "66"


def test_when_the_far_end_has_gone_the_user_hears_that_it_rings() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    phone.say(Alerting(leg))
    successor = referred(phone, leg)
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert phone.tone is None
    phone.say(Alerting(successor))
    assert phone.tone is EarTone.RINGBACK
    phone.say(Connected(successor, session()))
    assert phone.tone is None


def lost_while_referred(phone: DeskPhone) -> tuple[LegId, LegId]:
    leg = phone.talk()
    successor = referred(phone, leg)
    phone.say(SignallingLost(leg))
    phone.say(SignallingLost(successor))
    return leg, successor


def test_who_is_named_and_declines_does_not_end_a_lost_call() -> None:
    phone = DeskPhone()
    leg, successor = lost_while_referred(phone)
    phone.say(ReconnectDue(leg))
    phone.say(Released(successor, Cause.CALL_REJECTED))
    (view,) = phone.views
    assert (view.state, view.reconnecting) == (CallState.CONNECTED, True)
    assert view.notice.startswith("Not transferred: ")
    phone.say(AnswerReceived(leg, session()))
    phone.say(Reconnected(leg))
    assert (phone.views[0].state, phone.views[0].reconnecting) == (CallState.CONNECTED, False)


def test_a_call_that_is_taken_up_again_is_still_being_transferred() -> None:
    phone = DeskPhone()
    leg, successor = lost_while_referred(phone)
    phone.say(ReconnectDue(leg))
    phone.say(AnswerReceived(leg, session()))
    phone.say(Reconnected(leg))
    assert phone.views[0].notice == "Being transferred to 29"
    phone.say(Connected(successor, session()))
    assert phone.views[0].party.number == "29"


def test_a_call_to_who_is_named_that_is_lost_for_good_has_failed() -> None:
    phone = DeskPhone()
    leg, successor = lost_while_referred(phone)
    phone.say(ReconnectDue(successor, anew=True))
    assert phone.views[0].notice.startswith("Not transferred: ")
    phone.say(ReconnectDue(leg))
    phone.say(AnswerReceived(leg, session()))
    phone.say(Reconnected(leg))
    successor = referred(phone, leg)
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    phone.say(SignallingLost(successor))
    phone.say(ReconnectDue(successor, anew=True))
    assert phone.views[0].state is CallState.ENDED


def test_words_of_a_transfer_go_with_it() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    successor = referred(phone, leg)
    phone.media.refuse = "there is no free port"
    phone.say(SetupIndicated(LegId("in-2"), LINE, Party("30"), Party("200"), session(), replaces=leg))
    phone.media.refuse = None
    assert ("disconnect", successor, Cause.NORMAL_CLEARING) in phone.line.take()
    assert (phone.views[0].party.number, phone.views[0].notice) == ("201", "")
