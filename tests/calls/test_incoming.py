"""Calls that come in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import msgspec
import pytest

from app.model.cause import Cause
from app.model.ids import LegId, LineId
from app.model.media import EarTone, Ring
from app.model.party import Party
from app.model.session import Direction
from app.model.signalling import AnswerReceived, Connected, PartyChanged, Released, SetupIndicated
from app.model.snapshot import CallState
from tests.calls.dummies import LINE, DeskPhone, session


def test_a_call_rings_and_is_answered() -> None:
    phone = DeskPhone()
    leg = phone.ring()
    assert phone.line.take() == [("alert", leg, None)]
    assert phone.states == [CallState.INCOMING]
    assert phone.ringing
    assert phone.control.audio.ringing
    assert phone.control.answer(phone.now) is None
    assert phone.views[0].changing
    assert not phone.ringing
    phone.settle()
    assert phone.line.take() == [("connect", leg, Direction.SENDRECV)]
    assert phone.states == [CallState.CONNECTED]
    assert phone.gate_asked


def test_a_call_without_an_offer_gets_ours_with_the_connect() -> None:
    phone = DeskPhone()
    phone.say(SetupIndicated(LegId("in-1"), LINE, Party("301"), Party("200")))
    phone.done(phone.control.answer(phone.now))
    assert phone.line.take()[-1] == ("connect", "in-1", Direction.SENDRECV)
    assert phone.views[0].changing
    phone.say(AnswerReceived(LegId("in-1"), session()))
    assert not phone.views[0].changing
    assert phone.gate_asked


def test_a_rejected_call_is_listed_but_not_missed() -> None:
    phone = DeskPhone()
    leg = phone.ring()
    phone.done(phone.control.reject(phone.now))
    assert phone.line.take()[-1] == ("disconnect", leg, Cause.CALL_REJECTED)
    assert phone.views == ()
    assert not phone.ringing
    (record,) = phone.call_list.records
    assert (record.seen, record.answered, record.cause) == (True, False, 21)


def test_a_caller_who_gives_up_is_missed() -> None:
    phone = DeskPhone()
    leg = phone.ring()
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert phone.views == ()
    assert not phone.ringing
    assert not phone.call_list.records[0].seen


def test_a_call_answered_at_another_phone_is_not_missed() -> None:
    phone = DeskPhone()
    phone.say(Released(phone.ring(), Cause.ANSWERED_ELSEWHERE))
    assert phone.call_list.records[0].seen


def test_silence_lasts_for_this_call_only() -> None:
    phone = DeskPhone()
    leg = phone.ring()
    phone.done(phone.control.silence(phone.now))
    assert not phone.ringing
    assert phone.control.audio.silenced
    assert phone.states == [CallState.INCOMING]
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert not phone.control.audio.silenced
    phone.ring("in-2")
    assert phone.ringing
    phone.done(phone.control.reject(phone.now))
    assert phone.control.silence(phone.now) is not None


def test_a_silent_phone_shows_a_call_and_does_not_ring() -> None:
    phone = DeskPhone()
    phone.rules = dataclasses.replace(phone.rules, silent=True)
    phone.ring()
    assert not phone.ringing
    assert phone.states == [CallState.INCOMING]
    phone.rules = dataclasses.replace(phone.rules, silent=False)
    phone.control.rules_changed(phone.now)
    assert phone.ringing


def test_help_that_calls_back_rings_on_a_silent_phone() -> None:
    phone = DeskPhone()
    phone.rules = dataclasses.replace(phone.rules, silent=True)
    phone.ring(number="112")
    assert phone.ringing


def test_the_ring_knows_the_caller_and_what_the_pbx_asks_for() -> None:
    phone = DeskPhone()
    phone.say(SetupIndicated(LegId("in-1"), LINE, Party("301"), Party("200"), session(), "info=alert-internal"))
    assert phone.media.scene.ring == Ring("info=alert-internal", "301")


def test_a_second_call_knocks_and_is_answered_while_the_first_is_held() -> None:
    phone = DeskPhone()
    first = phone.talk()
    second = phone.ring()
    assert phone.tone is EarTone.CALL_WAITING
    assert not phone.ringing
    assert phone.views[1].waiting
    assert phone.gate_asked
    phone.done(phone.control.answer(phone.now))
    assert ("offer", first, Direction.SENDONLY) in phone.line.requests
    assert ("connect", second, Direction.SENDRECV) in phone.line.requests
    assert phone.states == [CallState.HELD, CallState.CONNECTED]
    assert phone.tone is None
    assert len(phone.media.scene.talking) == 1


def test_a_waiting_call_rings_as_soon_as_the_user_is_free() -> None:
    phone = DeskPhone()
    phone.talk()
    phone.ring()
    phone.done(phone.control.hang_up(phone.now))
    assert phone.ringing
    assert phone.states == [CallState.INCOMING]


def test_a_third_call_is_busy_and_missed() -> None:
    phone = DeskPhone()
    phone.talk()
    phone.ring("in-1")
    phone.line.take()
    third = phone.ring("in-2", "302")
    assert phone.line.take() == [("disconnect", third, Cause.USER_BUSY)]
    assert len(phone.views) == 2
    (record,) = phone.call_list.records
    assert (record.party.number, record.seen) == ("302", False)


def test_a_call_that_could_have_no_voice_does_not_ring_and_is_missed() -> None:
    phone = DeskPhone()
    leg = phone.ring(offer=msgspec.structs.replace(session(), media=()))
    assert phone.line.take() == [("disconnect", leg, Cause.INCOMPATIBLE_DESTINATION)]
    (view,) = phone.views
    assert (view.state, view.notice) == (CallState.ENDED, "no common format")
    assert (phone.ringing, phone.tone) == (False, None)
    assert phone.media.open_streams == set()
    (record,) = phone.call_list.records
    assert (record.missed, record.seen, record.cause) == (True, False, Cause.INCOMPATIBLE_DESTINATION)
    phone.say(Released(leg, Cause.INCOMPATIBLE_DESTINATION))
    assert phone.line.take() == []
    phone.wait("ended")
    assert phone.views == ()


def test_why_a_call_was_turned_away_is_not_told_over_another_call() -> None:
    phone = DeskPhone()
    phone.talk()
    phone.ring(offer=msgspec.structs.replace(session(), media=()))
    assert phone.states == [CallState.CONNECTED]
    assert len(phone.call_list.records) == 1


def test_an_ended_call_in_sight_does_not_make_the_phone_busy() -> None:
    phone = DeskPhone()
    phone.talk("201")
    phone.talk("202")
    phone.done(phone.control.hang_up(phone.now))
    phone.say(Released(LegId("phone-1"), Cause.NORMAL_CLEARING))
    phone.ring()
    assert phone.states[-1] is CallState.INCOMING
    assert phone.ringing
    assert phone.tone is None


def test_answering_gives_up_a_call_that_is_still_on_its_way_out() -> None:
    phone = DeskPhone()
    out = phone.dial()
    phone.ring()
    phone.done(phone.control.answer(phone.now))
    assert ("disconnect", out, Cause.NORMAL_CLEARING) in phone.line.requests
    assert phone.states == [CallState.CONNECTED]


def test_no_common_codec_is_signalled_as_incompatible() -> None:
    phone = DeskPhone()
    leg = phone.ring()
    phone.media.refuse, phone.media.common_codec = "no common format", False
    phone.done(phone.control.answer(phone.now))
    assert phone.line.take()[-1] == ("disconnect", leg, Cause.INCOMPATIBLE_DESTINATION)
    assert phone.views[0].notice == "no common format"
    phone.say(Released(leg, Cause.INCOMPATIBLE_DESTINATION))
    assert len(phone.call_list.records) == 1


def test_the_caller_gives_up_in_the_moment_of_answering() -> None:
    phone = DeskPhone()
    leg = phone.ring()
    assert phone.control.answer(phone.now) is None
    phone.control.handle(Released(leg, Cause.NORMAL_CLEARING), phone.now)
    phone.settle()
    assert phone.states == [CallState.ENDED]
    assert not any(name == "connect" for name, _, _ in phone.line.requests)
    assert phone.media.open_streams == set()


def test_the_callers_name_may_come_later() -> None:
    phone = DeskPhone()
    phone.say(PartyChanged(phone.ring(), Party("301", "Berta")))
    assert phone.views[0].party.name == "Berta"


def test_answer_and_reject_need_a_ringing_call() -> None:
    phone = DeskPhone()
    phone.talk()
    assert phone.control.answer(phone.now) is not None
    assert phone.control.reject(phone.now) is not None
    assert phone.states == [CallState.CONNECTED]


def test_a_setup_for_a_line_there_is_none_of_is_ignored() -> None:
    phone = DeskPhone()
    phone.say(SetupIndicated(LegId("in-1"), LineId("ghost"), Party("301"), Party("200"), session()))
    assert phone.views == ()


# --- Replaces (RFC 3891) ------------------------------------------------------------------------------


def replace(phone: DeskPhone, old: LegId) -> LegId:
    new = LegId("in-9")
    phone.say(SetupIndicated(new, LINE, Party("400", "Carla"), Party("200"), session(), replaces=old))
    return new


def test_a_leg_is_replaced_under_a_running_call() -> None:
    phone = DeskPhone()
    old = phone.talk()
    (before,) = phone.views
    phone.now += 10
    new = replace(phone, old)
    assert phone.line.take() == [
        ("connect", new, Direction.SENDRECV),
        ("disconnect", old, Cause.NORMAL_CLEARING),
    ]
    (after,) = phone.views
    assert (after.id, after.state, after.connected_at) == (before.id, CallState.CONNECTED, before.connected_at)
    assert after.party.name == "Carla"
    assert len(phone.media.open_streams) == 1
    assert not phone.ringing
    phone.say(Released(old, Cause.NORMAL_CLEARING))
    assert phone.states == [CallState.CONNECTED]
    phone.say(Released(new, Cause.NORMAL_CLEARING))
    assert phone.states == [CallState.ENDED]
    assert len(phone.call_list.records) == 1


def test_a_held_call_stays_held_under_its_new_leg() -> None:
    phone = DeskPhone()
    old = phone.talk()
    phone.hold(old)
    new = replace(phone, old)
    assert phone.line.take()[0] == ("connect", new, Direction.SENDONLY)
    assert phone.states == [CallState.HELD]
    phone.done(phone.control.retrieve(phone.now))
    assert phone.line.take() == [("offer", new, Direction.SENDRECV)]


def test_a_replacement_without_media_leaves_the_call_as_it_was() -> None:
    phone = DeskPhone()
    old = phone.talk()
    phone.media.refuse = "no port"
    new = replace(phone, old)
    assert phone.line.take() == [("disconnect", new, Cause.RESOURCE_UNAVAILABLE)]
    assert phone.states == [CallState.CONNECTED]
    phone.media.refuse = None
    phone.say(Released(old, Cause.NORMAL_CLEARING))
    assert phone.states == [CallState.ENDED]


def test_the_old_leg_may_go_before_the_new_one_is_settled() -> None:
    phone = DeskPhone()
    old = phone.talk()
    setup = SetupIndicated(LegId("in-9"), LINE, Party("400"), Party("200"), session(), replaces=old)
    phone.control.handle(setup, phone.now)
    phone.control.handle(Released(old, Cause.NORMAL_CLEARING), phone.now)
    assert phone.states == [CallState.CONNECTED]
    phone.settle()
    assert phone.states == [CallState.CONNECTED]
    assert phone.gate_asked


def test_a_ringing_call_goes_on_ringing_under_its_new_leg() -> None:
    phone = DeskPhone()
    old = phone.ring()
    new = replace(phone, old)
    assert phone.line.take()[-2:] == [("disconnect", old, Cause.NORMAL_CLEARING), ("alert", new, None)]
    (view,) = phone.views
    assert (view.state, view.party.name) == (CallState.INCOMING, "Carla")
    assert phone.ringing
    phone.done(phone.control.answer(phone.now))
    assert phone.line.take() == [("connect", new, Direction.SENDRECV)]


@pytest.mark.parametrize("begin", [DeskPhone.ring, DeskPhone.talk])
def test_a_leg_without_usable_media_replaces_nothing(begin: Callable[[DeskPhone], LegId]) -> None:
    phone = DeskPhone()
    old = begin(phone)
    phone.line.take()
    before = phone.views
    new = LegId("in-9")
    unusable = msgspec.structs.replace(session(), media=())
    phone.say(SetupIndicated(new, LINE, Party("400", "Carla"), Party("200"), unusable, replaces=old))
    assert phone.line.take() == [("disconnect", new, Cause.INCOMPATIBLE_DESTINATION)]
    assert phone.views == before
    assert phone.call_list.records == []
    phone.say(Released(new, Cause.INCOMPATIBLE_DESTINATION))
    assert phone.views == before


def test_replacing_a_leg_that_has_gone_is_an_ordinary_call() -> None:
    phone = DeskPhone()
    replace(phone, LegId("gone"))
    assert phone.states == [CallState.INCOMING]


def test_connected_for_an_incoming_leg_changes_nothing() -> None:
    phone = DeskPhone()
    phone.say(Connected(phone.ring(), session()))
    assert phone.states == [CallState.INCOMING]


def test_somebody_else_may_know_whose_number_it_is() -> None:
    phone = DeskPhone()
    phone.ring(number="301")
    phone.control.name("302", "Nobody", phone.now)
    assert phone.views[0].party.name == ""
    phone.control.name("301", "Workshop", phone.now)
    phone.control.name("301", "Another name", phone.now)
    assert phone.views[0].party == Party("301", "Workshop")
    phone.done(phone.control.reject(phone.now))
    assert phone.call_list.records[0].party.name == "Workshop"
