"""Calls for help always go out, and nothing disturbs them."""

from __future__ import annotations

import pytest

from app.calls.rules import CallRules
from app.model.cause import Cause
from app.model.dialplan import EmergencyNumbers
from app.model.media import EarTone
from app.model.signalling import (
    Alerting,
    Connected,
    LineCapabilities,
    LineChanged,
    MoreDigitsWanted,
    Proceeding,
    Registration,
    RemoteAction,
    RemoteControl,
)
from app.model.snapshot import CallState
from tests.calls.dummies import LINE, DeskPhone, session


@pytest.mark.parametrize("number", ["112", "1 1 2", "tel:911", "sip:112@pbx.example", "urn:service:sos.fire"])
def test_an_emergency_call_goes_out_on_an_unregistered_line(number: str) -> None:
    phone = DeskPhone()
    phone.say(LineChanged(LINE, Registration.DOWN, "No PBX"))
    phone.dial(number)
    assert phone.line.options[-1].emergency
    assert phone.views[0].emergency
    assert phone.control.dial("201", phone.now) is not None


def test_it_takes_the_place_of_all_other_calls() -> None:
    phone = DeskPhone()
    first = phone.talk("201")
    waiting = phone.ring()
    phone.done(phone.control.set_mute(phone.now, muted=True))
    leg = phone.dial("112")
    assert ("disconnect", first, Cause.NORMAL_CLEARING) in phone.line.requests
    assert ("disconnect", waiting, Cause.USER_BUSY) in phone.line.requests
    assert [view.emergency for view in phone.views] == [True]
    phone.say(Connected(leg, session()))
    assert phone.gate_asked
    missed = [record for record in phone.call_list.records if not record.seen]
    assert [record.party.number for record in missed] == ["301"]


def test_nobody_knocks_and_nothing_is_held_during_it() -> None:
    phone = DeskPhone(LineCapabilities(remote_control=True))
    leg = phone.talk("112")
    other = phone.ring()
    assert phone.line.take() == [("disconnect", other, Cause.USER_BUSY)]
    assert phone.tone is not EarTone.CALL_WAITING
    assert phone.control.hold(phone.now) is not None
    assert phone.control.dial("201", phone.now) is not None
    phone.say(RemoteControl(leg, RemoteAction.HOLD))
    phone.say(RemoteControl(leg, RemoteAction.MUTE))
    assert phone.states == [CallState.CONNECTED]
    assert phone.gate_asked
    assert phone.line.take() == []


def test_the_call_back_gets_through_afterwards() -> None:
    phone = DeskPhone()
    phone.talk("112")
    phone.done(phone.control.hang_up(phone.now))
    phone.ring(number="112")
    assert phone.ringing


def test_an_emergency_number_is_never_redialled_by_accident() -> None:
    phone = DeskPhone(last_dialled="112")
    assert phone.control.redial(phone.now) is not None
    phone.talk("201")
    phone.talk("112")
    phone.done(phone.control.hang_up(phone.now))
    phone.line.take()
    phone.done(phone.control.redial(phone.now))
    assert phone.line.take()[0][2] == "201"


def test_a_number_added_in_the_settings_counts_from_the_next_call_on() -> None:
    phone = DeskPhone()
    phone.rules = CallRules(EmergencyNumbers(("110",)))
    phone.dial("110")
    assert phone.line.options[-1].emergency


@pytest.mark.parametrize("word", [Proceeding, Alerting, Connected])
def test_a_number_dialled_digit_by_digit_is_for_help_once_the_pbx_has_all_of_it(word: type) -> None:
    phone = DeskPhone(LineCapabilities(overlap=True))
    leg = phone.dial("")
    phone.say(MoreDigitsWanted(leg))
    phone.done(phone.control.set_mute(phone.now, muted=True))
    for digit in "112":
        phone.done(phone.control.send_digits(digit, phone.now))
    assert not phone.views[0].emergency
    phone.say(Connected(leg, session()) if word is Connected else word(leg))
    assert phone.views[0].emergency
    phone.say(Connected(leg, session()))
    assert phone.gate_asked
    assert phone.control.hold(phone.now) is not None


def test_a_longer_number_that_begins_like_one_for_help_is_none() -> None:
    phone = DeskPhone(LineCapabilities(overlap=True))
    leg = phone.dial("")
    phone.say(MoreDigitsWanted(leg))
    phone.done(phone.control.send_digits("112", phone.now))
    phone.done(phone.control.send_digits("3", phone.now))
    phone.say(Alerting(leg))
    assert not phone.views[0].emergency
