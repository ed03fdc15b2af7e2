"""Calls that outlive a lost registration, a changed address and a restart of the PBX."""

from __future__ import annotations

import pytest

from app.demo.myapps import reconnections
from app.demo.myapps.calls import CallServer
from app.demo.myapps.installation import Installation
from app.demo.myapps.pbx import InnovaphonePbx
from tests.demo.myapps.raw_client import RawClient, facility, phone
from tests.demo.myapps.test_calls import ANSWER, OFFER

NEW_OFFER = {"source": "LOCAL", "ch": [{"coder": "G722", "xmit": 20, "addr": "127.0.0.2", "port": 6000}]}
INIT = {"type": "reconnect_init"}


async def call(anna: RawClient, ben: RawClient, identity: str = "b" * 32) -> int:
    """Anna calls Ben, and both can reconnect. Returns Ben's number of the call."""
    await anna.signal(
        1, "setup", cd={"num": "22"}, complete=True, channel=-1, channels_cmd="PROPOSAL", channels=OFFER, fty=[INIT]
    )
    number, setup = await ben.signalled("setup")
    assert facility(setup, "reconnect_init") == INIT
    info = {"type": "reconnect_info", "id": identity}
    await ben.signal(number, "conn", channels_cmd="SELECT", channels=ANSWER, fty=[info])
    _, conn = await anna.signalled("conn", 1)
    assert facility(conn, "reconnect_info") == {**info, "ep": {"num": "22", "sip": "ben"}}
    return number


async def resume(link: RawClient, number: int, cd: str, identity: str = "b" * 32, kind: str = "reconnect_info") -> None:
    fty = [INIT, {"type": kind, "id": identity}]
    await link.signal(
        number, "setup", cd={"num": cd}, complete=True, channel=-1, channels_cmd="PROPOSAL", channels=NEW_OFFER, fty=fty
    )


async def test_a_lost_caller_takes_his_place_again(pbx: InnovaphonePbx) -> None:
    async with phone(pbx.http_port, "ben", "pw-ben") as ben:
        async with phone(pbx.http_port, "anna", "pw-anna") as anna:
            number = await call(anna, ben)
        async with phone(pbx.http_port, "anna", "pw-anna") as anna:
            await resume(anna, 1, "22")
            proposal = (await ben.signalled("channels", number))[1]
            assert (proposal["channels_cmd"], proposal["channels"]) == ("PROPOSAL", NEW_OFFER)
            await ben.signal(number, "channels", channels_cmd="SELECT", channels=ANSWER)
            _, conn = await anna.signalled("conn", 1)
            assert (conn["channels_cmd"], conn["channels"]) == ("SELECT", ANSWER)
            assert facility(conn, "name_identification")["name"] == "Ben"
            await ben.signal(number, "rel", cau={"num": 16})
            assert (await anna.signalled("rel", 1))[1]["cau"]["num"] == 16
    assert not pbx.complaints


async def test_a_lost_called_party_takes_his_place_again(pbx: InnovaphonePbx, anna: RawClient) -> None:
    async with phone(pbx.http_port, "ben", "pw-ben") as ben:
        await call(anna, ben)
    async with phone(pbx.http_port, "ben", "pw-ben") as ben:
        await resume(ben, 5, "21", kind="reconnect")
        assert (await anna.signalled("channels", 1))[1]["channels"] == NEW_OFFER
        await anna.signal(1, "channels", channels_cmd="SELECT", channels=ANSWER)
        assert (await ben.signalled("conn", 5))[1]["channels"] == ANSWER


async def test_a_lost_called_party_who_only_waits_is_called(
    pbx: InnovaphonePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnections, "CALL_BACK_SECONDS", 0.0)
    async with phone(pbx.http_port, "anna", "pw-anna") as anna:
        async with phone(pbx.http_port, "ben", "pw-ben") as ben:
            await call(anna, ben)
        async with phone(pbx.http_port, "ben", "pw-ben") as ben:
            number, setup = await ben.signalled("setup")
            assert facility(setup, "reconnect_info")["id"] == "b" * 32
            assert "channels" not in setup
            await ben.signal(number, "conn", channels_cmd="PROPOSAL", channels=NEW_OFFER)
            assert (await anna.signalled("channels", 1))[1]["channels"] == NEW_OFFER
            await anna.signal(1, "channels", channels_cmd="SELECT", channels=ANSWER)
            assert (await ben.signalled("channels", number))[1]["channels"] == ANSWER


async def test_a_changed_address_replaces_a_leg_that_seems_to_be_there(pbx: InnovaphonePbx) -> None:
    async with (
        phone(pbx.http_port, "ben", "pw-ben") as ben,
        phone(pbx.http_port, "anna", "pw-anna") as old,
        phone(pbx.http_port, "anna", "pw-anna") as new,
    ):
        number = await call(old, ben)
        await resume(new, 1, "22")
        await old.signalled("rel", 1)
        await ben.signalled("channels", number)
        await ben.signal(number, "channels", channels_cmd="SELECT", channels=ANSWER)
        await new.signalled("conn", 1)


async def test_both_sides_find_each_other_while_their_old_connections_only_seem_to_be_there(
    pbx: InnovaphonePbx,
) -> None:
    async with (
        phone(pbx.http_port, "anna", "pw-anna") as silent_anna,
        phone(pbx.http_port, "ben", "pw-ben") as silent_ben,
    ):
        dead = await call(silent_anna, silent_ben)
        async with phone(pbx.http_port, "anna", "pw-anna") as anna, phone(pbx.http_port, "ben", "pw-ben") as ben:
            await resume(anna, 1, "22")
            await silent_ben.signalled("channels", dead)
            await resume(ben, 5, "21")
            assert (await ben.signalled("rel", 5))[1]["cau"]["num"] == 26
            number, setup = await ben.signalled("setup")
            assert (facility(setup, "reconnect_info")["id"], setup["channels"]) == ("b" * 32, NEW_OFFER)
            await ben.signal(number, "conn", channels_cmd="SELECT", channels=ANSWER)
            assert (await anna.signalled("conn", 1))[1]["channels"] == ANSWER


async def test_a_held_call_is_taken_up_without_media(pbx: InnovaphonePbx, ben: RawClient) -> None:
    async with phone(pbx.http_port, "anna", "pw-anna") as anna:
        number = await call(anna, ben)
        await anna.signal(1, "channels", channels_cmd="CLOSE")
        await ben.signalled("channels", number)
    async with phone(pbx.http_port, "anna", "pw-anna") as anna:
        info = {"type": "reconnect_info", "id": "b" * 32}
        await anna.signal(
            1, "setup", cd={"num": "22"}, complete=True, channel=-1, channels_cmd="CLOSE", fty=[INIT, info]
        )
        await anna.signalled("conn", 1)
        await anna.signal(1, "channels", channels_cmd="PROPOSAL", channels=NEW_OFFER)
        await ben.signalled("channels", number)
        assert (await ben.signalled("channels", number))[1]["channels"] == NEW_OFFER


@pytest.mark.parametrize("remembers", [True, False])
async def test_both_sides_find_each_other_after_a_restart_of_the_pbx(pbx: InnovaphonePbx, remembers: bool) -> None:
    async with phone(pbx.http_port, "anna", "pw-anna") as anna, phone(pbx.http_port, "ben", "pw-ben") as ben:
        await call(anna, ben)
        await pbx.kill(remembers=remembers)
    await pbx.start()
    async with phone(pbx.http_port, "anna", "pw-anna") as anna:
        await resume(anna, 1, "22")
        await anna.signalled("call_proc", 1)
        async with phone(pbx.http_port, "ben", "pw-ben") as ben:
            number, setup = await ben.signalled("setup")
            assert facility(setup, "reconnect_info")["id"] == "b" * 32
            assert setup["channels"] == NEW_OFFER
            await resume(ben, 1, "21")
            assert (await ben.signalled("rel", 1))[1]["cau"]["num"] == 26
            await ben.signal(number, "conn", channels_cmd="SELECT", channels=ANSWER)
            assert (await anna.signalled("conn", 1))[1]["channels"] == ANSWER
            await anna.signal(1, "rel", cau={"num": 16})
            await ben.signalled("rel", number)
            assert not pbx.calls.of("ben")


async def test_a_call_that_rings_is_taken_up_by_its_caller(pbx: InnovaphonePbx, ben: RawClient) -> None:
    async with phone(pbx.http_port, "anna", "pw-anna") as anna:
        await anna.signal(
            1, "setup", cd={"num": "22"}, complete=True, channel=-1, channels_cmd="PROPOSAL", channels=OFFER,
            fty=[INIT],
        )  # fmt: skip
        number, _ = await ben.signalled("setup")
        await ben.signal(number, "alert")
        identity = facility((await anna.signalled("alert", 1))[1], "reconnect_info")["id"]
    async with phone(pbx.http_port, "anna", "pw-anna") as anna:
        await resume(anna, 1, "22", identity)
        await anna.signalled("alert", 1)
        await ben.signal(number, "conn", channels_cmd="SELECT", channels=ANSWER)
        assert (await ben.signalled("channels", number))[1]["channels"] == NEW_OFFER
        await ben.signal(number, "channels", channels_cmd="SELECT", channels=ANSWER)
        assert (await anna.signalled("conn", 1))[1]["channels"] == ANSWER


async def test_a_phone_that_was_lost_while_it_rang_rings_again(pbx: InnovaphonePbx, anna: RawClient) -> None:
    async with phone(pbx.http_port, "ben", "pw-ben") as ben:
        await anna.signal(1, "setup", cd={"num": "22"}, complete=True, channel=-1)
        number, _ = await ben.signalled("setup")
        await ben.signal(number, "alert", fty=[{"type": "reconnect_info", "id": "b" * 32}])
        await anna.signalled("alert", 1)
    async with phone(pbx.http_port, "ben", "pw-ben") as ben:
        number, setup = await ben.signalled("setup")
        assert facility(setup, "reconnect_info")["id"] == "b" * 32
        await ben.signal(number, "conn", channels_cmd="PROPOSAL", channels=OFFER)
        await anna.signalled("conn", 1)


async def test_the_pbx_gives_an_identity_where_the_phone_gives_none(anna: RawClient, ben: RawClient) -> None:
    await anna.signal(1, "setup", cd={"num": "22"}, complete=True, channel=-1, fty=[INIT])
    number, _ = await ben.signalled("setup")
    await ben.signal(number, "conn", channels_cmd="PROPOSAL", channels=OFFER)
    given = facility((await anna.signalled("conn", 1))[1], "reconnect_info")
    await ben.signal(number, "facility", fty=[INIT])
    theirs = facility((await ben.signalled("facility", number))[1], "reconnect_info")
    assert (theirs["id"], theirs["ep"]["num"]) == (given["id"], "21")


async def test_what_is_lost_for_too_long_is_over(installation: Installation) -> None:
    pbx = InnovaphonePbx(
        "master", "127.0.0.1", 0, 0, installation, calls=CallServer(installation, reconnect_seconds=0.05)
    )
    await pbx.start()
    async with phone(pbx.http_port, "ben", "pw-ben") as ben:
        async with phone(pbx.http_port, "anna", "pw-anna") as anna:
            number = await call(anna, ben)
        assert (await ben.signalled("rel", number))[1]["cau"]["num"] == 27
        async with phone(pbx.http_port, "anna", "pw-anna") as anna:
            await resume(anna, 1, "22")
            assert (await anna.signalled("rel", 1))[1]["cau"]["num"] == 16
            await anna.signal(2, "setup", cd={"num": "22"}, complete=True, channel=-1)
            await ben.signalled("setup")
    await pbx.stop()


async def test_nobody_takes_up_a_call_of_others(anna: RawClient, ben: RawClient, clara: RawClient) -> None:
    number = await call(anna, ben)
    await resume(clara, 1, "22")
    assert (await clara.signalled("rel", 1))[1]["cau"]["num"] == 1
    await anna.signal(1, "rel", cau={"num": 16})
    await ben.signalled("rel", number)


async def test_after_a_transfer_both_sides_hear_of_the_new_identity(
    anna: RawClient, ben: RawClient, clara: RawClient
) -> None:
    first = await call(anna, ben)
    await anna.signal(2, "setup", cd={"num": "23"}, complete=True, channel=-1, fty=[INIT])
    second, _ = await clara.signalled("setup")
    info = {"type": "reconnect_info", "id": "c" * 32}
    await clara.signal(second, "conn", channels_cmd="PROPOSAL", channels=OFFER, fty=[info])
    await anna.signal(2, "facility", fty=[{"type": "ct_identify"}])
    found = facility((await anna.signalled("facility", 2))[1], "ct_identify_result")
    await anna.signal(1, "facility", fty=[{"type": "ct_initiate", "id": found["id"], "dst": found["dst"]}])
    told = (await ben.signalled("facility", first))[1]
    assert facility(told, "reconnect_info") == {**info, "ep": {"num": "23", "sip": "clara"}}
    assert facility((await clara.signalled("facility", second))[1], "reconnect_info")["id"] == "c" * 32
