"""What the lamps say of the voice, whoever has it."""

from __future__ import annotations

import msgspec
import pytest

from app.kiosk.samples import IDLE, IN_CALL
from app.main.lamps import Lamps
from app.model.media import AudioPath
from app.model.services import LineServices, Messages
from app.model.snapshot import AudioView, Snapshot
from hal.leds import Led, LedState
from hal.sim.leds import SimulatedLeds

APP = msgspec.structs.replace(IDLE, app_party="Front door")


def lit(snapshot: Snapshot) -> set[Led]:
    leds = SimulatedLeds()
    Lamps(leds).show(snapshot)
    return {led for led in (Led.MUTE, Led.SPEAKER) if leds.states[led] is LedState.ON}


@pytest.mark.parametrize("talking", [IN_CALL, APP])
def test_the_voice_on_the_loudspeaker_and_a_closed_microphone(talking: Snapshot) -> None:
    audio = AudioView(path=AudioPath.SPEAKER, muted=True)
    assert lit(msgspec.structs.replace(talking, audio=audio)) == {Led.MUTE, Led.SPEAKER}


def test_the_message_lamp_is_lit_while_messages_wait() -> None:
    leds = SimulatedLeds()
    quiet = msgspec.structs.replace(IDLE, missed=0)
    Lamps(leds).show(quiet)
    assert leds.states[Led.MESSAGE] is LedState.OFF
    services = LineServices(messages=Messages(waiting=True, new=2))
    line = msgspec.structs.replace(quiet.lines[0], services=services)
    Lamps(leds).show(msgspec.structs.replace(quiet, lines=(line,)))
    assert leds.states[Led.MESSAGE] is LedState.ON


def test_nobody_talks() -> None:
    assert lit(msgspec.structs.replace(IDLE, audio=AudioView(path=AudioPath.SPEAKER, muted=True))) == set()
