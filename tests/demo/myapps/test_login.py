"""Logging in by digest, as a user and with a session, and what a client may do then."""

from __future__ import annotations

import pytest

from app.demo.myapps.pbx import InnovaphonePbx
from tests.demo.myapps.raw_client import connected, unsealed


async def test_a_user_logs_in_and_comes_back_with_his_session(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port) as client:
        result = await client.log_in("anna", "pw-anna")
        assert result["mt"] == "LoginResult"
        assert result["info"]["user"]["num"] == "21"
        prefix = {"intl": "000", "ntl": "00", "subs": "0", "area": "7031", "country": "49"}
        assert result["info"]["user"]["prefix"] == prefix
        usr, pwd = unsealed(result["info"]["session"], "pw-anna")
        assert (len(usr), len(pwd)) == (32, 23)
    async with connected(pbx.http_port, "/PBX0/WEBSOCKET/websocket") as client:
        result = await client.log_in(usr, pwd, "session")
        assert result["info"]["user"]["sip"] == "anna"
        assert "session" not in result["info"]


@pytest.mark.parametrize(("name", "password"), [("anna", "pw-ben"), ("nobody", "")])
async def test_a_wrong_password_or_name_is_refused(pbx: InnovaphonePbx, name: str, password: str) -> None:
    async with connected(pbx.http_port) as client:
        assert (await client.log_in(name, password))["error"] == 2
        assert (await client.log_in("anna", "pw-anna"))["mt"] == "LoginResult"


async def test_a_session_that_is_no_more_has_expired(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port) as client:
        info = (await client.log_in("anna", "pw-anna"))["info"]
        await client.send("Logout")
        await client.next(mt="LogoutResult")
        assert await client.gone()
    async with connected(pbx.http_port) as client:
        assert (await client.log_in(*unsealed(info["session"], "pw-anna"), "session"))["error"] == 5


async def test_what_needs_a_log_in_is_ignored_before_it(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port) as client:
        await client.send("SubscribeApps")
        await client.send("LoginInfo")
        assert (await client.next())["mt"] == "LoginInfoResult"
        assert "too early" in pbx.complaints[-1]


async def test_apps_are_told_one_by_one_and_then_all(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port) as client:
        await client.log_in("anna", "pw-anna")
        await client.send("SubscribeApps")
        first = await client.next(mt="UpdateAppsInfo")
        assert first["app"]["name"] == "phone"
        assert (await client.next(mt="UpdateAppsComplete"))["deviceApps"][0]["deviceapp"] == "phone"


async def test_an_app_object_takes_the_log_in_it_gave_and_no_other(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port) as client, connected(pbx.http_port, "/PBX0/APPS/websocket") as link:
        await client.log_in("anna", "pw-anna")
        await link.send("AppChallenge")
        challenge = (await link.next(mt="AppChallengeResult"))["challenge"]
        assert 0 < len(challenge) <= 16
        await link.send("AppLogin", app="phone", sip="anna", digest="0" * 64)
        assert "ok" not in await link.next(mt="AppLoginResult")
        assert (await link.app_login("phone", client))["ok"] is True


async def test_registering_needs_a_log_in(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port, "/PBX0/APPS/websocket") as link:
        await link.send("Register", api="PbxSignal", src="r")
        await link.send("AppChallenge")
        assert (await link.next())["mt"] == "AppChallengeResult"
        assert "Register" in pbx.complaints[-1]


@pytest.mark.parametrize("text", ["no json", '{"mt":1}', "[" * 2000, '{"mt":"Login","type":7}', '{"api":"PbxSignal"}'])
async def test_what_is_no_message_ends_the_connection(pbx: InnovaphonePbx, text: str) -> None:
    async with connected(pbx.http_port) as client:
        await client.socket.send_str(text)
        assert await client.gone()
        assert pbx.complaints


async def test_a_frame_of_more_than_a_mebibyte_ends_the_connection(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port) as client:
        await client.socket.send_str('{"mt":"LoginInfo","x":"' + "x" * (1 << 20) + '"}')
        assert await client.gone()
