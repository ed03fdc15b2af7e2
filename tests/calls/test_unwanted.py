"""Do not disturb, and no call waiting: calls that the user does not want, and those that come through all the same."""

from __future__ import annotations

import dataclasses

from app.calls.signalled import CALL_BACK_SECONDS
from app.model.cause import Cause
from app.model.media import EarTone
from app.model.signalling import Released
from app.model.snapshot import CallState
from tests.calls.dummies import DeskPhone


def phone_with(*, do_not_disturb: bool = False, call_waiting: bool = True, silent: bool = False) -> DeskPhone:
    phone = DeskPhone()
    phone.rules = dataclasses.replace(
        phone.rules, do_not_disturb=do_not_disturb, call_waiting=call_waiting, silent=silent
    )
    return phone


def call_for_help(phone: DeskPhone) -> None:
    phone.talk("112")
    phone.done(phone.control.hang_up(phone.now))
    phone.line.take()


def test_who_is_not_to_be_disturbed_is_busy_and_sees_who_called() -> None:
    phone = phone_with(do_not_disturb=True)
    leg = phone.ring()
    assert phone.line.take() == [("disconnect", leg, Cause.USER_BUSY)]
    assert phone.views == ()
    assert not phone.ringing
    (record,) = phone.call_list.records
    assert (record.seen, record.party.number) == (False, "301")


def test_calls_come_again_as_soon_as_he_may_be_disturbed() -> None:
    phone = phone_with(do_not_disturb=True)
    phone.ring("in-1")
    phone.rules = dataclasses.replace(phone.rules, do_not_disturb=False)
    phone.ring("in-2")
    assert phone.states == [CallState.INCOMING]


def test_he_can_call_and_is_called_back_by_help() -> None:
    phone = phone_with(do_not_disturb=True, silent=True)
    phone.ring("in-1", number="112")
    assert phone.ringing
    phone.done(phone.control.reject(phone.now))
    phone.talk()
    assert phone.states == [CallState.CONNECTED]


def test_after_a_call_for_help_anybody_may_be_help_that_calls_back() -> None:
    phone = phone_with(do_not_disturb=True, silent=True)
    call_for_help(phone)
    phone.now += CALL_BACK_SECONDS - 1
    phone.ring("in-1")
    assert phone.ringing
    phone.done(phone.control.reject(phone.now))
    phone.line.take()
    phone.now += 2
    second = phone.ring("in-2")
    assert phone.line.take() == [("disconnect", second, Cause.USER_BUSY)]


def test_without_call_waiting_a_second_call_finds_the_user_busy() -> None:
    phone = phone_with(call_waiting=False)
    phone.talk()
    second = phone.ring()
    assert phone.line.take() == [("disconnect", second, Cause.USER_BUSY)]
    assert phone.states == [CallState.CONNECTED]
    assert phone.tone is None


def test_without_call_waiting_a_call_beside_one_that_rings_or_is_held_finds_him_busy() -> None:
    phone = phone_with(call_waiting=False)
    first = phone.ring("in-1")
    second = phone.ring("in-2")
    assert phone.line.take() == [("alert", first, None), ("disconnect", second, Cause.USER_BUSY)]
    phone.say(Released(first, Cause.NORMAL_CLEARING))
    phone.hold(phone.talk())
    third = phone.ring("in-3")
    assert phone.line.take() == [("disconnect", third, Cause.USER_BUSY)]


def test_help_that_calls_back_knocks_without_call_waiting() -> None:
    phone = phone_with(call_waiting=False)
    call_for_help(phone)
    phone.talk()
    phone.ring()
    assert phone.tone is EarTone.CALL_WAITING
