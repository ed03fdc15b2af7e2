"""A call over a cable: the far end calls the phone without a PBX between them, and each sees the other's address."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from app.model.snapshot import CallState
from tests.interop.cable import Cable, cable
from tests.interop.phone import PhoneUnderTest
from tests.interop.sounds import PEER_HERTZ, write_tone
from tests.peers.peer import EventKind, Peer, PeerConfig

PORT = 15060


@contextlib.asynccontextmanager
async def cabled_call(kind: type[Peer], folder: Path, *, ice: bool) -> AsyncIterator[tuple[Cable, PhoneUnderTest]]:
    """The phone hears the far end, which is of this `kind`. Both or neither have ICE. Needs root."""
    said = write_tone(folder / "said.wav", PEER_HERTZ, 8000, 1)
    async with cable() as way:
        config = PeerConfig(
            user="28", domain=way.far, address=way.far, port=PORT, play=said, ice=ice, launch=way.launch
        )
        async with kind(config) as peer, PhoneUnderTest(folder, PORT, host=way.far, ice=ice) as phone:
            await phone.until(lambda _: phone.line.local_address == way.before)
            await peer.call(f"sip:27@{way.before}:{phone.port}")
            await phone.call_is(CallState.INCOMING)
            await phone.answer()
            await peer.expect(EventKind.ESTABLISHED)
            await phone.hears(PEER_HERTZ)
            yield way, phone
