"""The phone and a phone we did not write, registered at one Kamailio, and what both do in every call."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator
from pathlib import Path

from app.model.snapshot import CallState
from tests.interop.conftest import Trust, make_registrar
from tests.interop.partners import NUMBER, Partner
from tests.interop.phone import PhoneUnderTest
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.peers.kamailio import Kamailio
from tests.peers.peer import Answering, AudioCodec, EventKind, Peer, Transport

OUT, IN = "out", "in"


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two phones that can call each other."""

    phone: PhoneUnderTest
    partner: Partner
    phone_uri: str
    """Where the peer finds our phone."""

    @property
    def peer(self) -> Peer:
        """The phone we did not write."""
        return self.partner.peer

    async def call(self, direction: str) -> float:
        """Set a call up as far as both agree that it is on; returns how many milliseconds that took."""
        began = time.monotonic()
        if direction == OUT:
            await self.phone.dial(NUMBER)
            if self.peer.config.answering is Answering.MANUAL:
                await self.peer.expect(EventKind.INCOMING)
                await self.peer.answer()
        else:
            await self.peer.call(self.phone_uri)
            await self.phone.call_is(CallState.INCOMING)
            await self.phone.answer()
        await self.peer.expect(EventKind.ESTABLISHED)
        await self.phone.call_is(CallState.CONNECTED)
        return 1000 * (time.monotonic() - began)

    async def talk(self, row: Row) -> None:
        """Sound and digits, both ways; what the peer heard is told by its recording."""
        self.phone.say(PHONE_HERTZ)
        await self.phone.hears(PEER_HERTZ)
        await asyncio.gather(self.phone.send_digits("15#"), self.peer.send_dtmf("*2"))
        assert await self.phone.digits(2) == "*2"
        assert await self.peer.expect_digits(3) == "15#"
        await asyncio.sleep(0.4)
        quality = self.phone.quality()
        assert quality.packets_sent > 25
        assert quality.packets_received > 25
        row.measured(f"{quality.codec}, {quality.packets_sent} packets out, {quality.packets_received} in")

    async def finish(self, by: str) -> None:
        """One side hangs up, and both know: the phone (`OUT`) or the peer (`IN`)."""
        await (self.phone.hang_up() if by == OUT else self.peer.hang_up())
        await self.phone.no_call()
        await self.peer.expect(EventKind.CLOSED)


@contextlib.asynccontextmanager
async def registered_pair(
    kind: type[Peer],
    folder: Path,
    trust: Trust,
    *,
    codec: AudioCodec = AudioCodec.PCMU,
    transport: Transport = Transport.UDP,
    answering: Answering = Answering.AUTO,
    ring_seconds: float = 120,
    encryption: str = "optional",
    suites: tuple[str, ...] = (),
    ice: tuple[bool, bool] = (False, False),
    handshake: bool = False,
    keep_alive: int = 25,
    peer_seconds: float = 10.0,
) -> AsyncIterator[tuple[Pair, Kamailio]]:
    """Both at one Kamailio, over the same transport; the phone's `encryption` and the peer's `suites` for voice.

    `ice` says whether the phone and the peer have it; with `handshake` the peer wants keys by DTLS, and the phone likes
    that best.
    """
    async with make_registrar(folder, trust, "MD5", ring_seconds=ring_seconds) as kamailio:
        tls = transport is Transport.TLS
        port = kamailio.tls_port if tls else kamailio.port
        domain = f"{kamailio.address}:{port}"
        trusted = trust.file if tls else None
        partner = Partner(
            kind,
            folder,
            domain=domain,
            password=kamailio.password,
            transport=transport,
            codec=codec,
            answering=answering,
            trust=trusted,
            encryption=suites,
            ice=ice[1],
            handshake=handshake,
            seconds=peer_seconds,
        )
        phone = PhoneUnderTest(
            folder,
            port,
            password=kamailio.password,
            transport=transport,
            trust=trusted,
            encryption=encryption,
            ice=ice[0],
            keep_alive=keep_alive,
            key_exchange="dtls-sdes" if handshake else "sdes-dtls",
        )
        async with phone, partner.peer:
            await phone.registered()
            await partner.peer.register()
            yield Pair(phone, partner, f"sip:27@{domain}"), kamailio


@contextlib.asynccontextmanager
async def direct_pair(kind: type[Peer], folder: Path) -> AsyncIterator[Pair]:
    """No server at all: the phone takes the peer for its PBX. No peer registers it, so that it cannot dial."""
    partner = Partner(kind, folder)
    async with partner.peer as peer, PhoneUnderTest(folder, peer.config.port) as phone:
        yield Pair(phone, partner, f"sip:27@127.0.0.1:{phone.port}")
