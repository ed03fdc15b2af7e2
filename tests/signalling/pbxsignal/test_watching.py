"""Calls of colleagues and parked ones: whom the phone asks about, and which of what it hears can be picked up."""

from __future__ import annotations

import pytest

from app.model.party import Party
from app.model.services import GroupCall, GroupCallState
from app.model.signalling import GroupCallChanged, GroupCallGone
from tests.signalling.pbxsignal.pbx import LINE, Json, Pbx

ALICE: Json = {"num": "201", "sip": "alice"}
BOB: Json = {"num": "202", "sip": "bob"}
CAROL: Json = {"num": "203", "sip": "carol"}


def _watching(pbx: Pbx) -> dict[str, int]:
    """The numbers of the calls in which the phone asks, by whom they are for."""
    asked = {}
    for message in pbx.said:
        sig = message.get("sig", {})
        if [one["type"] for one in sig.get("fty", ())] == ["dialog_info_subscribe"]:
            assert (sig["type"], sig["channel"], sig["complete"]) == ("setup", 0, True)
            asked[sig["cd"].get("sip") or sig["cd"]["num"]] = message["call"]
    return asked


def _registered(*colleagues: str) -> tuple[Pbx, dict[str, int]]:
    pbx = Pbx(registered=False, colleagues=colleagues)
    pbx.come_back()
    asked = _watching(pbx)
    for number in asked.values():
        pbx.signal(number, "conn")
    pbx.said.clear()
    pbx.happened()
    return pbx, asked


def _on(**fields: object) -> Json:
    return {"type": "cp_group_indication_on", "callId": "c1", **fields}


def test_our_own_user_and_every_colleague_is_asked_about_with_each_registration() -> None:
    pbx, first = _registered("202", "carol")
    assert set(first) == {"alice", "202", "carol"}
    pbx.lose()
    assert pbx.event(GroupCallGone) == GroupCallGone(LINE, None)
    pbx.come_back()
    second = _watching(pbx)
    assert set(second) == set(first)
    assert not set(second.values()) & set(first.values())


def test_what_rings_at_a_colleague_is_told_until_it_is_gone() -> None:
    pbx, asked = _registered("202")
    ringing = _on(member=BOB, parked_to_alerting=BOB, parked_calling=CAROL, inbound_call=True, sig_call_state="alert")
    pbx.signal(asked["202"], "facility", ringing)
    call = GroupCall("c1", GroupCallState.ALERTING, Party("202", uri="bob"), Party("203", uri="carol"))
    assert pbx.event(GroupCallChanged).call == call
    pbx.signal(asked["202"], "facility", {"type": "cp_group_indication_off", "callId": "c1"})
    assert pbx.event(GroupCallGone) == GroupCallGone(LINE, "c1")
    assert pbx.types() == []


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(_on(member=BOB, parked_calling=BOB, inbound_call=False), id="a colleague dials"),
        pytest.param(_on(member=BOB, parked_calling=ALICE, inbound_call=True), id="we call a colleague"),
        pytest.param(_on(member=ALICE, parked_calling=BOB, inbound_call=True), id="it rings here"),
        pytest.param(_on(member=BOB, parked_calling=ALICE, park_position=0), id="we are parked"),
    ],
)
def test_calls_that_are_not_to_be_had_are_not_shown(told: Json) -> None:
    pbx, asked = _registered("202")
    pbx.signal(asked["202"], "facility", told)
    assert pbx.happened() == [GroupCallGone(LINE, "c1")]


def test_who_is_parked_at_our_own_user_is_told() -> None:
    pbx, asked = _registered()
    pbx.signal(asked["alice"], "facility", _on(member=ALICE, parked_calling=BOB, park_position=3))
    call = pbx.event(GroupCallChanged).call
    assert (call.state, call.caller.number, call.position) == (GroupCallState.PARKED, "202", "3")


def test_a_colleague_whom_we_may_not_watch_is_let_be() -> None:
    pbx, asked = _registered("202")
    pbx.signal(asked["202"], "disc", cau={"num": 1})
    assert pbx.types() == ["rel"]
    pbx.signal(asked["202"], "facility", _on(member=BOB, parked_calling=CAROL, inbound_call=True))
    assert "stray message" in pbx.agent.tally.counts
