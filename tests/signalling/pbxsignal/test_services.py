"""Supplementary services over PbxSignal: transfer, park, pick-up, waiting messages, diversions and remote control."""

from __future__ import annotations

import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.party import Party
from app.model.services import Diversion, DiversionKind, GroupCall, GroupCallState, Messages
from app.model.signalling import (
    Alerting,
    CallOptions,
    DiversionRefused,
    DiversionsChanged,
    GroupCallChanged,
    GroupCallGone,
    MessageWaiting,
    ParkResult,
    PartyChanged,
    PickUpRefused,
    Released,
    RemoteAction,
    RemoteControl,
    RemoteHeld,
    SetupIndicated,
    TransferResult,
)
from app.signalling.pbxsignal.interrogation import PAUSE
from tests.signalling.pbxsignal.pbx import LEG, LINE, Json, Pbx, description

SECOND = LegId("phone-2")


def _elements(sig: Json) -> list[Json]:
    assert sig["type"] == "facility"
    return list(sig["fty"])


def test_a_blind_transfer_is_carried_out_by_the_pbx(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.agent.transfer(LEG, "202")
    assert _elements(pbx.only()) == [{"type": "ct_initiate", "dst": {"num": "202"}}]
    pbx.signal(call, "facility", {"type": "ct_initiate_result"})
    pbx.signal(call, "rel", cau={"num": 16})
    assert pbx.happened() == [TransferResult(LEG), Released(LEG, Cause.NORMAL_CLEARING)]


def test_an_attended_transfer_has_the_consultation_named_first(pbx: Pbx) -> None:
    first, second = pbx.talk(), pbx.talk("202", SECOND)
    pbx.agent.join(LEG, SECOND)
    ((number, identify),) = pbx.take()
    assert number == second
    assert _elements(identify) == [{"type": "ct_identify"}]
    pbx.signal(second, "facility", {"type": "ct_identify_result", "id": "77", "dst": {"num": "202"}})
    ((number, initiate),) = pbx.take()
    assert number == first
    assert _elements(initiate) == [{"type": "ct_initiate", "dst": {"num": "202"}, "id": "77"}]
    pbx.signal(first, "facility", {"type": "ct_initiate_result"})
    assert pbx.happened() == [TransferResult(LEG)]


@pytest.mark.parametrize(
    ("result", "cause"),
    [({"error": 1004}, Cause.FACILITY_REJECTED), ({"cause": 17}, Cause.USER_BUSY), ({"cause": 99}, 31)],
)
def test_a_transfer_that_the_pbx_refuses_leaves_the_call(pbx: Pbx, result: Json, cause: int) -> None:
    call = pbx.talk()
    pbx.agent.transfer(LEG, "202")
    pbx.signal(call, "facility", {"type": "ct_initiate_result", **result})
    assert pbx.happened() == [TransferResult(LEG, Cause(cause))]
    pbx.signal(call, "facility", {"type": "ct_initiate_result"})
    assert pbx.happened() == []


def test_a_transfer_that_nobody_answers_is_given_up(pbx: Pbx) -> None:
    pbx.talk()
    pbx.agent.transfer(LEG, "202")
    pbx.step(21)
    assert pbx.happened() == [TransferResult(LEG, Cause.RECOVERY_ON_TIMER_EXPIRY)]


def test_a_consultation_that_ends_meanwhile_ends_the_transfer(pbx: Pbx) -> None:
    pbx.talk()
    second = pbx.talk("202", SECOND)
    pbx.agent.join(LEG, SECOND)
    pbx.signal(second, "rel", cau={"num": 16})
    assert pbx.event(TransferResult) == TransferResult(LEG, Cause.FACILITY_REJECTED)


def test_a_transfer_that_was_cancelled_too_late_is_told_as_that(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.agent.transfer(LEG, "202")
    pbx.agent.cancel_transfer(LEG)
    pbx.signal(call, "facility", {"type": "ct_initiate_result"})
    assert pbx.happened() == [TransferResult(LEG, withdrawn=True)]


def test_that_a_cancelled_transfer_failed_is_not_told(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.agent.transfer(LEG, "202")
    pbx.agent.cancel_transfer(LEG)
    pbx.signal(call, "facility", {"type": "ct_initiate_result", "error": 1007})
    pbx.step(21)
    pbx.agent.transfer(LEG, "203")
    pbx.signal(call, "facility", {"type": "ct_initiate_result"})
    assert pbx.happened() == [TransferResult(LEG)]


def test_which_of_two_transfers_was_done_is_not_guessed(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.agent.transfer(LEG, "202")
    pbx.agent.cancel_transfer(LEG)
    pbx.agent.transfer(LEG, "203")
    pbx.signal(call, "facility", {"type": "ct_initiate_result"})
    assert pbx.happened() == [TransferResult(LEG, withdrawn=True)]


def test_a_transfer_that_the_pbx_refuses_because_of_a_cancelled_one_has_failed(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.agent.transfer(LEG, "202")
    pbx.agent.cancel_transfer(LEG)
    pbx.agent.transfer(LEG, "203")
    pbx.signal(call, "facility", {"type": "ct_initiate_result", "error": 1007})
    pbx.signal(call, "facility", {"type": "ct_initiate_result"})
    assert pbx.happened() == [TransferResult(LEG, Cause.FACILITY_REJECTED), TransferResult(LEG, withdrawn=True)]


def test_what_was_cancelled_before_the_pbx_was_asked_is_not_asked_for(pbx: Pbx) -> None:
    pbx.talk()
    second = pbx.talk("202", SECOND)
    pbx.agent.join(LEG, SECOND)
    pbx.agent.cancel_transfer(LEG)
    pbx.take()
    pbx.signal(second, "facility", {"type": "ct_identify_result", "id": "77", "dst": {"num": "202"}})
    assert pbx.take() == []
    assert pbx.happened() == []


def test_a_transferred_party_learns_whom_it_talks_with(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.signal(call, "facility", {"type": "ct_complete", "remote": {"num": "203"}, "remote_name": "Carol"})
    assert pbx.happened() == [PartyChanged(LEG, Party("203", "Carol")), RemoteHeld(LEG, held=False)]


def test_a_call_is_parked_at_our_own_object(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.agent.park(LEG, "2")
    assert _elements(pbx.only()) == [{"type": "cp_park", "parked_to": {"sip": "alice"}, "park_position": 2}]
    pbx.signal(call, "rel", cau={"num": 16})
    assert pbx.happened() == [ParkResult(LEG, position="2"), Released(LEG, Cause.NORMAL_CLEARING)]


def test_a_call_that_nobody_parks_stays(pbx: Pbx) -> None:
    pbx.talk()
    pbx.agent.park(LEG, "")
    pbx.step(21)
    assert pbx.happened() == [ParkResult(LEG, Cause.RECOVERY_ON_TIMER_EXPIRY)]


def test_calls_of_the_group_come_go_and_are_picked_up(pbx: Pbx) -> None:
    told: Json = {
        "type": "cp_group_indication_on",
        "callId": "c1",
        "parked_to_alerting": {"num": "202"},
        "name_id_alerting": "Carol",
        "parked_calling": {"num": "301"},
    }
    pbx.signal(-9, "setup", told, channel=0)
    assert pbx.only() == {"type": "conn"}
    call = GroupCall("c1", GroupCallState.ALERTING, Party("202", "Carol"), Party("301"))
    assert pbx.happened() == [GroupCallChanged(LINE, call)]
    pbx.agent.pick_up("c1")
    ((number, request),) = pbx.take()
    assert request["fty"] == [{"type": "cp_pick_req", "callId": "c1", "picking": {"sip": "alice"}}]
    pbx.signal(-2, "setup", {"type": "cp_pick_exe", "callId": "c1"}, cg={"num": "301"}, channel=-1)
    assert pbx.event(SetupIndicated).picked == "c1"
    pbx.signal(number, "rel", cau={"num": 16})
    pbx.signal(-9, "facility", {"type": "cp_group_indication_off", "callId": "c1"})
    pbx.signal(-9, "facility", {"type": "cp_group_indication_off", "clear_all": True})
    assert pbx.happened() == [GroupCallGone(LINE, "c1"), GroupCallGone(LINE)]


def test_a_call_of_ours_is_none_of_the_group(pbx: Pbx) -> None:
    pbx.agent.setup(LEG, "202", description(), CallOptions(anonymous=True))
    setup = pbx.only()
    pbx.happened()
    on = {"type": "cp_group_indication_on", "member": {"num": "202"}, "inbound_call": True}
    pbx.signal(-1, "setup", channel=0)
    pbx.signal(-1, "facility", {**on, "callId": setup["callId"]}, {**on, "callId": "d" * 32})
    gone, shown = pbx.happened()
    assert gone == GroupCallGone(LINE, setup["callId"])
    assert isinstance(shown, GroupCallChanged)
    assert shown.call.id == "d" * 32


def test_a_pick_up_that_came_too_late_is_told(pbx: Pbx) -> None:
    pbx.agent.pick_up("c1")
    ((number, _),) = pbx.take()
    pbx.signal(number, "rel", cau={"num": 29})
    assert pbx.happened() == [PickUpRefused(LINE, "c1", Cause.FACILITY_REJECTED)]


def test_waiting_messages_are_told_and_asked_for(pbx: Pbx) -> None:
    pbx.signal(-4, "setup", {"type": "mwi_activate", "number": 3, "message_center": {"num": "99"}}, channel=0)
    assert pbx.happened() == [MessageWaiting(LINE, Messages(waiting=True, new=3, number="99"))]
    pbx.signal(-4, "rel")
    pbx.signal(-4, "setup", {"type": "mwi_deactivate"}, channel=0)
    assert pbx.happened() == [MessageWaiting(LINE, Messages())]
    pbx.take()
    pbx.agent.interrogate()
    asked = {sig["fty"][0]["type"]: number for number, sig in pbx.take()}
    result = {"type": "mwi_interrogate_result", "sub": {"type": "mwi_activate", "number": 1}}
    pbx.signal(asked["mwi_interrogate"], "conn", result)
    assert pbx.happened() == [MessageWaiting(LINE, Messages(waiting=True, new=1))]
    assert pbx.types() == ["rel"]


def _asked(pbx: Pbx) -> dict[str, int]:
    """The numbers of the calls that ask for diversions, by procedure, and for messages."""
    asked = [(sig["fty"][0], number) for number, sig in pbx.take() if "fty" in sig]
    return {element.get("procedure", element["type"]): number for element, number in asked}


def _diverted(pbx: Pbx, call: int, procedure: str, *numbers: str) -> None:
    entries = [{"procedure": procedure, "diverted_to": {"num": number}} for number in numbers]
    pbx.signal(call, "conn", {"type": "diversion_interrogate_result", "procedure": procedure, "list": entries})


def test_diversions_are_asked_for_and_again_when_somebody_changes_them(pbx: Pbx) -> None:
    pbx.agent.interrogate()
    asked = _asked(pbx)
    assert list(asked) == ["ALWAYS", "BUSY", "NO_ANSWER", "mwi_interrogate"]
    always, busy = Diversion(DiversionKind.ALWAYS, "300"), Diversion(DiversionKind.BUSY, "301")
    _diverted(pbx, asked["BUSY"], "BUSY", "301")
    _diverted(pbx, asked["ALWAYS"], "ALWAYS", "300")
    _diverted(pbx, asked["NO_ANSWER"], "NO_ANSWER")
    assert pbx.happened() == [DiversionsChanged(LINE, told) for told in ((busy,), (always, busy), (always, busy))]
    pbx.signal(asked["mwi_interrogate"], "rel")
    pbx.take()
    pbx.step(PAUSE)
    pbx.signal(-5, "setup", {"type": "diverting_leg4"}, channel=0)
    asked = _asked(pbx)
    _diverted(pbx, asked["ALWAYS"], "ALWAYS")
    assert pbx.event(DiversionsChanged).diversions == (busy,)


def test_an_answer_that_names_no_procedure_tells_of_all(pbx: Pbx) -> None:
    pbx.agent.interrogate()
    asked = _asked(pbx)
    _diverted(pbx, asked["BUSY"], "BUSY", "301")
    entry = {"procedure": "ALWAYS", "diverted_to": {"num": "300"}}
    pbx.signal(asked["ALWAYS"], "conn", {"type": "diversion_interrogate_result", "list": [entry]})
    told = [event.diversions for event in pbx.happened() if isinstance(event, DiversionsChanged)]
    assert told[-1] == (Diversion(DiversionKind.ALWAYS, "300"),)


def test_a_pbx_that_tells_of_changes_without_end_is_asked_once_a_second(pbx: Pbx) -> None:
    for _ in range(100):
        pbx.signal(-5, "setup", {"type": "diverting_leg4"}, channel=0)
        pbx.signal(-5, "rel")
    asked = _asked(pbx)
    assert len(asked) == 4
    for number in asked.values():
        pbx.signal(number, "rel")
    pbx.step(PAUSE)
    assert len(_asked(pbx)) == 4
    pbx.step(10)
    assert _asked(pbx) == {}


def test_a_question_that_is_not_answered_is_not_asked_again(pbx: Pbx) -> None:
    pbx.agent.interrogate()
    assert len(_asked(pbx)) == 4
    pbx.step(PAUSE)
    pbx.agent.interrogate()
    assert _asked(pbx) == {}


@pytest.mark.parametrize(
    ("kind", "number", "said"),
    [
        (DiversionKind.ALWAYS, "300", {"mt": "AddDiversion", "type": "cfu", "ep-num": "300"}),
        (DiversionKind.BUSY, "+49301", {"mt": "AddDiversion", "type": "cfb", "ep-num": "I49301"}),
        (DiversionKind.NO_ANSWER, "bob", {"mt": "AddDiversion", "type": "cfnr", "ep-sip": "bob"}),
        (DiversionKind.ALWAYS, "", {"mt": "DelDiversion", "type": "cfu"}),
    ],
)
def test_a_diversion_is_set_and_taken_back_over_pbx_api(pbx: Pbx, kind: DiversionKind, number: str, said: Json) -> None:
    pbx.agent.divert(kind, number)
    (asked,) = pbx.said
    src = asked["src"]
    assert asked == said | {"api": "PbxApi", "src": src, "sip": "alice"}
    pbx.said.clear()
    pbx.tell({"api": "PbxApi", "mt": f"{said['mt']}Result", "src": src, "ok": True})
    assert len(_asked(pbx)) == 4
    pbx.tell({"api": "PbxApi", "mt": f"{said['mt']}Result", "src": src, "ok": True})
    pbx.step(30)
    assert not any(isinstance(event, DiversionRefused) for event in pbx.happened())


def _refused(pbx: Pbx, cause: Cause) -> bool:
    return pbx.happened() == [DiversionRefused(LINE, DiversionKind.BUSY, cause)]


@pytest.mark.parametrize("answer", [{"ok": False}, {}])
def test_a_diversion_that_is_refused_is_told(pbx: Pbx, answer: Json) -> None:
    pbx.agent.divert(DiversionKind.BUSY, "300")
    (asked,) = pbx.said
    pbx.said.clear()
    pbx.tell({"api": "PbxApi", "mt": "AddDiversionResult", "src": asked["src"], **answer})
    assert _refused(pbx, Cause.FACILITY_REJECTED)
    assert pbx.said == []


def test_a_diversion_that_nobody_answers_is_told(pbx: Pbx) -> None:
    pbx.agent.divert(DiversionKind.BUSY, "300")
    pbx.step(21)
    assert _refused(pbx, Cause.RECOVERY_ON_TIMER_EXPIRY)


def test_a_diversion_ends_in_vain_without_a_connection(pbx: Pbx) -> None:
    pbx.agent.divert(DiversionKind.BUSY, "300")
    pbx.lose()
    assert DiversionRefused(LINE, DiversionKind.BUSY, Cause.NETWORK_OUT_OF_ORDER) in pbx.happened()
    pbx.agent.divert(DiversionKind.BUSY, "300")
    assert _refused(pbx, Cause.NETWORK_OUT_OF_ORDER)


def test_a_call_that_rings_is_sent_elsewhere(pbx: Pbx) -> None:
    leg = pbx.ring()
    pbx.happened()
    pbx.agent.deflect(leg, "205")
    assert _elements(pbx.only()) == [{"type": "diversion_callreroute", "called": {"num": "205"}}]
    leg4 = {"type": "diverting_leg4", "nominated": {"num": "205"}, "redirecting": {"sip": "alice"}}
    pbx.signal(-1, "rel", leg4, cau={"num": 26})
    assert pbx.happened() == [Released(leg, Cause.NORMAL_CLEARING)]
    assert pbx.take() == []


def test_a_call_that_the_pbx_does_not_send_elsewhere_ends_and_says_why(pbx: Pbx) -> None:
    leg = pbx.ring()
    pbx.happened()
    pbx.agent.deflect(leg, "205")
    pbx.take()
    pbx.signal(-1, "facility", {"type": "name_identification", "name": "Bob"})
    pbx.step(21)
    assert pbx.event(Released).cause is Cause.RECOVERY_ON_TIMER_EXPIRY
    assert pbx.types() == ["rel"]


def test_a_call_that_is_taken_is_sent_nowhere(pbx: Pbx) -> None:
    leg = pbx.ring()
    pbx.agent.connect(leg, description())
    pbx.take()
    pbx.agent.deflect(leg, "205")
    assert pbx.take() == []


def test_a_called_party_that_talks_with_somebody_else_hears_that_we_wait(pbx: Pbx) -> None:
    call = pbx.dial()
    pbx.signal(call, "alert", {"type": "call_waiting"})
    assert pbx.event(Alerting).waiting
    pbx.signal(-1, "setup", channel=-1, cg={"num": "301"})
    pbx.agent.alert(pbx.event(SetupIndicated).leg, waiting=True)
    assert pbx.only() == {"type": "alert", "fty": [{"type": "call_waiting"}]}


def test_the_far_end_says_that_it_holds_and_retrieves_us(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.signal(call, "facility", {"type": "hold_notify"})
    pbx.signal(call, "facility", {"type": "retrieve_notify"})
    assert pbx.happened() == [RemoteHeld(LEG, held=True), RemoteHeld(LEG, held=False)]


@pytest.mark.parametrize(
    ("control", "action"),
    [
        ("CONNECT", RemoteAction.ANSWER),
        ("ANNOUNCE", RemoteAction.ANNOUNCE),
        ("ON_HOLD", RemoteAction.HOLD),
        ("RETRIEVE", RemoteAction.RETRIEVE),
        ("MIC_OFF", RemoteAction.MUTE),
        ("MIC_ON", RemoteAction.UNMUTE),
        ("REC_ON", RemoteAction.RECORD),
        ("REC_OFF", RemoteAction.STOP_RECORDING),
        ("3PTY_ON", RemoteAction.CONFERENCE),
        ("3PTY_OFF", RemoteAction.END_CONFERENCE),
    ],
)
def test_the_pbx_acts_for_the_user(pbx: Pbx, control: str, action: RemoteAction) -> None:
    pbx.control(pbx.talk(), control)
    assert pbx.happened() == [RemoteControl(LEG, action)]


def test_a_digit_is_sent_for_the_user_and_an_unknown_control_is_counted(pbx: Pbx) -> None:
    call = pbx.talk()
    pbx.control(call, "DTMF_DIGIT", digit="5")
    assert pbx.happened() == [RemoteControl(LEG, RemoteAction.DIGIT, "5")]
    pbx.control(call, "CC_ON")
    assert pbx.happened() == []
    assert pbx.agent.tally["unknown control"] == 1


def test_the_pbx_asks_for_a_hold_and_is_told_that_it_is_understood(pbx: Pbx) -> None:
    call = pbx.talk()
    for wanted, action in (("remote_hold", RemoteAction.HOLD), ("remote_retrieve", RemoteAction.RETRIEVE)):
        pbx.signal(call, "facility", {"type": wanted})
        assert _elements(pbx.only()) == [{"type": f"{wanted}_result"}]
        assert pbx.happened() == [RemoteControl(LEG, action)]


@pytest.mark.parametrize("name", [10**30, -(10**4000), "x" * 300])
def test_a_name_that_could_not_be_given_back_is_none(pbx: Pbx, name: int | str) -> None:
    pbx.talk()
    second = pbx.talk("202", SECOND)
    pbx.agent.join(LEG, SECOND)
    pbx.take()
    pbx.signal(second, "facility", {"type": "ct_identify_result", "id": name, "dst": {"num": "202"}})
    pbx.step(21)
    assert pbx.event(TransferResult).cause is Cause.RECOVERY_ON_TIMER_EXPIRY


@pytest.mark.parametrize(("told", "kept"), [(10**300, 10_000_000), (-5, 0), (7, 7)])
def test_the_age_of_a_colleagues_call_is_bounded(pbx: Pbx, told: int, kept: int) -> None:
    on = {"type": "cp_group_indication_on", "callId": "c1", "member": {"num": "30"}, "duration": told}
    pbx.signal(-4, "setup", on, channel=0)
    assert pbx.event(GroupCallChanged).call.seconds == kept


def test_elements_nobody_knows_do_not_cost_the_message(pbx: Pbx) -> None:
    call = pbx.dial()
    pbx.signal(call, "alert", {"type": "co_alerting"}, {"type": "name_identification", "name": 5}, {"type": "im_setup"})
    assert pbx.event(Alerting).party == Party("201")
