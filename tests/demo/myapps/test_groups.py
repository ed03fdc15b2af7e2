"""Watching, picking and parking; messages that wait; remote control and names in a call."""

from __future__ import annotations

from app.demo.myapps.parts import EndPoint
from app.demo.myapps.pbx import InnovaphonePbx
from tests.demo.myapps.raw_client import RawClient, connected, facility, phone
from tests.demo.myapps.test_calls import ANSWER, OFFER, call
from tests.demo.myapps.test_diversions import ANNA, BEN, CLARA, three


async def watch(link: RawClient, number: int, num: str, kind: str = "dialog_info_subscribe") -> None:
    await link.signal(number, "setup", cd={"num": num}, complete=True, channel=0, fty=[{"type": kind}])
    await link.signalled("conn", number)


async def indication(link: RawClient, number: int, kind: str = "on") -> dict[str, object]:
    return facility((await link.signalled("facility", number))[1], f"cp_group_indication_{kind}")


async def test_a_ringing_call_is_shown_and_picked(pbx: InnovaphonePbx) -> None:
    async with three(pbx) as (anna, ben, clara):
        await watch(clara, 1, "22")
        await anna.signal(
            1, "setup", cd={"num": "22"}, complete=True, channel=-1, channels_cmd="PROPOSAL", channels=OFFER
        )
        ringing, _ = await ben.signalled("setup")
        shown = await indication(clara, 1)
        assert (shown["member"], shown["parked_calling"], shown["parked_to_alerting"]) == (BEN, ANNA, BEN)
        assert (shown["sig_call_state"], shown["inbound_call"], shown["name_id_calling"]) == ("alerting", True, "Anna")
        wanted = {"type": "cp_pick_req", "callId": shown["callId"], "picking": CLARA}
        await clara.signal(2, "setup", cd={"num": "22"}, complete=True, channel=0, fty=[wanted])
        number, setup = await clara.signalled("setup")
        exe = facility(setup, "cp_pick_exe")
        assert (exe["callId"], exe["picking"], exe["parked_calling"]) == (shown["callId"], CLARA, ANNA)
        assert (setup["cg"], setup["channels"]) == (ANNA, OFFER)
        assert (await clara.signalled("rel", 2))[1]["cau"]["num"] == 16
        assert (await ben.signalled("rel", ringing))[1]["cau"]["num"] == 26
        assert (await indication(clara, 1, "off"))["callId"] == shown["callId"]
        await clara.signal(number, "conn", channels_cmd="SELECT", channels=ANSWER)
        assert facility((await anna.signalled("conn", 1))[1], "name_identification")["name"] == "Clara"


async def test_a_call_that_is_gone_cannot_be_picked(clara: RawClient) -> None:
    wanted = {"type": "cp_pick_req", "parked_to_alerting": BEN}
    await clara.signal(2, "setup", cd={"num": "22"}, complete=True, channel=0, fty=[wanted])
    assert (await clara.signalled("rel", 2))[1]["cau"]["num"] == 86


async def test_a_call_is_parked_shown_and_picked_up_elsewhere(pbx: InnovaphonePbx) -> None:
    async with three(pbx) as (anna, ben, clara):
        theirs = await call(anna, 1, ben, num="22")
        await watch(clara, 1, "22")
        assert (await indication(clara, 1))["sig_call_state"] == "connected"
        await ben.signal(theirs, "facility", fty=[{"type": "cp_park", "parked_to": BEN, "park_position": 3}])
        await ben.signalled("rel", theirs)
        told = (await anna.signalled("facility", 1))[1]
        assert facility(told, "hold_notify")
        assert facility(told, "cp_park")["parking"] == BEN
        assert (await anna.signalled("channels", 1))[1]["channels_cmd"] == "CLOSE"
        await indication(clara, 1, "off")
        shown = await indication(clara, 1)
        assert (shown["sig_call_state"], shown["park_position"], shown["parked_calling"]) == ("parked", 3, ANNA)
        wanted = {"type": "cp_pick_req", "parked_to_alerting": BEN, "park_position": 3}
        await clara.signal(2, "setup", cd={"num": "22"}, complete=True, channel=0, fty=[wanted])
        number, setup = await clara.signalled("setup")
        assert facility(setup, "cp_pick_exe")["parked_calling"] == ANNA
        told = (await anna.signalled("facility", 1))[1]
        assert facility(told, "retrieve_notify")
        assert facility(told, "ct_complete")["remote"] == CLARA
        await clara.signal(number, "conn", channels_cmd="PROPOSAL", channels=OFFER)
        assert (await anna.signalled("channels", 1))[1]["channels"] == OFFER
        await anna.signal(1, "channels", channels_cmd="SELECT", channels=ANSWER)
        assert (await clara.signalled("channels", number))[1]["channels"] == ANSWER
        await anna.signal(1, "rel", cau={"num": 16})
        await clara.signalled("rel", number)


async def test_a_parked_party_may_go(pbx: InnovaphonePbx) -> None:
    async with three(pbx) as (anna, ben, clara):
        theirs = await call(anna, 1, ben, num="22")
        await ben.signal(theirs, "facility", fty=[{"type": "cp_park"}])
        await ben.signalled("rel", theirs)
        await watch(clara, 1, "22")
        shown = await indication(clara, 1)
        assert shown["park_position"] == 0
        await anna.signal(1, "rel", cau={"num": 16})
        await indication(clara, 1, "off")
        assert not pbx.calls.of("anna")


async def test_presence_without_media(ben: RawClient, anna: RawClient) -> None:
    await watch(ben, 1, "21", "presence_subscribe")
    told = facility((await ben.signalled("facility", 1))[1], "presence_notify")
    assert (told["contact"], told["status"]) == ("tel:", "open")
    publish = {"type": "presence_publish", "contact": "tel:", "activity": "busy", "note": "lunch"}
    await anna.signal(7, "setup", cd=ANNA, complete=True, channel=0, fty=[publish])
    await anna.signalled("conn", 7)
    notes = ""
    while notes != "lunch":
        notes = facility((await ben.signalled("facility", 1))[1], "presence_notify").get("note", "")


async def test_waiting_messages_are_told_now_and_at_registration(pbx: InnovaphonePbx, ben: RawClient) -> None:
    pbx.calls.set_messages("ben", 2, EndPoint(num="23"))
    number, setup = await ben.signalled("setup")
    told = facility(setup, "mwi_activate")
    assert (setup["channel"], told["served_user"], told["number"]) == (0, BEN, 2)
    assert told["message_center"] == {"num": "23"}
    await ben.signal(number, "conn")
    await ben.signalled("rel", number)
    async with phone(pbx.http_port, "ben", "pw-ben") as other:
        assert facility((await other.signalled("setup"))[1], "mwi_activate")["number"] == 2
    await ben.signal(1, "setup", cd=BEN, complete=True, channel=0, fty=[{"type": "mwi_interrogate"}])
    sub = facility((await ben.signalled("conn", 1))[1], "mwi_interrogate_result")["sub"]
    assert (sub["type"], sub["number"]) == ("mwi_activate", 2)
    pbx.calls.set_messages("ben", 0)
    number, setup = await ben.signalled("setup")
    assert facility(setup, "mwi_deactivate")["served_user"] == BEN
    await ben.signal(number, "rel", cau={"num": 16})


async def test_a_call_is_remote_controlled_and_renamed(pbx: InnovaphonePbx, anna: RawClient, ben: RawClient) -> None:
    number = await call(anna, 1, ben, num="22")
    assert pbx.calls.remote_control("ben", "DTMF_DIGIT", "5") == 1
    told = facility((await ben.signalled("facility", number))[1], "innovaphone_remote_control")
    assert told == {"type": "innovaphone_remote_control", "control": "DTMF_DIGIT", "digit": "5"}
    pbx.calls.rename("anna", "Anna Berg")
    told = facility((await ben.signalled("facility", number))[1], "name_identification")
    assert told["name"] == "Anna Berg"


async def test_a_second_call_is_said_to_wait(pbx: InnovaphonePbx) -> None:
    async with three(pbx) as (anna, ben, clara):
        await call(anna, 1, ben, num="22")
        await clara.signal(1, "setup", cd={"num": "22"}, complete=True, channel=-1)
        second, _ = await ben.signalled("setup")
        await ben.signal(second, "alert", fty=[{"type": "call_waiting"}])
        assert facility((await clara.signalled("alert", 1))[1], "call_waiting")


async def test_a_message_that_crosses_with_the_end_is_no_mistake(anna: RawClient, ben: RawClient) -> None:
    number = await call(anna, 1, ben, num="22")
    await anna.signal(1, "rel", cau={"num": 16})
    await ben.signalled("rel", number)
    await ben.signal(number, "channels", channels_cmd="PROPOSAL", channels=OFFER)
    await call(anna, 2, ben, num="22")
    await ben.signal(-999, "alert")
    assert await ben.gone()


async def test_dnd_over_the_client_is_seen_by_watchers(pbx: InnovaphonePbx) -> None:
    async with phone(pbx.http_port, "ben", "pw-ben") as ben, connected(pbx.http_port) as anna:
        await anna.log_in("anna", "pw-anna")
        await watch(ben, 1, "21", "presence_subscribe")
        await anna.send("SetOwnPresence", activity="dnd")
        activity = ""
        while activity != "dnd":
            activity = facility((await ben.signalled("facility", 1))[1], "presence_notify").get("activity", "")
