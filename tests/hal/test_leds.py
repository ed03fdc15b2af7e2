"""Lamps by files laid out as the kernel lays them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.leds import Led, LedState
from hal.linux.leds import SysfsLeds
from hal.status import Presence


@pytest.fixture
def lamp(tmp_path: Path) -> Path:
    folder = tmp_path / "phone:red:mute"
    folder.mkdir()
    for name, value in (("brightness", "0"), ("max_brightness", "255"), ("trigger", "none")):
        (folder / name).write_text(value)
    return folder


@pytest.fixture
def leds(lamp: Path) -> SysfsLeds:
    return SysfsLeds({Led.MUTE: lamp.name}, lamp.parent)


def test_on_is_the_lamps_own_full_brightness(leds: SysfsLeds, lamp: Path) -> None:
    leds.show(Led.MUTE, LedState.ON)
    assert (lamp / "brightness").read_text() == "255"
    leds.show(Led.MUTE, LedState.OFF)
    assert (lamp / "brightness").read_text() == "0"


def test_blinking_is_the_kernels_timer(leds: SysfsLeds, lamp: Path) -> None:
    leds.show(Led.MUTE, LedState.BLINK)
    assert (lamp / "trigger").read_text() == "timer"
    assert not (lamp / "delay_on").exists()
    leds.show(Led.MUTE, LedState.ON)
    assert (lamp / "trigger").read_text() == "none"


def test_the_same_state_is_written_once(leds: SysfsLeds, lamp: Path) -> None:
    leds.show(Led.MUTE, LedState.ON)
    (lamp / "brightness").write_text("7")
    leds.show(Led.MUTE, LedState.ON)
    assert (lamp / "brightness").read_text() == "7"


def test_closing_puts_them_out(leds: SysfsLeds, lamp: Path) -> None:
    leds.show(Led.MUTE, LedState.ON)
    leds.close()
    assert (lamp / "brightness").read_text() == "0"


def test_a_lamp_that_is_not_there_is_logged_once_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    leds = SysfsLeds({Led.RING: "absent"}, tmp_path)
    leds.show(Led.RING, LedState.ON)
    leds.show(Led.RING, LedState.OFF)
    leds.show(Led.MESSAGE, LedState.ON)
    assert caplog.text.count("cannot be set") == 1
    assert leds.status().presence is Presence.MISSING
    assert "ring" in leds.status().text
