"""An app on the phone uses the innovaphone APIs, over the web socket, of a whole phone: a program of another make."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from app.model import commands
from tests.interop.phone import TOKEN, PhoneUnderTest
from tests.peers.media_app import MediaApp, Message

pytestmark = pytest.mark.interop

PHONE = "com.innovaphone.phone"
INFO = "com.innovaphone.phoneinfo"


@pytest_asyncio.fixture
async def phone(tmp_path: Path) -> AsyncIterator[PhoneUnderTest]:
    """A phone without a PBX, which tries to call for help all the same."""
    async with PhoneUnderTest(tmp_path, 9, apps=True) as phone:
        yield phone


async def request(app: MediaApp, mt: str, **fields: object) -> Message:
    await app.send(json.dumps({"mt": "ApiRequest", "api": PHONE, "src": mt, "msg": {"mt": mt, **fields}}))
    return await app.hears_of("ApiResult", src=mt)


async def calls(app: MediaApp) -> list[dict[str, Any]]:
    (provider,) = (await app.hears_of("ApiUpdate"))["apis"][PHONE].values()
    found: list[dict[str, Any]] = provider["model"]["calls"]
    return found


async def test_an_app_starts_a_call_sees_it_and_ends_it(phone: PhoneUnderTest) -> None:
    async with MediaApp(await phone.apps_port(), TOKEN) as app:
        await app.send(json.dumps({"mt": "RegisterApi", "api": INFO}))
        await app.send(json.dumps({"mt": "ConsumeApi", "api": PHONE}))
        assert await calls(app) == []
        assert "errorText" not in await request(app, "StartCall", num="112")
        (call,) = await calls(app)
        assert (call["dir"], call["num"]) == ("o", "112")
        added = await app.hears_of("ApiRequest", api=INFO)
        assert added["msg"] == {"mt": "CallAdded", "id": call["id"]}
        assert "errorText" not in await request(app, "DisconnectCall")
        while await calls(app):
            pass


async def test_a_locked_phone_calls_nobody_for_an_app(phone: PhoneUnderTest) -> None:
    async with MediaApp(await phone.apps_port(), TOKEN) as app:
        await phone.do(lambda number: commands.ChangePin(number, old="", new="2580"))
        await phone.do(commands.Lock)
        refused = await request(app, "StartCall", num="201")
        assert "locked" in refused["errorText"]
