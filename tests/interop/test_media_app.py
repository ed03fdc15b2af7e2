"""An app on the phone talks by the phone's voice: the Media Protocol, spoken by a program of another make."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.interop.phone import TOKEN, PhoneUnderTest
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.interop.voice import Voice
from tests.peers.media_app import MediaApp


@pytest_asyncio.fixture
async def phone(tmp_path: Path) -> AsyncIterator[PhoneUnderTest]:
    """A phone without a PBX, whose apps may connect."""
    async with PhoneUnderTest(tmp_path, 9, apps=True) as phone:
        yield phone


@pytest_asyncio.fixture
async def app(phone: PhoneUnderTest) -> AsyncIterator[MediaApp]:
    """An app that has logged in."""
    async with MediaApp(await phone.apps_port(), TOKEN) as app:
        yield app


async def test_plain_voice_both_ways(phone: PhoneUnderTest, app: MediaApp) -> None:
    async with Voice() as far_end:
        ours = (await app.ask("AllocChannel", channel="one", dn="Foo Bar", type="RemoteRtp"))["description"]
        host, port = far_end.address
        pcmu = {"name": "PCMU", "payloadType": 0, "clockRate": 8000}
        await app.ask("SetRemoteAnswer", channel="one", description={"address": host, "port": port, "codecs": [pcmu]})
        assert (await app.ask("Connect", channel="one"))["voice"] == "talking"
        far_end.speak_to(ours["port"])
        phone.say(PHONE_HERTZ)
        await phone.hears(PEER_HERTZ)
        await phone.until_true(lambda: far_end.received > 25)
