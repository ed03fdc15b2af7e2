"""Calls that outlive the connection to the PBX, message by message as the digest of Reconnect Calls (16r1) has them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import Direction
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    CallOptions,
    Connected,
    LineChanged,
    OfferReceived,
    OfferRefused,
    OfferWanted,
    ReconnectDue,
    Reconnected,
    Released,
    RemoteHeld,
    SetupIndicated,
    SignallingLost,
    TransferResult,
)
from app.signalling.lost_leg import CALLED_SIDE_WAITS, PAUSE
from app.signalling.pbxsignal.recovery import OVER_MAX, PAUSE_MAX
from tests.signalling.pbxsignal.pbx import CHANNELS, LEG, Json, Pbx, description

INFO: Json = {"type": "reconnect_info", "id": "their-name", "ep": {"sip": "bob", "num": "201"}}
INIT: Json = {"type": "reconnect_init"}
SELECT: Json = {"channel": -1, "channels_cmd": "SELECT", "channels": CHANNELS}
PROPOSAL: Json = {"channel": -1, "channels_cmd": "PROPOSAL", "channels": CHANNELS}


def _fty(sig: Json, kind: str) -> list[Json]:
    return [one for one in sig.get("fty", ()) if one["type"] == kind]


def _talk(pbx: Pbx, leg: LegId = LEG, name: str = "their-name") -> int:
    """A call of ours, whose far end has given it a name."""
    call = pbx.dial(leg=leg)
    pbx.signal(call, "conn", INFO | {"id": name}, **SELECT)
    pbx.happened()
    return call


def _taken(pbx: Pbx, call: int = -1) -> tuple[LegId, str]:
    """A call that came in and was answered, and the name that we gave it."""
    pbx.signal(call, "setup", INIT, cg={"num": "301"}, **PROPOSAL)
    leg = pbx.event(SetupIndicated).leg
    pbx.agent.alert(leg, waiting=False)
    pbx.agent.connect(leg, description())
    (_, alert), (_, conn) = pbx.take()
    (info,) = _fty(conn, "reconnect_info")
    assert _fty(alert, "reconnect_info") == [info]
    assert info["ep"] == {"sip": "alice"}
    return leg, info["id"]


def _offered(pbx: Pbx, leg: LegId = LEG, direction: Direction = Direction.SENDRECV) -> tuple[int, Json]:
    """The model is asked for an offer for the lost leg and gives it: the setup that comes of that."""
    assert ReconnectDue(leg) in pbx.happened()
    pbx.setups()
    pbx.agent.reconnect(leg, description(direction, 2))
    (setup,) = pbx.setups()
    return setup


def _bears(sig: Json, name: str) -> bool:
    return _fty(sig, "reconnect_info") == [{"type": "reconnect_info", "id": name, "ep": {"sip": "alice"}}]


def _lost(pbx: Pbx, leg: LegId = LEG) -> None:
    pbx.lose()
    assert SignallingLost(leg) in pbx.happened()
    assert pbx.take() == []
    pbx.come_back()


def _called_anew(pbx: Pbx) -> int:
    """A call of ours was lost, and its setup anew is out; gives the number of that."""
    _talk(pbx)
    _lost(pbx)
    call, _ = _offered(pbx)
    return call


def _taken_and_lost(pbx: Pbx) -> tuple[LegId, str]:
    """A call that came in and was answered was lost; its caller has the first word."""
    leg, name = _taken(pbx)
    _lost(pbx, leg)
    pbx.setups()
    return leg, name


def _ringing(pbx: Pbx) -> tuple[LegId, Json]:
    """A call that rings here, and the name that we gave it."""
    pbx.signal(-1, "setup", INIT, cg={"num": "301"}, **PROPOSAL)
    leg = pbx.event(SetupIndicated).leg
    pbx.agent.alert(leg, waiting=False)
    (info,) = _fty(pbx.only(), "reconnect_info")
    return leg, info


def _set_up_anew(pbx: Pbx) -> tuple[int, Json]:
    """The connection broke and stands again: the setup of a call of ours that was not answered yet."""
    pbx.lose()
    pbx.come_back()
    (setup,) = pbx.setups()
    pbx.happened()
    return setup


def test_every_setup_says_that_the_call_can_be_taken_up(pbx: Pbx) -> None:
    pbx.agent.setup(LEG, "201", description(), CallOptions())
    assert _fty(pbx.only(), "reconnect_init") == [INIT]


def test_the_caller_sets_a_lost_call_up_anew_by_the_name_that_he_was_given(pbx: Pbx) -> None:
    old = _talk(pbx)
    _lost(pbx)
    call, setup = _offered(pbx)
    assert call != old
    assert setup["cd"] == {"num": "201", "sip": "bob"}
    assert _bears(setup, "their-name")
    assert setup["channels_cmd"] == "PROPOSAL"
    pbx.signal(call, "call_proc")
    pbx.signal(call, "alert")
    assert pbx.happened() == []
    pbx.signal(call, "conn", **SELECT)
    answered, back = pbx.happened()
    assert isinstance(answered, AnswerReceived)
    assert back == Reconnected(LEG)
    pbx.agent.disconnect(LEG, Cause.NORMAL_CLEARING)
    assert [number for number, _ in pbx.take()] == [call]


def test_a_call_of_a_process_that_died_goes_by_the_names_it_had() -> None:
    before, after = Pbx(), Pbx(registered=False)
    before.agent.setup(LEG, "201", description(), CallOptions())
    ((call, first),) = before.take()
    before.signal(call, "conn", INFO | {"id": "their-name"}, **SELECT)
    after.agent.resume(before.agent.keep())
    after.come_back()
    _, again = _offered(after)
    assert _bears(again, "their-name")
    assert (again["confId"], again["callId"]) == (first["confId"], first["callId"])


def test_an_answer_that_follows_the_conn_is_waited_for(pbx: Pbx) -> None:
    call = _called_anew(pbx)
    pbx.signal(call, "conn", channel=-1)
    assert pbx.happened() == []
    pbx.signal(call, "channels", channels_cmd="SELECT", channels=CHANNELS)
    assert pbx.happened()[1:] == [Reconnected(LEG)]


def test_a_far_end_that_answers_without_media_keeps_what_was_agreed(pbx: Pbx) -> None:
    call = _called_anew(pbx)
    pbx.signal(call, "conn", channels_cmd="NONE")
    assert pbx.happened() == [OfferRefused(LEG, Cause.FACILITY_REJECTED), Reconnected(LEG)]


def test_an_answer_that_cannot_be_read_is_no_answer(pbx: Pbx) -> None:
    call = _called_anew(pbx)
    pbx.signal(call, "conn", channels_cmd="SELECT", channels={"ch": "?"})
    assert pbx.happened() == [OfferRefused(LEG, Cause.PROTOCOL_ERROR), Reconnected(LEG)]


def test_a_hold_is_told_again_to_who_may_not_know_of_it(pbx: Pbx) -> None:
    call = _talk(pbx)
    pbx.agent.offer(LEG, description(Direction.SENDONLY, 2))
    pbx.signal(call, "channels", channels_cmd="SELECT", channels=CHANNELS)
    pbx.take()
    _lost(pbx)
    _, setup = _offered(pbx, direction=Direction.SENDONLY)
    assert _fty(setup, "hold_notify")
    assert {one["addr"] for one in setup["channels"]["ch"]} == {"0.0.0.0"}


def test_a_retrieve_while_it_was_lost_is_told_too(pbx: Pbx) -> None:
    call = _talk(pbx)
    pbx.agent.offer(LEG, description(Direction.SENDONLY, 2))
    pbx.signal(call, "channels", channels_cmd="SELECT", channels=CHANNELS)
    pbx.take()
    _lost(pbx)
    _, setup = _offered(pbx, direction=Direction.SENDRECV)
    assert _fty(setup, "retrieve_notify")


def test_who_was_called_leaves_the_caller_the_first_word(pbx: Pbx) -> None:
    leg, name = _taken_and_lost(pbx)
    pbx.signal(-1, "setup", INIT, INFO | {"id": name}, **PROPOSAL)
    offered = [event for event in pbx.happened() if not isinstance(event, LineChanged)]
    assert [type(one) for one in offered] == [OfferReceived]
    assert pbx.take() == []
    pbx.agent.answer_offer(leg, description())
    conn = pbx.only()
    assert (conn["type"], conn["channels_cmd"]) == ("conn", "SELECT")
    assert _bears(conn, name)
    assert pbx.happened() == [Reconnected(leg)]
    pbx.step(60)
    assert pbx.happened() == []


def test_who_was_called_calls_when_nobody_else_does(pbx: Pbx) -> None:
    leg, name = _taken(pbx)
    _lost(pbx, leg)
    assert not any(isinstance(event, ReconnectDue) for event in pbx.events)
    pbx.step(CALLED_SIDE_WAITS)
    _, setup = _offered(pbx, leg)
    assert setup["cd"] == {"num": "301"}
    assert _bears(setup, name)


def test_who_has_moved_calls_at_once(pbx: Pbx) -> None:
    leg, _ = _taken(pbx)
    pbx.agent.moved()
    _lost(pbx, leg)
    _offered(pbx, leg)


def test_a_far_end_that_alone_was_lost_takes_the_call_up_from_its_side(pbx: Pbx) -> None:
    old = _talk(pbx)
    pbx.signal(-1, "setup", INFO, **PROPOSAL)
    assert pbx.take() == [(old, {"type": "rel", "cau": {"num": 16, "loc": 0}})]
    pbx.event(OfferReceived)
    pbx.agent.answer_offer(LEG, description())
    ((number, conn),) = pbx.take()
    assert (number, conn["type"]) == (-1, "conn")
    assert pbx.happened() == []
    pbx.signal(-1, "rel", cau={"num": 16})
    assert pbx.event(Released) == Released(LEG, Cause.NORMAL_CLEARING)


@pytest.mark.parametrize(
    ("notify", "direction"), [("hold_notify", Direction.SENDONLY), ("retrieve_notify", Direction.SENDRECV)]
)
def test_music_in_the_answer_of_who_holds_us_does_not_look_like_a_retrieve(
    pbx: Pbx, notify: str, direction: Direction
) -> None:
    call = _talk(pbx)
    pbx.signal(call, "facility", {"type": "hold_notify"})
    _lost(pbx)
    call, _ = _offered(pbx)
    pbx.signal(call, "conn", {"type": notify}, **SELECT)
    answer = pbx.event(AnswerReceived).answer
    assert answer.audio is not None
    assert answer.audio.direction is direction


def test_a_setup_without_an_offer_is_answered_with_ours(pbx: Pbx) -> None:
    leg, name = _taken_and_lost(pbx)
    pbx.signal(-9, "setup", INFO | {"id": name}, channel=-1)
    pbx.event(OfferWanted)
    pbx.agent.answer_offer(leg, description())
    conn = pbx.only()
    assert (conn["type"], conn["channels_cmd"]) == ("conn", "PROPOSAL")
    assert pbx.event(Reconnected).leg == leg
    pbx.signal(-9, "channels", channels_cmd="SELECT", channels=CHANNELS)
    assert pbx.event(AnswerReceived).leg == leg


def test_who_holds_the_far_end_says_so_in_the_answer(pbx: Pbx) -> None:
    leg, name = _taken_and_lost(pbx)
    pbx.signal(-1, "setup", INFO | {"id": name}, {"type": "hold_notify"}, **PROPOSAL)
    happened = pbx.happened()
    assert RemoteHeld(leg, held=True) in happened
    pbx.agent.answer_offer(leg, description(Direction.SENDONLY))
    assert _fty(pbx.only(), "hold_notify")


@pytest.mark.parametrize("number", [20, 27, 29, 38, 41, 17])
def test_a_far_end_that_is_not_there_yet_is_called_again(pbx: Pbx, number: int) -> None:
    _talk(pbx)
    _lost(pbx)
    for pause in (PAUSE, 2 * PAUSE, 4 * PAUSE, 8 * PAUSE, PAUSE_MAX, PAUSE_MAX):
        call, _ = _offered(pbx)
        pbx.signal(call, "rel", cau={"num": number})
        pbx.step(pause - 0.1)
        assert pbx.happened() == []
        pbx.step(0.1)
    _lost(pbx)
    call, _ = _offered(pbx)
    pbx.signal(call, "rel", cau={"num": number})
    pbx.step(PAUSE)
    _offered(pbx)


@pytest.mark.parametrize("number", [1, 16, 21])
def test_a_call_that_the_far_end_has_ended_is_over(pbx: Pbx, number: int) -> None:
    call = _called_anew(pbx)
    pbx.signal(call, "rel", cau={"num": number})
    assert pbx.happened() == [Released(LEG, Cause(number))]


def test_a_setup_that_nobody_answers_is_sent_again(pbx: Pbx) -> None:
    _called_anew(pbx)
    pbx.step(10)
    assert pbx.types() == ["rel"]
    pbx.step(PAUSE)
    _offered(pbx)


def test_a_second_loss_begins_from_the_start(pbx: Pbx) -> None:
    call = _called_anew(pbx)
    _lost(pbx)
    pbx.signal(call, "conn", **SELECT)
    assert not any(isinstance(event, AnswerReceived) for event in pbx.events)
    call, _ = _offered(pbx)
    pbx.signal(call, "conn", **SELECT)
    assert pbx.happened()[-1] == Reconnected(LEG)


def test_several_calls_are_taken_up_each_by_its_name(pbx: Pbx) -> None:
    other = LegId("phone-2")
    _talk(pbx, LEG, "one")
    _talk(pbx, other, "two")
    _lost(pbx)
    due = [event.leg for event in pbx.events if isinstance(event, ReconnectDue)]
    assert due == [LEG, other]
    pbx.setups()
    for leg in due:
        pbx.agent.reconnect(leg, description(version=2))
    (first, one), (second, two) = pbx.setups()
    assert [_fty(sig, "reconnect_info")[0]["id"] for sig in (one, two)] == ["one", "two"]
    pbx.happened()
    for call in (second, first):
        pbx.signal(call, "conn", **SELECT)
    assert [event.leg for event in pbx.happened() if isinstance(event, Reconnected)] == [other, LEG]


def test_a_call_that_was_ringing_there_rings_again(pbx: Pbx) -> None:
    call = pbx.dial()
    pbx.signal(call, "alert", INFO)
    pbx.happened()
    pbx.lose()
    assert SignallingLost(LEG) in pbx.happened()
    pbx.come_back()
    ((again, setup),) = pbx.setups()
    assert setup["cd"] == {"num": "201", "sip": "bob"}
    assert _fty(setup, "reconnect_info")
    pbx.signal(again, "call_proc")
    pbx.signal(again, "rel", cau={"num": 20})
    pbx.step(PAUSE)
    ((again, _),) = pbx.setups()
    pbx.happened()
    pbx.signal(again, "alert")
    back, alerting = pbx.happened()
    assert back == Reconnected(LEG)
    assert isinstance(alerting, Alerting)
    pbx.signal(again, "conn", **SELECT)
    assert pbx.event(Connected).leg == LEG


def test_a_call_that_was_on_its_way_begins_once_more(pbx: Pbx) -> None:
    pbx.dial("4711")
    again, setup = _set_up_anew(pbx)
    assert setup["cd"] == {"num": "4711"}
    assert _fty(setup, "reconnect_init")
    pbx.signal(again, "rel", cau={"num": 17}, dsp="busy")
    assert pbx.happened() == [Released(LEG, Cause.USER_BUSY, "busy")]


def test_a_call_that_rings_here_goes_on_ringing_in_its_new_setup(pbx: Pbx) -> None:
    leg, info = _ringing(pbx)
    _lost(pbx, leg)
    pbx.setups()
    pbx.happened()
    pbx.signal(-1, "setup", INIT, info, cg={"num": "301"}, **PROPOSAL)
    indicated = pbx.event(SetupIndicated)
    assert indicated.replaces == leg
    pbx.agent.disconnect(leg, Cause.NORMAL_CLEARING)
    pbx.agent.alert(indicated.leg, waiting=False)
    alert = pbx.only()
    assert _fty(alert, "reconnect_info") == [info]
    assert pbx.event(Released).leg == leg
    _lost(pbx, indicated.leg)
    pbx.setups()
    pbx.happened()
    pbx.signal(-4, "setup", info, cg={"num": "301"}, **PROPOSAL)
    assert pbx.event(SetupIndicated).replaces == indicated.leg


def test_a_call_that_rings_here_is_given_up_when_its_caller_stays_away(pbx: Pbx) -> None:
    pbx.signal(-1, "setup", INIT, **PROPOSAL)
    leg = pbx.event(SetupIndicated).leg
    _lost(pbx, leg)
    pbx.step(11)
    assert pbx.event(Released) == Released(leg, Cause.NETWORK_OUT_OF_ORDER)


def test_a_call_that_was_answered_while_it_was_lost_is_connected_when_it_is_back(pbx: Pbx) -> None:
    leg, info = _ringing(pbx)
    pbx.lose()
    pbx.agent.connect(leg, description())
    pbx.come_back()
    pbx.setups()
    pbx.happened()
    pbx.signal(-1, "setup", info, **PROPOSAL)
    pbx.event(OfferReceived)
    pbx.agent.answer_offer(leg, description())
    assert pbx.types() == ["conn"]
    assert pbx.event(Reconnected).leg == leg


def test_what_cannot_come_back_ends_with_the_connection(pbx: Pbx) -> None:
    rings = pbx.ring()
    pbx.agent.setup(LEG, "", description(), CallOptions())
    ((digits, _),) = pbx.take()
    pbx.signal(digits, "setup_ack")
    ended = LegId("phone-2")
    tone = pbx.talk(leg=ended)
    pbx.signal(tone, "disc", cau={"num": 17}, inband_info=True)
    pbx.happened()
    pbx.lose()
    released = [event for event in pbx.happened() if isinstance(event, Released)]
    assert {one.leg for one in released} == {rings, LEG, ended}
    assert {one.cause for one in released} == {Cause.NETWORK_OUT_OF_ORDER}


def test_a_call_without_a_name_keeps_its_voice_and_calls_nobody(pbx: Pbx) -> None:
    pbx.talk()
    _lost(pbx)
    pbx.setups()
    pbx.happened()
    pbx.step(600)
    assert pbx.happened() == []
    assert pbx.take() == []
    pbx.agent.disconnect(LEG, Cause.NORMAL_CLEARING)
    assert pbx.happened() == [Released(LEG, Cause.NORMAL_CLEARING)]


def test_a_caller_who_hides_his_number_is_waited_for(pbx: Pbx) -> None:
    pbx.signal(-1, "setup", INIT, cg={"num": "R301"}, **PROPOSAL)
    leg = pbx.event(SetupIndicated).leg
    pbx.agent.connect(leg, description())
    (info,) = _fty(pbx.only(), "reconnect_info")
    _lost(pbx, leg)
    pbx.setups()
    pbx.step(60)
    assert not any(isinstance(event, ReconnectDue) for event in pbx.happened())
    pbx.signal(-1, "setup", info, **PROPOSAL)
    assert pbx.event(OfferReceived).leg == leg


def test_a_lost_call_that_the_user_ends_is_taken_up_and_ended_in_one_breath(pbx: Pbx) -> None:
    _talk(pbx)
    pbx.lose()
    pbx.agent.disconnect(LEG, Cause.NORMAL_CLEARING)
    assert pbx.happened()[-1] == Released(LEG, Cause.NORMAL_CLEARING)
    pbx.come_back()
    (number, setup), (same, rel) = pbx.setups()
    assert number == same
    assert _bears(setup, "their-name")
    assert "channels" not in setup
    assert rel == {"type": "rel", "cau": {"num": 16, "loc": 0}}
    pbx.signal(-1, "setup", INFO, **PROPOSAL)
    assert pbx.only() == {"type": "rel", "cau": {"num": 16, "loc": 0}}
    pbx.lose()
    pbx.come_back()
    assert pbx.setups() == []


def test_a_call_that_was_ended_during_an_attempt_is_ended_there_too(pbx: Pbx) -> None:
    call = _called_anew(pbx)
    pbx.agent.disconnect(LEG, Cause.NORMAL_CLEARING)
    sent = pbx.take()
    assert (call, {"type": "rel", "cau": {"num": 26, "loc": 0}}) in sent
    assert [sig["type"] for number, sig in sent if number != call] == ["setup", "rel"]
    pbx.signal(call, "conn", **SELECT)
    assert [type(event) for event in pbx.happened()] == [Released]


def test_a_declined_call_stays_declined(pbx: Pbx) -> None:
    leg, info = _ringing(pbx)
    pbx.lose()
    pbx.agent.disconnect(leg, Cause.CALL_REJECTED)
    pbx.come_back()
    assert pbx.setups() == []
    pbx.signal(-1, "setup", info, **PROPOSAL)
    assert pbx.only()["cau"]["num"] == 21


def test_a_name_that_nobody_knows_does_not_ring(pbx: Pbx) -> None:
    pbx.signal(-1, "setup", INIT, INFO, **PROPOSAL)
    assert pbx.only() == {"type": "rel", "cau": {"num": 29, "loc": 0}}
    assert pbx.happened() == []


def test_only_the_newest_calls_are_remembered_as_over(pbx: Pbx) -> None:
    for number in range(OVER_MAX + 1):
        call = _talk(pbx, LegId(f"phone-{number}"), f"name-{number}")
        pbx.signal(call, "rel")
        pbx.take()
    for name, cause in (("name-0", 29), ("name-1", 16)):
        pbx.signal(-1, "setup", INFO | {"id": name}, **PROPOSAL)
        assert pbx.only()["cau"]["num"] == cause


def test_a_pbx_that_has_lost_the_far_end_does_not_end_the_call(pbx: Pbx) -> None:
    call = _talk(pbx)
    pbx.signal(call, "rel", cau={"num": 27})
    assert pbx.happened() == [SignallingLost(LEG)]
    pbx.signal(-1, "setup", INFO, **PROPOSAL)
    assert pbx.take() == []
    pbx.event(OfferReceived)
    pbx.agent.answer_offer(LEG, description())
    assert pbx.event(Reconnected).leg == LEG


def test_a_pbx_that_has_lost_the_far_end_is_asked_for_it(pbx: Pbx) -> None:
    call = _talk(pbx)
    pbx.signal(call, "rel", cau={"num": 27})
    pbx.happened()
    pbx.step(CALLED_SIDE_WAITS)
    _offered(pbx)


def test_of_two_setups_at_once_the_callers_goes_first(pbx: Pbx) -> None:
    ours = _called_anew(pbx)
    pbx.signal(-1, "setup", INFO, **PROPOSAL)
    assert pbx.take() == []
    pbx.signal(ours, "conn", **SELECT)
    assert pbx.happened()[-1] == Reconnected(LEG)
    assert pbx.take() == [(-1, {"type": "rel", "cau": {"num": 16, "loc": 0}})]


def test_the_far_ends_setup_is_taken_when_ours_comes_to_nothing(pbx: Pbx) -> None:
    ours = _called_anew(pbx)
    pbx.signal(-1, "setup", INFO, **PROPOSAL)
    pbx.signal(ours, "rel", cau={"num": 26})
    pbx.event(OfferReceived)
    pbx.agent.answer_offer(LEG, description())
    assert pbx.types() == ["conn"]
    assert pbx.event(Reconnected).leg == LEG


def test_a_far_end_that_gives_its_setup_up_is_not_waited_for(pbx: Pbx) -> None:
    ours = _called_anew(pbx)
    pbx.signal(-1, "setup", INFO, **PROPOSAL)
    pbx.signal(-1, "rel", cau={"num": 16})
    pbx.signal(ours, "conn", **SELECT)
    assert pbx.happened()[-1] == Reconnected(LEG)
    assert pbx.take() == []


def test_a_setup_that_is_given_up_before_our_answer_leaves_the_call_lost(pbx: Pbx) -> None:
    leg, name = _taken_and_lost(pbx)
    for cause in (102, 26):
        pbx.signal(-1, "setup", INFO | {"id": name}, **PROPOSAL)
        pbx.happened()
        pbx.signal(-1, "rel", cau={"num": cause})
        assert pbx.happened() == [SignallingLost(leg)]


@pytest.mark.parametrize("lost", [True, False])
def test_a_setup_whose_offer_cannot_be_read_changes_nothing(pbx: Pbx, *, lost: bool) -> None:
    call = _talk(pbx)
    if lost:
        _lost(pbx)
        pbx.setups()
        pbx.happened()
    pbx.signal(-1, "setup", INFO, channel=-1, channels_cmd="PROPOSAL", channels={"ch": []})
    assert pbx.only()["cau"]["num"] == 88
    assert pbx.happened() == []
    if lost:
        pbx.step(PAUSE)
        _offered(pbx)
    else:
        pbx.signal(call, "rel", cau={"num": 16})
        pbx.event(Released)


def test_who_was_called_gives_way_to_the_caller(pbx: Pbx) -> None:
    leg, name = _taken(pbx)
    _lost(pbx, leg)
    pbx.step(CALLED_SIDE_WAITS)
    ours, _ = _offered(pbx, leg)
    pbx.signal(-1, "setup", INFO | {"id": name}, **PROPOSAL)
    assert pbx.take() == [(ours, {"type": "rel", "cau": {"num": 26, "loc": 0}})]
    pbx.event(OfferReceived)
    pbx.agent.answer_offer(leg, description())
    assert pbx.event(Reconnected).leg == leg


def test_after_a_transfer_the_new_far_end_is_asked_for_a_name(pbx: Pbx) -> None:
    call = _talk(pbx)
    pbx.signal(call, "facility", {"type": "ct_complete", "remote": {"num": "202"}, "remote_name": "Carol"})
    assert _fty(pbx.only(), "reconnect_init") == [INIT]
    pbx.signal(call, "facility", {"type": "reconnect_info", "id": "new"})
    pbx.happened()
    pbx.signal(-1, "setup", INFO, **PROPOSAL)
    assert pbx.only()["cau"]["num"] == 29
    _lost(pbx)
    _, setup = _offered(pbx)
    assert setup["cd"] == {"num": "202"}
    assert _bears(setup, "new")


def test_a_far_end_that_asks_later_is_given_a_name(pbx: Pbx) -> None:
    call = _talk(pbx)
    pbx.signal(call, "facility", INIT)
    (info,) = _fty(pbx.only(), "reconnect_info")
    assert len(info["id"]) == 32


def test_a_transfer_that_is_under_way_has_failed(pbx: Pbx) -> None:
    _talk(pbx)
    pbx.agent.transfer(LEG, "205")
    pbx.take()
    pbx.lose()
    assert pbx.event(TransferResult).cause is Cause.NETWORK_OUT_OF_ORDER


def test_a_pbx_that_refuses_us_is_asked_again_soon_while_a_call_waits(pbx: Pbx) -> None:
    _talk(pbx)
    pbx.lose()
    pbx.agent.link_up()
    (register,) = pbx.said
    pbx.said.clear()
    pbx.tell({"api": "PbxSignal", "mt": "RegisterResult", "src": register["src"], "err": 1})
    pbx.step(3)
    assert [one["mt"] for one in pbx.said] == ["Register"]


_WORDS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.floats(allow_nan=False))
_ANYTHING = st.recursive(_WORDS, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one))


@given(_ANYTHING, _ANYTHING, st.sampled_from(["facility", "alert", "conn", "setup"]))
def test_whatever_a_name_is_the_call_ends_once(name: Any, place: Any, kind: str) -> None:
    pbx = Pbx()
    call = pbx.dial()
    info = {"type": "reconnect_info", "id": name, "ep": place}
    pbx.signal(-1 if kind == "setup" else call, kind, info, **SELECT)
    pbx.lose()
    pbx.come_back()
    legs = {LEG} | {event.leg for event in pbx.events if isinstance(event, SetupIndicated)}
    for leg in legs:
        pbx.agent.reconnect(leg, description(version=2))
        pbx.agent.disconnect(leg, Cause.NORMAL_CLEARING)
    released = [event.leg for event in pbx.events if isinstance(event, Released)]
    assert sorted(released) == sorted(legs)


def test_a_call_for_help_that_waited_for_the_pbx_may_ring_as_late_as_any_other(pbx: Pbx) -> None:
    pbx.lose()
    pbx.agent.setup(LEG, "112", description(), CallOptions(emergency=True))
    pbx.come_back()
    ((call, _),) = pbx.setups()
    pbx.happened()
    pbx.step(9)
    pbx.signal(call, "call_proc")
    pbx.step(39)
    assert pbx.take() == []
    pbx.signal(call, "alert")
    assert pbx.event(Alerting).leg == LEG
    pbx.step(60)
    assert pbx.take() == []


def test_a_pbx_that_never_finds_the_far_end_is_asked_again(pbx: Pbx) -> None:
    pbx.dial("4711")
    call, _ = _set_up_anew(pbx)
    pbx.signal(call, "call_proc")
    pbx.step(40)
    assert pbx.types() == ["rel"]
    pbx.step(PAUSE)
    ((again, _),) = pbx.setups()
    assert again != call


@pytest.mark.parametrize("kind", ["call_proc", "channels"])
def test_the_answer_may_come_before_the_far_end_rings_again(pbx: Pbx, kind: str) -> None:
    pbx.signal(pbx.dial(), "alert")
    again, _ = _set_up_anew(pbx)
    pbx.signal(again, kind, INFO, **SELECT)
    assert pbx.happened() == []
    pbx.signal(again, "alert")
    assert Reconnected(LEG) in pbx.happened()
    pbx.signal(again, "conn", channel=-1)
    connected = pbx.event(Connected)
    assert connected.answer is not None
    pbx.step(60)
    assert pbx.happened() == []
    pbx.lose()
    pbx.come_back()
    _, setup = _offered(pbx)
    assert _bears(setup, "their-name")


def test_a_pbx_that_refuses_the_media_before_it_rings_ends_the_call(pbx: Pbx) -> None:
    pbx.signal(pbx.dial(), "alert")
    again, _ = _set_up_anew(pbx)
    pbx.signal(again, "call_proc", channels_cmd="NONE")
    pbx.signal(again, "alert")
    assert pbx.event(Released).cause is Cause.FACILITY_REJECTED


def test_what_was_dialled_digit_by_digit_is_set_up_anew_with_all_of_them(pbx: Pbx) -> None:
    call = pbx.dial("")
    pbx.signal(call, "setup_ack")
    pbx.agent.information(LEG, "20")
    pbx.agent.information(LEG, "1")
    pbx.signal(call, "alert")
    _, setup = _set_up_anew(pbx)
    assert (setup["cd"], setup["complete"]) == ({"num": "201"}, True)
