"""The light behind the display, in a tree as sysfs has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.linux.backlight import SysfsBacklight
from hal.sim.backlight import SimulatedBacklight
from hal.status import Presence


def light(root: Path, name: str = "panel", *, kind: str = "raw", most: int = 255, power: bool = True) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    for file, text in (("max_brightness", str(most)), ("brightness", str(most)), ("type", kind)):
        (folder / file).write_text(f"{text}\n")
    if power:
        (folder / "bl_power").write_text("0\n")
    return folder


@pytest.mark.parametrize(("percent", "level", "power"), [(100, "255", "0"), (50, "128", "0"), (0, "0", "4")])
def test_it_shines_by_percent_and_is_switched_off(tmp_path: Path, percent: int, level: str, power: str) -> None:
    folder = light(tmp_path)
    SysfsBacklight(tmp_path).shine(percent)
    assert ((folder / "brightness").read_text(), (folder / "bl_power").read_text()) == (level, power)


def test_the_least_light_is_still_one(tmp_path: Path) -> None:
    folder = light(tmp_path, most=7, power=False)
    SysfsBacklight(tmp_path).shine(1)
    assert (folder / "brightness").read_text() == "1"
    assert not (folder / "bl_power").exists()


def test_the_makers_own_interface_is_taken(tmp_path: Path) -> None:
    raw, firmware = light(tmp_path, "a"), light(tmp_path, "b", kind="firmware")
    SysfsBacklight(tmp_path).shine(20)
    assert (raw / "brightness").read_text() == "255\n"
    assert (firmware / "brightness").read_text() == "51"
    assert SysfsBacklight(tmp_path).status().text == "b, 51 of 255"


def test_a_panel_whose_driver_comes_late(tmp_path: Path) -> None:
    backlight = SysfsBacklight(tmp_path)
    backlight.shine(50)
    assert (backlight.status().presence, backlight.present) == (Presence.MISSING, False)
    folder = light(tmp_path)
    assert backlight.present
    backlight.shine(50)
    assert (folder / "brightness").read_text() == "128"


def test_a_light_that_fails_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (light(tmp_path) / "max_brightness").write_text("bright\n")
    backlight = SysfsBacklight(tmp_path)
    backlight.shine(50)
    backlight.shine(60)
    assert caplog.text.count("cannot be set") == 1
    assert backlight.status().presence is Presence.FAILED


def test_a_simulated_light_remembers() -> None:
    backlight = SimulatedBacklight()
    for percent in (30, 30, 0):
        backlight.shine(percent)
    assert list(backlight.history) == [30, 0]
    assert backlight.status().text == "at 0 %"
