"""Logging in on the PBX's page, with keys both sides have agreed on; and the admin's settings."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.demo.myapps.installation import Installation, Subscriber, User
from app.demo.myapps.pair import Pair
from app.demo.myapps.pbx import InnovaphonePbx
from app.settings.secret import Secret
from tests.demo.myapps.raw_client import NONCE, PATIENCE, RawClient, connected, sha, unsealed


class Half:
    """The client's half of the key agreement."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_numbers()
        self.share = f"{point.x:064x}{point.y:064x}"

    def secret(self, share: str) -> str:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex("04" + share))
        return self._key.exchange(ec.ECDH(), point).hex()


async def sent_to_page(client: RawClient, half: Half) -> dict[str, Any]:
    await client.send("Login", type="user", method="oauth2", nonce=NONCE, keyShare=half.share, userAgent="raw")
    return await client.next(mt="Authenticate", type="user", method="oauth2")


async def fill_in(url: str, name: str, password: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as page:
            text = await page.text()
            assert page.status == 200
            assert set(re.findall(r'name="(\w+)"', text)) >= {"username", "password"}
        async with session.post(url, data={"username": name, "password": password}) as page:
            return page.status, await page.text()


@pytest.fixture
def by_page(installation: Installation) -> Installation:
    installation.methods = ("oauth2",)
    return installation


@pytest.mark.usefixtures("by_page")
async def test_a_user_logs_in_on_the_page(pbx: InnovaphonePbx) -> None:
    half = Half()
    async with connected(pbx.http_port) as client:
        await client.send("LoginInfo")
        offered = (await client.next(mt="LoginInfoResult"))["user"]
        assert (offered["oauth2"], offered["digest"], offered["oauth2Name"]) == (True, False, "Demo")
        asked = await sent_to_page(client, half)
        assert "go together" in (await fill_in(asked["url"], "anna", "pw-ben"))[1]
        status, said = await fill_in(asked["url"], "anna", "pw-anna")
        assert (status, "logged in" in said) == (200, True)
        frame = await client.socket.receive(timeout=PATIENCE)
        result = json.loads(frame.data)
        info = frame.data[frame.data.index('"info":') + 7 : frame.data.rindex(',"digest"')]
        secret = half.secret(result["info"]["keyShare"])
        who = (asked["domain"], "anna", secret, NONCE, asked["challenge"])
        assert result["digest"] == sha("innovaphoneAppClient:loginresult", *who, info)
        usr, pwd = unsealed(result["info"]["session"], secret)
    async with connected(pbx.http_port) as client:
        assert (await client.log_in(usr, pwd, "session"))["info"]["user"]["sip"] == "anna"
        async with aiohttp.ClientSession() as session, session.get(asked["url"]) as page:
            assert page.status == 404


@pytest.mark.usefixtures("by_page")
async def test_a_page_is_gone_after_five_wrong_passwords(pbx: InnovaphonePbx) -> None:
    async with connected(pbx.http_port) as client, aiohttp.ClientSession() as session:
        url = (await sent_to_page(client, Half()))["url"]
        for _ in range(5):
            await fill_in(url, "anna", "wrong")
        async with session.post(url, data={"username": "anna", "password": "pw-anna"}) as page:
            assert page.status == 404


@pytest.mark.usefixtures("by_page")
async def test_a_log_in_by_page_may_need_a_second_factor_or_be_cancelled(
    pbx: InnovaphonePbx, installation: Installation
) -> None:
    dora = Subscriber(User("dora", "24", "Dora", Secret("pw-dora"), second_factor=True))
    installation.subscribers["dora"] = dora
    async with connected(pbx.http_port) as client:
        url = (await sent_to_page(client, Half()))["url"]
        await fill_in(url, "dora", "pw-dora")
        assert (await client.next(mt="Authorize"))["code"] in [one.code for one in dora.sessions.values()]
        await client.send("LoginCancel")
        assert (await client.next(mt="LoginResult"))["error"] == 3
        assert not dora.sessions
        url = (await sent_to_page(client, Half()))["url"]
        await client.send("LoginCancel")
        await client.next(mt="LoginResult", error=3)
        async with aiohttp.ClientSession() as session, session.get(url) as page:
            assert page.status == 404


@pytest.mark.usefixtures("by_page")
@pytest.mark.parametrize("share", ["", "00" * 64, "zz"])
async def test_a_key_that_is_none_is_refused(pbx: InnovaphonePbx, share: str) -> None:
    async with connected(pbx.http_port) as client:
        await client.send("Login", type="user", method="oauth2", nonce=NONCE, keyShare=share)
        assert (await client.next(mt="LoginResult"))["error"] == 1
        await client.send("Login", type="user", method="digest")
        assert (await client.next(mt="LoginResult"))["error"] == 1


async def test_a_redirect_after_a_page_carries_the_key() -> None:
    pair = Pair((User("anna", "21", "Anna", Secret("pw-anna")),), "127.0.0.1")
    pair.installation.methods = ("oauth2",)
    await pair.start()
    half = Half()
    async with connected(pair.standby.http_port) as client:
        asked = await sent_to_page(client, half)
        await fill_in(asked["url"], "anna", "pw-anna")
        frame = await client.socket.receive(timeout=PATIENCE)
        result = json.loads(frame.data)
        info = frame.data[frame.data.index('"info":') + 7 : frame.data.rindex(',"digest"')]
        secret = half.secret(result["info"]["keyShare"])
        assert result["info"]["sip"] == "anna"  # by whose name the digest is made
        parts = ("innovaphoneAppClient:redirect", "anna", secret, NONCE, asked["challenge"], info)
        assert result["digest"] == hashlib.sha256(":".join(parts).encode()).hexdigest()
        usr, pwd = unsealed(result["info"]["session"], secret)
    async with connected(result["info"]["http"]) as client:
        assert (await client.log_in(usr, pwd, "session"))["mt"] == "LoginResult"
    await pair.stop()


async def test_settings_of_the_admin_at_the_log_in_and_later(pbx: InnovaphonePbx, installation: Installation) -> None:
    installation.set_settings("anna", {"logFlags": ("00000000d6800001", True)})
    async with connected(pbx.http_port) as client:
        info = (await client.log_in("anna", "pw-anna"))["info"]
        assert info["settings"] == {"logFlags": {"value": "00000000d6800001", "force": True}}
        installation.set_settings("anna", {"video": (False, False)})
        told = await client.next(mt="UpdateUser")
        assert told["settings"] == {"video": {"value": False, "force": False}}
        installation.set_name("anna", "Anna Berg")
        told = await client.next(mt="UpdateUser")
        assert {**told["user"], "dn": "Anna"} == info["user"]
