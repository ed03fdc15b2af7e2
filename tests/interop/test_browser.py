"""Calls with a browser's voice: aiortc, with ICE and keys by a DTLS handshake, behind a little SIP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.model.snapshot import CallState
from tests.interop.pair import IN, OUT
from tests.interop.phone import PhoneUnderTest
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ, has_tone, tone
from tests.peers.small_sip import SmallSip
from tests.peers.web_phone import RATE, WebPhone

pytestmark = pytest.mark.interop

PATIENCE = 15.0


async def talk(phone: PhoneUnderTest, browser: WebPhone, row: Row) -> None:
    """Sound both ways by a pair that ICE chose, under keys of a handshake."""
    await phone.call_is(CallState.CONNECTED, PATIENCE)
    phone.say(PHONE_HERTZ)
    await phone.hears(PEER_HERTZ, PATIENCE)
    await phone.until_true(lambda: has_tone(browser.heard[-RATE // 2 :], PHONE_HERTZ, RATE), PATIENCE)
    assert phone.statistics.secured
    assert phone.route is not None
    row.measured(f"{phone.suite}, {phone.statistics.packets_received} packets in")


@pytest.mark.parametrize("direction", [OUT, IN])
async def test_a_call_with_a_browser(direction: str, tmp_path: Path, row: Row) -> None:
    role = "the browser begins the handshake" if direction == OUT else "the phone begins the handshake"
    row.of("aiortc", f"a phone's call {direction} with ICE and DTLS-SRTP, encryption required; {role}")
    async with (
        SmallSip("web") as sip,
        PhoneUnderTest(
            tmp_path, sip.port, encryption="required", key_exchange="dtls-sdes", ice=True, keep_alive=0
        ) as phone,
        WebPhone(tone(PEER_HERTZ, 1, RATE)) as browser,
    ):
        await phone.registered()
        if direction == OUT:
            await phone.dial("web")
            await sip.be_called(browser.answer)
        else:
            calling = asyncio.create_task(sip.call(f"sip:27@127.0.0.1:{phone.port}", await browser.offer()))
            await phone.call_is(CallState.INCOMING, PATIENCE)
            await phone.answer()
            await browser.take(await calling)
        await talk(phone, browser, row)
        await phone.hang_up()
        await sip.ended()
        await phone.no_call()
