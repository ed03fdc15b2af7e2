"""Sending a call that rings elsewhere."""

from __future__ import annotations

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.party import Party
from app.model.signalling import Executor, LineCapabilities, Released, SetupIndicated, SignallingLost
from app.model.snapshot import CallState
from tests.calls.dummies import LINE, DeskPhone, session

CAN = LineCapabilities(deflect=Executor.PBX)


def test_a_ringing_call_is_sent_on_and_the_user_reads_where_to() -> None:
    phone = DeskPhone(CAN)
    leg = phone.ring()
    phone.done(phone.control.deflect("+49 30 1", phone.now))
    assert phone.line.take()[-1] == ("deflect", leg, "+49301")
    assert not phone.ringing
    assert phone.views[0].changing
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert phone.states == [CallState.ENDED]
    assert phone.views[0].notice == "Sent on to +49301"
    assert phone.tone is None
    assert phone.media.open_streams == set()
    (record,) = phone.call_list.records
    assert (record.seen, record.answered) == (True, False)
    phone.wait("ended")
    assert phone.views == ()


def test_a_call_that_could_not_be_sent_on_is_missed_and_says_why() -> None:
    phone = DeskPhone(CAN)
    leg = phone.ring()
    phone.done(phone.control.deflect("999", phone.now))
    phone.say(Released(leg, Cause.UNALLOCATED_NUMBER))
    assert phone.views[0].notice == "Not sent on: This number does not exist"
    assert not phone.call_list.records[0].seen


def test_what_is_being_sent_on_cannot_be_answered_or_sent_on_again() -> None:
    phone = DeskPhone(CAN)
    leg = phone.ring()
    phone.done(phone.control.deflect("31", phone.now))
    phone.line.take()
    assert phone.control.answer(phone.now) is not None
    assert phone.control.deflect("32", phone.now) is not None
    assert phone.line.take() == []
    phone.done(phone.control.hang_up(phone.now, phone.views[0].id))
    assert phone.line.take() == [("disconnect", leg, Cause.NORMAL_CLEARING)]


def test_a_call_that_knocks_is_sent_on_and_the_user_stays_in_his_own() -> None:
    phone = DeskPhone(CAN)
    talking = phone.talk()
    knocking = phone.ring()
    phone.done(phone.control.deflect("31", phone.now))
    assert phone.tone is None
    phone.say(Released(knocking, Cause.NORMAL_CLEARING))
    assert phone.states == [CallState.CONNECTED, CallState.ENDED]
    assert phone.control.active == phone.views[0].id
    assert talking != knocking
    assert phone.gate_asked


def test_nothing_is_sent_on_that_does_not_ring_nor_to_nobody_nor_by_a_line_that_cannot() -> None:
    phone, unable = DeskPhone(CAN), DeskPhone()
    assert phone.control.deflect("31", phone.now) is not None
    phone.talk()
    assert phone.control.deflect("31", phone.now, phone.views[0].id) is not None
    phone.ring()
    unable.ring()
    assert phone.control.deflect("", phone.now) is not None
    assert phone.control.deflect("Auto haus", phone.now) is not None
    assert unable.control.deflect("31", unable.now) is not None
    assert not any(asked[0] == "deflect" for asked in (*phone.line.requests, *unable.line.requests))


def test_a_call_that_is_being_sent_on_is_not_answered_when_its_caller_reconnects() -> None:
    phone = DeskPhone(LineCapabilities(deflect=Executor.PBX, reconnect=True))
    old, new = phone.ring(), LegId("in-2")
    phone.done(phone.control.deflect("31", phone.now))
    phone.say(SignallingLost(old))
    phone.line.take()
    phone.say(SetupIndicated(new, LINE, Party("301"), Party("200"), session(), replaces=old))
    assert phone.states == [CallState.INCOMING]
    assert not phone.gate_asked
    requests = phone.line.take()
    assert [request for request in requests if request[1] == new] == [("alert", new, None), ("deflect", new, "31")]
    phone.say(Released(new, Cause.UNALLOCATED_NUMBER))
    assert phone.views[0].notice == "Not sent on: This number does not exist"
