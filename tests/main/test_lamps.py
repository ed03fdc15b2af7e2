"""What the lamps say of the voice, whoever has it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app.kiosk.samples import IDLE, IN_CALL
from app.main.lamps import Lamps
from app.model.media import AudioPath
from app.model.services import LineServices, Messages
from app.model.snapshot import AudioView, Snapshot
from hal.leds import Led, LedState
from hal.linux.leds import SysfsLeds
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


def test_what_a_crashed_phone_left_lit_is_put_out(tmp_path: Path) -> None:
    brightness = lamp(tmp_path, lit="255")
    Lamps(SysfsLeds({Led.MUTE: "mute"}, tmp_path)).show(IDLE)
    assert brightness.read_text() == "0"


def test_a_lamp_that_comes_late_is_lit(tmp_path: Path) -> None:
    lamps, missed = Lamps(SysfsLeds({Led.MESSAGE: "mute"}, tmp_path)), msgspec.structs.replace(IDLE, missed=1)
    lamps.show(missed)
    brightness = lamp(tmp_path, lit="0")
    lamps.show(missed)
    assert brightness.read_text() == "255"


def lamp(folder: Path, *, lit: str) -> Path:
    """One of the LED class; its brightness."""
    (folder / "mute").mkdir()
    for name, value in (("brightness", lit), ("max_brightness", "255"), ("trigger", "none")):
        (folder / "mute" / name).write_text(value)
    return folder / "mute" / "brightness"
