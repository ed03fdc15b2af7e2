"""Who is there: the second factor by another session, sessions, NTLM, and presence."""

from __future__ import annotations

from app.demo.myapps import digests
from app.demo.myapps.installation import Installation, Subscriber, User
from app.demo.myapps.pbx import InnovaphonePbx
from app.settings.secret import Secret
from tests.demo.myapps.raw_client import NONCE, RawClient, connected, phone, sha, unsealed


def careful(installation: Installation) -> None:
    """Dora needs a second session to let her in; her first is there already."""
    user = User("dora", "24", "Dora", Secret("pw-dora"), second_factor=True)
    installation.subscribers["dora"] = Subscriber(user)


async def first_session(pbx: InnovaphonePbx, client: RawClient) -> None:
    session = pbx.installation.subscribers["dora"].new_session("first", authorized=True)
    assert (await client.log_in(session.usr, session.pwd.reveal(), "session"))["mt"] == "LoginResult"


async def test_a_second_factor_is_another_session(pbx: InnovaphonePbx, installation: Installation) -> None:
    careful(installation)
    async with connected(pbx.http_port) as first, connected(pbx.http_port) as second:
        await first_session(pbx, first)
        asked = await second.log_in("dora", "pw-dora")
        assert asked["mt"] == "Authorize"
        added = await first.next(mt="SessionAdded")
        assert (added["info"]["code"], added["info"]["needsAuthorization"]) == (asked["code"], True)
        await first.send("AuthorizeSession", id=added["id"])
        result = await second.next(mt="LoginResult")
        assert unsealed(result["info"]["session"], "pw-dora")[0] == added["id"]


async def test_a_second_factor_may_be_refused(pbx: InnovaphonePbx, installation: Installation) -> None:
    careful(installation)
    async with connected(pbx.http_port) as first, connected(pbx.http_port) as second:
        await first_session(pbx, first)
        await second.log_in("dora", "pw-dora")
        await first.send("DeleteSession", id=(await first.next(mt="SessionAdded"))["id"])
        assert (await second.next(mt="LoginResult"))["error"] == 2


async def test_a_log_in_by_ntlm(pbx: InnovaphonePbx, installation: Installation) -> None:
    installation.methods = ("ntlm",)
    async with connected(pbx.http_port) as client:
        await client.send("Login", type="user")
        asked = await client.next(mt="Authenticate", method="ntlm")
        response = digests.ntlm_response("pw-anna", bytes.fromhex(asked["challenge"]))
        await client.send("Login", type="user", method="ntlm", username="anna", nonce=NONCE, response=response)
        result = await client.next(mt="LoginResult")
        usr, pwd = unsealed(result["info"]["session"], digests.ntlm_password("pw-anna"))
    async with connected(pbx.http_port) as client:
        assert (await client.log_in(usr, pwd, "session"))["mt"] == "LoginResult"


async def test_presence_is_told_to_whoever_asks(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port) as anna, connected(pbx.http_port) as ben:
        await anna.log_in("anna", "pw-anna")
        await ben.log_in("ben", "pw-ben")
        await ben.send("SubscribePresence", num="21")
        assert (await ben.next(mt="UpdatePresence", sip="anna"))["up"] is True
        await anna.send("SetUserActivity", inactive=True)
        told = await ben.next(mt="UpdatePresence", sip="anna")
        assert {"contact": "im:", "status": "open", "activity": "away"} in told["presence"]
        await anna.send("SetOwnPresence", activity="busy", note="lunch")
        told = await ben.next(mt="UpdatePresence", sip="anna")
        assert told["presence"][0] == {"contact": "tel:", "status": "closed", "activity": "busy", "note": "lunch"}
        async with phone(pbx.http_port, "anna", "pw-anna"):  # whose client is active
            there = [{**told["presence"][0], "status": "open"}, {"contact": "im:", "status": "open"}]
            await ben.next(mt="UpdatePresence", sip="anna", presence=there)


async def test_a_response_to_no_challenge_is_refused(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port) as client:
        response = sha("innovaphoneAppClient", "user", "example.com", "anna", "pw-anna", NONCE, "")
        await client.send("Login", type="user", method="digest", username="anna", nonce=NONCE, response=response)
        assert (await client.next(mt="LoginResult"))["error"] == 1
        assert "challenge" in pbx.complaints[-1]
