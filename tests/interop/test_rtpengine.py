"""Calls through a media proxy: rtpengine in the path, as an ICE agent, full or lite, and as the end of encryption."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.model.snapshot import CallState
from tests.interop.pair import IN, OUT
from tests.interop.phone import PhoneUnderTest
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.interop.trunk import Trunk
from tests.interop.voice import Voice, is_rtcp, sender_report
from tests.peers.rtpengine import Value, rtpengine
from tests.peers.small_sip import SmallSip

pytestmark = pytest.mark.interop

PATIENCE = 15.0
REPORT_PATIENCE = 30.0
"""For the first report, which comes some seconds after the first voice (RFC 3550, 6.2)."""
FEW = 25
"""Packets of half a second, which the proxy may send before the phone has its keys."""


class Stage:
    """The phone, and a plain far end behind the proxy."""

    def __init__(self, phone: PhoneUnderTest, sip: SmallSip, trunk: Trunk, voice: Voice) -> None:
        self.phone, self._sip, self._trunk, self._voice = phone, sip, trunk, voice

    @property
    def told(self) -> str:
        """The proxy's SDP for the phone."""
        return self._trunk.told

    async def call(self, direction: str) -> None:
        """Set the call up, with sound both ways."""
        if direction == OUT:
            await self.phone.dial("far")
            await self._sip.be_called(self._trunk.answer)
        else:
            offer = await self._trunk.offer()
            calling = asyncio.create_task(self._sip.call(f"sip:27@127.0.0.1:{self.phone.port}", offer))
            await self.phone.call_is(CallState.INCOMING, PATIENCE)
            await self.phone.answer()
            await self._trunk.answered(await calling)
        await self.phone.call_is(CallState.CONNECTED, PATIENCE)
        self.phone.say(PHONE_HERTZ)
        await self.phone.hears(PEER_HERTZ, PATIENCE)
        before = self._voice.received
        await self.phone.until_true(lambda: self._voice.received > before + 25, PATIENCE)

    async def call_in_vain(self) -> str:
        """Have the phone call, and the call end by itself; gives back what the phone says then."""
        await self.phone.dial("far")
        await self._sip.be_called(self._trunk.answer)
        ended = await self.phone.call_is(CallState.ENDED, PATIENCE)
        await self._sip.ended()
        assert self._voice.received == 0
        return ended.notice

    async def report(self) -> None:
        """Have a report go each way; the far end reads what comes to it in the clear."""
        await self.phone.until_true(lambda: any(map(is_rtcp, self._voice.reports)), REPORT_PATIENCE)
        before = self.phone.statistics.rtcp_received
        self._voice.throw(sender_report(self._voice.ssrc), rtcp=True)
        await self.phone.until_true(lambda: self.phone.statistics.rtcp_received > before, PATIENCE)

    async def end(self) -> None:
        """The phone hangs up, and the far end knows."""
        await self.phone.hang_up()
        await self._sip.ended()
        await self.phone.no_call()


@contextlib.asynccontextmanager
async def behind(
    near: dict[str, Value],
    folder: Path,
    *,
    encryption: str = "optional",
    key_exchange: str = "sdes-dtls",
    mux: bool = True,
    forged: Callable[[str], str] = str,
) -> AsyncIterator[Stage]:
    """A phone that is registered at its far end."""
    ice = near["ICE"] == "force"
    async with (
        rtpengine() as proxy,
        SmallSip("far") as sip,
        Voice() as voice,
        PhoneUnderTest(
            folder, sip.port, encryption=encryption, key_exchange=key_exchange, ice=ice, keep_alive=0
        ) as phone,
    ):
        await phone.registered()
        yield Stage(phone, sip, Trunk(proxy, voice, near, mux=mux, forged=forged), voice)


@pytest.mark.parametrize("direction", [OUT, IN])
@pytest.mark.parametrize("kind", ["without ICE", "full ICE", "ICE lite"])
async def test_a_call_through_a_proxy(kind: str, direction: str, tmp_path: Path, row: Row) -> None:
    """Against a lite agent the phone controls, whoever calls: nobody else would choose a pair (RFC 8445, 6.1.1)."""
    row.of("rtpengine", f"a call {direction} through it, {kind}: sound both ways")
    near: dict[str, Value] = {"ICE": "remove" if kind == "without ICE" else "force"}
    if kind == "ICE lite":
        near["ICE_lite"] = "forward"
    async with behind(near, tmp_path) as stage:
        await stage.call(direction)
        assert ("a=ice-lite" in stage.told) == (kind == "ICE lite")
        assert (stage.phone.route is not None) == (kind != "without ICE")
        row.measured(f"{stage.phone.statistics.packets_received} packets in")
        await stage.end()


async def test_a_proxy_ends_the_encryption(tmp_path: Path, row: Row) -> None:
    row.of("rtpengine", "a call out through it, encryption required: SRTP to it by SDES, plain RTP from there")
    near: dict[str, Value] = {"ICE": "remove", "transport_protocol": "RTP/SAVP"}
    async with behind(near, tmp_path, encryption="required") as stage:
        await stage.call(OUT)
        assert stage.phone.statistics.secured
        row.measured(f"{stage.phone.suite}, {stage.phone.statistics.packets_received} packets in")
        await stage.end()


@pytest.mark.parametrize("direction", [OUT, IN])
async def test_a_proxy_whose_rtcp_has_a_handshake_of_its_own(direction: str, tmp_path: Path, row: Row) -> None:
    """RTP and RTCP with a port and keys each (RFC 5764, 4.1), as it has them unless it is told otherwise."""
    row.of("rtpengine", f"a call {direction} through it, keys by DTLS: a handshake for RTP and one for RTCP")
    near: dict[str, Value] = {"ICE": "remove", "transport_protocol": "UDP/TLS/RTP/SAVP"}
    async with behind(near, tmp_path, encryption="required", key_exchange="dtls-sdes", mux=False) as stage:
        await stage.call(direction)
        assert "a=fingerprint" in stage.told
        assert "a=rtcp-mux" not in stage.told
        await stage.report()
        statistics = stage.phone.statistics
        assert statistics.secured
        assert statistics.srtp_refused < FEW
        reports = f"{statistics.packets_received} packets of RTP and {statistics.rtcp_received} of RTCP in"
        row.measured(f"{stage.phone.suite}, {reports}")
        await stage.end()


def with_another_fingerprint(sdp: str) -> str:
    """The same with the fingerprint of a certificate that nobody has."""
    return re.sub(r"(?m)^(a=fingerprint:\S+) .*$", r"\1 " + ":".join(["00"] * 32), sdp)


@pytest.mark.parametrize("encryption", ["required", "optional"])
async def test_a_proxy_that_shows_another_certificate(encryption: str, tmp_path: Path, row: Row) -> None:
    row.of("rtpengine", f"encryption {encryption}: another certificate than its fingerprint says ends the call")
    near: dict[str, Value] = {"ICE": "remove", "transport_protocol": "UDP/TLS/RTP/SAVP"}
    async with behind(
        near, tmp_path, encryption=encryption, key_exchange="dtls-sdes", forged=with_another_fingerprint
    ) as stage:
        row.measured(f"“{await stage.call_in_vain()}”, and nothing was sent")
