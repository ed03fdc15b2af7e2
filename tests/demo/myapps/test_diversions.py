"""Diversions: set over PbxApi, asked for by a facility, and followed by calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.demo.myapps.calls import CallServer
from app.demo.myapps.diversions import Procedure
from app.demo.myapps.installation import Installation
from app.demo.myapps.parts import EndPoint
from app.demo.myapps.pbx import InnovaphonePbx
from tests.demo.myapps.raw_client import RawClient, connected, facility, phone

ANNA, BEN, CLARA = ({"num": num, "sip": sip} for num, sip in (("21", "anna"), ("22", "ben"), ("23", "clara")))


@asynccontextmanager
async def three(pbx: InnovaphonePbx) -> AsyncIterator[tuple[RawClient, RawClient, RawClient]]:
    async with (
        phone(pbx.http_port, "anna", "pw-anna") as anna,
        phone(pbx.http_port, "ben", "pw-ben") as ben,
        phone(pbx.http_port, "clara", "pw-clara") as clara,
    ):
        yield anna, ben, clara


async def dial(anna: RawClient) -> None:
    await anna.signal(1, "setup", cd={"num": "22"}, complete=True, channel=-1, confId="c" * 32)


async def test_a_diverted_call_rings_elsewhere_and_all_parties_hear_of_it(pbx: InnovaphonePbx) -> None:
    pbx.calls.divert("ben", Procedure.ALWAYS, EndPoint(num="23"))
    async with three(pbx) as (anna, _, clara):
        await dial(anna)
        leg1 = facility((await anna.signalled("facility", 1))[1], "diverting_leg1")
        assert leg1 == {"type": "diverting_leg1", "reason": "ALWAYS", "nominated": CLARA, "redirecting": BEN}
        number, setup = await clara.signalled("setup")
        assert setup["cg"] == ANNA
        assert setup["confId"] == "c" * 32
        leg2 = facility(setup, "diverting_leg2")
        assert (leg2["diverting"], leg2["original_called"], leg2["diverting_name"]) == (BEN, BEN, "Ben")
        await clara.signal(number, "conn", channels_cmd="PROPOSAL", channels={})
        _, conn = await anna.signalled("conn", 1)
        assert facility(conn, "diverting_leg3")["redirection"] == CLARA


async def test_a_busy_phone_diverts(pbx: InnovaphonePbx) -> None:
    pbx.calls.divert("ben", Procedure.BUSY, EndPoint(sip="clara"))
    async with three(pbx) as (anna, ben, clara):
        await dial(anna)
        number, _ = await ben.signalled("setup")
        await ben.signal(number, "rel", cau={"num": 17})
        await clara.signalled("setup")
        assert facility((await anna.signalled("facility", 1))[1], "diverting_leg1")["reason"] == "BUSY"


async def test_a_call_that_nobody_answers_goes_on(installation: Installation) -> None:
    calls = CallServer(installation, no_answer_seconds=0.05)
    pbx = InnovaphonePbx("master", "127.0.0.1", 0, 0, installation, calls=calls)
    await pbx.start()
    calls.divert("ben", Procedure.NO_ANSWER, EndPoint(num="23"))
    async with three(pbx) as (anna, ben, clara):
        await dial(anna)
        number, _ = await ben.signalled("setup")
        await ben.signal(number, "alert")
        gone = (await ben.signalled("rel", number))[1]
        assert facility(gone, "diverting_leg4")["nominated"] == CLARA
        await clara.signalled("setup")
    await pbx.stop()


async def test_a_call_to_nobody_who_is_there_goes_on_at_once(pbx: InnovaphonePbx) -> None:
    pbx.calls.divert("ben", Procedure.NO_ANSWER, EndPoint(num="23"))
    async with phone(pbx.http_port, "anna", "pw-anna") as anna, phone(pbx.http_port, "clara", "pw-clara") as clara:
        await dial(anna)
        await clara.signalled("setup")


async def test_a_loop_of_diversions_ends(pbx: InnovaphonePbx) -> None:
    pbx.calls.divert("ben", Procedure.ALWAYS, EndPoint(num="23"))
    pbx.calls.divert("clara", Procedure.ALWAYS, EndPoint(num="22"))
    async with phone(pbx.http_port, "anna", "pw-anna") as anna:
        await dial(anna)
        assert (await anna.signalled("rel", 1))[1]["cau"]["num"] == 25
        assert not pbx.calls.of("anna")


async def test_busy_phones_that_divert_to_each_other(pbx: InnovaphonePbx) -> None:
    pbx.calls.divert("ben", Procedure.BUSY, EndPoint(num="23"))
    pbx.calls.divert("clara", Procedure.BUSY, EndPoint(num="22"))
    async with three(pbx) as (anna, ben, clara):
        await dial(anna)
        for busy in (ben, clara):
            number, _ = await busy.signalled("setup")
            await busy.signal(number, "rel", cau={"num": 17})
        assert (await anna.signalled("rel", 1))[1]["cau"]["num"] == 17


async def test_a_ringing_phone_sends_a_call_elsewhere(pbx: InnovaphonePbx) -> None:
    async with three(pbx) as (anna, ben, clara):
        await dial(anna)
        number, _ = await ben.signalled("setup")
        await ben.signal(number, "facility", fty=[{"type": "diversion_callreroute", "called": {"num": "23"}}])
        await ben.signalled("rel", number)
        await clara.signalled("setup")


async def test_diversions_over_pbxapi(pbx: InnovaphonePbx, ben: RawClient) -> None:
    await ben.send("AddDiversion", api="PbxApi", src="d", sip="ben", type="cfb", **{"ep-num": "23"})
    changed, told = await ben.signalled("setup")
    assert (told["channel"], told["fty"]) == (0, [{"type": "diverting_leg4"}])
    assert await ben.next(mt="AddDiversionResult", src="d") == {
        "api": "PbxApi", "src": "d", "mt": "AddDiversionResult", "ok": True,
    }  # fmt: skip
    await ben.signal(changed, "conn")
    await ben.signalled("rel", changed)
    await ben.send("GetDiversion", api="PbxApi", src="g", type="cfb")
    assert (await ben.next(mt="GetDiversionResult"))["num"] == "23"
    await ben.signal(1, "setup", cd={"num": "22"}, channel=0, fty=[{"type": "diversion_interrogate"}])
    found = facility((await ben.signalled("conn", 1))[1], "diversion_interrogate_result")
    [one] = found["list"]
    assert (one["procedure"], one["served"], one["diverted_to"]) == ("BUSY", BEN, {"num": "23"})
    await ben.signal(1, "rel", cau={"num": 16})
    await ben.send("DelDiversion", api="PbxApi", src="x", type="cfb")
    assert (await ben.next(mt="DelDiversionResult"))["ok"] is True
    assert not pbx.installation.subscribers["ben"].diversions


@pytest.mark.parametrize("members", [{"sip": "anna", "ep-num": "23"}, {"sip": "ben", "ep-num": "999"}])
async def test_others_are_not_diverted_nor_is_anybody_to_nowhere(ben: RawClient, members: dict[str, str]) -> None:
    await ben.send("AddDiversion", api="PbxApi", type="cfu", **members)
    assert (await ben.next(mt="AddDiversionResult"))["ok"] is False


async def test_presence_and_the_node_over_pbxapi(pbx: InnovaphonePbx) -> None:
    async with phone(pbx.http_port, "ben", "pw-ben") as ben, connected(pbx.http_port) as anna:
        await ben.send("SubscribePresence", api="PbxApi", src="p", num="21")
        await ben.next(mt="SubscribePresenceResult", src="p")
        assert (await ben.next(mt="PresenceState", src="p"))["dn"] == "Anna"
        await anna.log_in("anna", "pw-anna")
        await anna.send("SetOwnPresence", activity="busy", note="lunch")
        there = {"presence": [{"contact": "tel:", "status": "closed", "activity": "busy", "note": "lunch"}]}
        told = await ben.next(mt="PresenceUpdate", src="p")
        while told["presence"][0] != there["presence"][0]:
            told = await ben.next(mt="PresenceUpdate", src="p")
        await ben.send("UnsubscribePresence", api="PbxApi", src="u", num="21")
        await ben.next(mt="UnsubscribePresenceResult", src="u")
        await ben.send("SetPresence", api="PbxApi", contact="tel:", activity="dnd")
        assert "error" not in await ben.next(mt="SetPresenceResult")
        assert pbx.installation.board.of("ben")[0].activity == "dnd"
        await ben.send("GetNodeInfo", api="PbxApi", src="n")
        assert (await ben.next(mt="GetNodeInfoResult", src="n"))["prefix_intl"] == "000"
