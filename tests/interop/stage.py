"""A call between the phone and SIPp, with a voice made of a socket and a wire that can be disturbed."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

from app.model.snapshot import CallState
from tests.interop.phone import PhoneUnderTest
from tests.interop.script import Script, reply, sdp
from tests.interop.sounds import PEER_HERTZ
from tests.interop.tap import Tap
from tests.interop.voice import Voice
from tests.peers.kamailio import Kamailio
from tests.peers.peer import free_port
from tests.peers.sipp_peer import Sipp, SippConfig


def is_answer_to(data: bytes, method: str) -> bool:
    """Whether this is a 200 to such a request."""
    return data.startswith(b"SIP/2.0 200") and b" " + method.encode() + b"\r\n" in data


@dataclasses.dataclass(frozen=True)
class Stage:
    """The phone, the voice SIPp's sessions name, and the wire from whoever calls to whoever is called."""

    phone: PhoneUnderTest
    voice: Voice
    wire: Tap

    async def answered(self) -> None:
        """Answer what SIPp calls for, and let the voice speak."""
        await self.phone.call_is(CallState.INCOMING)
        await self.phone.answer()
        await self.phone.call_is(CallState.CONNECTED)
        self.voice.speak_to(self.phone.rtp_port)

    async def heard(self) -> None:
        """The call is on, and sound comes."""
        await self.phone.call_is(CallState.CONNECTED)
        self.voice.speak_to(self.phone.rtp_port)
        await self.phone.hears(PEER_HERTZ)

    async def phone_answered(self, method: str, times: int = 1) -> None:
        """Wait until the phone sent so many 200s to such requests."""
        await self.phone.until_true(lambda: sum(is_answer_to(data, method) for data in self.wire.received) >= times)

    async def ended(self) -> None:
        """The call is alive; then the phone ends it, so that no script has to guess how long a test takes."""
        await self.phone.hears(PEER_HERTZ)
        await self.phone.talks_on()
        await self.phone.hang_up()
        await self.phone.no_call()


@contextlib.asynccontextmanager
async def called_by(script: Script, folder: Path, kamailio: Kamailio, *, patient: bool = False) -> AsyncIterator[Stage]:
    """SIPp calls the phone, which is registered; at the end all must have gone as the script says."""
    async with PhoneUnderTest(folder, kamailio.port, password=kamailio.password) as phone, Voice() as voice:
        await phone.registered()
        async with Tap(("127.0.0.1", phone.port)) as wire:
            config = SippConfig(
                script.write(folder / "script.xml"),
                remote=f"127.0.0.1:{wire.port}",
                user="27",
                calls=1,
                media=voice.address,
                patient=patient,
                keys={"contact_port": str(wire.back_port)},
            )
            async with Sipp(config) as sipp:
                yield Stage(phone, voice, wire)
                await sipp.wait(10)


@contextlib.asynccontextmanager
async def calling(script: Script, folder: Path, encryption: str = "optional") -> AsyncIterator[Stage]:
    """The phone is registered at SIPp and may call it; at the end all must have gone as the script says."""
    port = free_port()
    async with Voice() as voice, Tap(("127.0.0.1", port)) as wire:
        config = SippConfig(
            script.write(folder / "script.xml"),
            port=port,
            calls=3,  # the registration, the call, and the registration taken back
            media=voice.address,
            keys={"contact_port": str(wire.port)},
        )
        async with Sipp(config) as sipp:
            async with PhoneUnderTest(folder, wire.port, encryption=encryption, messages=False) as phone:
                await phone.registered()
                yield Stage(phone, voice, wire)
            await sipp.wait(10)


@contextlib.asynccontextmanager
async def talking(folder: Path) -> AsyncIterator[Stage]:
    """A call is on and heard; it must be alive at the end, where the phone ends it."""
    script = Script(waits=True).expect("INVITE").send(reply(200, "OK", body=sdp()), again=True)
    async with calling(script.expect("ACK").until_bye(), folder) as stage:
        await stage.phone.dial("sipp")
        await stage.heard()
        yield stage
        await stage.ended()
