"""How the phone rings for what a PBX writes into Alert-Info, heard at its simulated ringer."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model.snapshot import CallState
from tests.interop.row import Row
from tests.interop.script import Script, request, sdp
from tests.interop.stage import called_by
from tests.peers.kamailio import Kamailio

pytestmark = pytest.mark.interop


@pytest.mark.parametrize(
    ("alert", "tone"),
    [
        ("<urn:alert:source:internal>", "chime"),
        ("<http://127.0.0.1/absent.wav>;info=alert-group", "pulse"),
    ],
)
async def test_the_pbx_chooses_the_ring_tone(
    alert: str, tone: str, tmp_path: Path, registrar: Kamailio, row: Row
) -> None:
    row.of("sipp", f"a call with Alert-Info: {alert} rings with its own tone, and nothing is fetched")
    invite = request("INVITE", 1, f"Alert-Info: {alert}", body=sdp())
    script = Script().send(invite, again=True).ringing().expect(200).send(request("ACK", 1))
    async with called_by(script.until_bye(), tmp_path, registrar) as stage:
        await stage.phone.call_is(CallState.INCOMING)
        assert await stage.phone.ring_tone() == tone
        await stage.answered()
        await stage.ended()
    row.measured(f"'{tone}' heard at the ringer")
