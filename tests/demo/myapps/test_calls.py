"""Registered parties call each other."""

from __future__ import annotations

from app.demo.myapps.pbx import InnovaphonePbx
from tests.demo.myapps.raw_client import RawClient, facility, phone

OFFER = {"source": "LOCAL", "ch": [{"coder": "G711A", "xmit": 20, "addr": "127.0.0.1", "port": 4000}], "x": [1, {}]}
ANSWER = {"source": "LOCAL", "ch": [{"coder": "G711A", "xmit": 20, "addr": "127.0.0.1", "port": 5000}]}


async def call(caller: RawClient, number: int, called: RawClient, **whom: object) -> int:
    """Set up a call as far as conn. Returns the called side's number."""
    await caller.signal(number, "setup", cd=whom, complete=True, channel=-1, channels_cmd="PROPOSAL", channels=OFFER)
    await caller.signalled("call_proc", number)
    theirs, setup = await called.signalled("setup")
    assert setup["channels"] == OFFER
    await called.signal(theirs, "alert")
    await caller.signalled("alert", number)
    await called.signal(theirs, "conn", channels_cmd="SELECT", channels=ANSWER)
    _, conn = await caller.signalled("conn", number)
    assert (conn["channels_cmd"], conn["channels"]) == ("SELECT", ANSWER)
    return theirs


async def test_a_call_from_setup_to_rel(pbx: InnovaphonePbx, anna: RawClient, ben: RawClient) -> None:
    await anna.signal(1, "setup", cd={"num": "22"}, complete=True, channel=-1, channels_cmd="PROPOSAL", channels=OFFER)
    await anna.signalled("call_proc", 1)
    number, setup = await ben.signalled("setup")
    assert number < 0
    assert setup["cg"] == {"num": "21", "sip": "anna"}
    assert (setup["channels_cmd"], setup["channels"]) == ("PROPOSAL", OFFER)
    assert facility(setup, "name_identification")["name"] == "Anna"
    assert (len(setup["confId"]), len(setup["callId"])) == (32, 32)
    await ben.signal(number, "alert")
    await anna.signalled("alert", 1)
    await ben.signal(number, "conn", channels_cmd="SELECT", channels=ANSWER)
    _, conn = await anna.signalled("conn", 1)
    assert conn["channels"] == ANSWER
    assert facility(conn, "name_identification")["name"] == "Ben"
    await anna.signal(1, "channels", channels_cmd="PROPOSAL", channels=OFFER)
    assert (await ben.signalled("channels", number))[1]["channels"] == OFFER
    await anna.signal(1, "facility", fty=[{"type": "hold_notify"}, {"type": "unheard_of", "x": 1}])
    assert [one["type"] for one in (await ben.signalled("facility"))[1]["fty"]] == ["hold_notify", "unheard_of"]
    await ben.signal(number, "rel", cau={"loc": 1, "num": 16})
    assert (await anna.signalled("rel", 1))[1]["cau"]["num"] == 16
    assert not pbx.calls.of("anna")
    assert not pbx.calls.of("ben")
    assert not pbx.complaints


async def test_all_phones_ring_until_one_answers(pbx: InnovaphonePbx) -> None:
    async with (
        phone(pbx.http_port, "anna", "pw-anna") as anna,
        phone(pbx.http_port, "ben", "pw-ben") as desk,
        phone(pbx.http_port, "ben", "pw-ben") as hall,
    ):
        await anna.signal(1, "setup", cd={"sip": "ben"}, complete=True, channel=-1)
        first, _ = await desk.signalled("setup")
        second, _ = await hall.signalled("setup")
        await hall.signal(second, "conn", channels_cmd="PROPOSAL", channels=OFFER)
        assert (await desk.signalled("rel", first))[1]["cau"]["num"] == 26
        assert (await anna.signalled("conn", 1))[1]["channels_cmd"] == "PROPOSAL"


async def test_the_caller_gives_up(anna: RawClient, ben: RawClient) -> None:
    await anna.signal(1, "setup", cd={"num": "22"}, complete=True, channel=-1)
    number, _ = await ben.signalled("setup")
    await anna.signal(1, "rel", cau={"num": 16})
    await ben.signalled("rel", number)
    await anna.signal(1, "setup", cd={"num": "22"}, complete=True, channel=-1)
    assert (await ben.signalled("setup"))[0] != number


async def test_a_busy_phone_says_so(anna: RawClient, ben: RawClient) -> None:
    await anna.signal(1, "setup", cd={"num": "22"}, complete=True, channel=-1)
    number, _ = await ben.signalled("setup")
    await ben.signal(number, "rel", cau={"num": 17})
    assert (await anna.signalled("rel", 1))[1]["cau"]["num"] == 17


async def test_digits_may_come_one_by_one(anna: RawClient, ben: RawClient) -> None:
    await anna.signal(1, "setup", cd={"num": "2"}, channel=-1)
    await anna.signalled("setup_ack", 1)
    await anna.signal(1, "info", cd={"num": "2"})
    await anna.signalled("call_proc", 1)
    await ben.signalled("setup")


async def test_numbers_nobody_has_and_users_who_are_not_there(anna: RawClient) -> None:
    await anna.signal(1, "setup", cd={"num": "99"}, complete=True, channel=-1)
    assert (await anna.signalled("rel", 1))[1]["cau"]["num"] == 1
    await anna.signal(2, "setup", cd={"num": "22"}, complete=True, channel=-1)
    assert (await anna.signalled("rel", 2))[1]["cau"]["num"] == 20


async def test_a_phone_that_vanishes_ends_its_calls(pbx: InnovaphonePbx, anna: RawClient) -> None:
    async with phone(pbx.http_port, "ben", "pw-ben") as ben:
        await call(anna, 1, ben, num="22")
    assert (await anna.signalled("rel", 1))[1]["cau"]["num"] == 27


async def test_an_attended_transfer(anna: RawClient, ben: RawClient, clara: RawClient) -> None:
    first = await call(anna, 1, ben, num="22")
    second = await call(anna, 2, clara, num="23")
    await anna.signal(2, "facility", fty=[{"type": "ct_identify"}])
    found = facility((await anna.signalled("facility", 2))[1], "ct_identify_result")
    assert found["dst"] == {"num": "23", "sip": "clara"}
    await anna.signal(1, "facility", fty=[{"type": "ct_initiate", "id": found["id"], "dst": found["dst"]}])
    assert "error" not in facility((await anna.signalled("facility", 1))[1], "ct_initiate_result")
    await anna.signalled("rel", 1)
    await anna.signalled("rel", 2)
    assert facility((await ben.signalled("facility", first))[1], "ct_complete")["remote_name"] == "Clara"
    assert facility((await clara.signalled("facility", second))[1], "ct_complete")["remote"]["num"] == "22"
    assert (await ben.signalled("channels", first))[1]["channels_cmd"] == "REQUEST"
    await ben.signal(first, "channels", channels_cmd="PROPOSAL", channels=OFFER)
    assert (await clara.signalled("channels", second))[1]["channels"] == OFFER
    await clara.signal(second, "channels", channels_cmd="SELECT", channels=ANSWER)
    assert (await ben.signalled("channels", first))[1]["channels"] == ANSWER
    await clara.signal(second, "rel", cau={"num": 16})
    await ben.signalled("rel", first)


async def test_a_blind_transfer(anna: RawClient, ben: RawClient, clara: RawClient) -> None:
    first = await call(anna, 1, ben, num="22")
    await anna.signal(1, "facility", fty=[{"type": "ct_initiate", "dst": {"num": "23"}}])
    second, setup = await clara.signalled("setup")
    assert setup["cg"]["num"] == "22"
    assert facility(setup, "ct_setup")
    await clara.signal(second, "alert")
    assert "error" not in facility((await anna.signalled("facility", 1))[1], "ct_initiate_result")
    await anna.signalled("rel", 1)
    assert facility((await ben.signalled("facility", first))[1], "ct_complete")["remote_name"] == "Clara"
    await clara.signal(second, "conn", channels_cmd="PROPOSAL", channels=OFFER)
    assert (await ben.signalled("channels", first))[1]["channels_cmd"] == "PROPOSAL"
    await ben.signal(first, "channels", channels_cmd="SELECT", channels=ANSWER)
    assert (await clara.signalled("channels", second))[1]["channels"] == ANSWER


async def test_a_blind_transfer_to_nobody_leaves_the_call(anna: RawClient, ben: RawClient) -> None:
    first = await call(anna, 1, ben, num="22")
    await anna.signal(1, "facility", fty=[{"type": "ct_initiate", "dst": {"num": "23"}}])
    assert facility((await anna.signalled("facility", 1))[1], "ct_initiate_result")["error"]
    await anna.signal(1, "rel", cau={"num": 16})
    await ben.signalled("rel", first)


async def test_who_waits_for_a_blind_transfer_talks_on_in_his_call(
    anna: RawClient, ben: RawClient, clara: RawClient
) -> None:
    first = await call(anna, 1, ben, num="22")
    await anna.signal(1, "facility", fty=[{"type": "ct_initiate", "dst": {"num": "23"}}])
    second, _ = await clara.signalled("setup")
    await anna.signal(1, "channels", channels_cmd="PROPOSAL", channels=OFFER)
    assert (await ben.signalled("channels", first))[1]["channels"] == OFFER
    await ben.signal(first, "channels", channels_cmd="SELECT", channels=ANSWER)
    assert (await anna.signalled("channels", 1))[1]["channels"] == ANSWER
    await ben.signal(first, "rel", cau={"num": 16})
    await anna.signalled("rel", 1)
    await clara.signalled("rel", second)


async def test_a_consultation_that_rings_is_joined(anna: RawClient, ben: RawClient, clara: RawClient) -> None:
    first = await call(anna, 1, ben, num="22")
    await anna.signal(2, "setup", cd={"num": "23"}, complete=True, channel=-1)
    second, _ = await clara.signalled("setup")
    await clara.signal(second, "alert")
    await anna.signalled("alert", 2)
    await anna.signal(2, "facility", fty=[{"type": "ct_identify"}])
    found = facility((await anna.signalled("facility", 2))[1], "ct_identify_result")
    await anna.signal(1, "facility", fty=[{"type": "ct_initiate", "id": found["id"], "dst": found["dst"]}])
    assert "error" not in facility((await anna.signalled("facility", 1))[1], "ct_initiate_result")
    assert facility((await ben.signalled("facility", first))[1], "ct_complete")["remote_name"] == "Clara"
    await clara.signal(second, "conn", channels_cmd="PROPOSAL", channels=OFFER)
    assert (await ben.signalled("channels", first))[1]["channels"] == OFFER
