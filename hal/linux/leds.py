"""Lamps by the kernel's LED class (Documentation/leds/leds-class.rst)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from hal.leds import Led, Leds, LedState
from hal.status import DeviceStatus, Presence

log = logging.getLogger("hal")


class SysfsLeds(Leds):
    """The Linux back end. `names` are the board's lamps under /sys/class/leds; `root` is where that folder is."""

    def __init__(self, names: Mapping[Led, str], root: Path = Path("/sys/class/leds")) -> None:
        self._folders = {led: root / name for led, name in names.items()}
        self._shown: dict[Led, LedState] = {}
        self._failed: set[Led] = set()

    def show(self, led: Led, state: LedState) -> None:
        """Write to sysfs, which takes microseconds; what is shown already is not written again."""
        folder = self._folders.get(led)
        if folder is None or self._shown.get(led) is state:
            return
        try:
            _write(folder, state)
        except OSError as error:
            if led not in self._failed:
                log.warning("the lamp for %s cannot be set: %s", led, error)
            self._failed.add(led)
            return
        self._failed.discard(led)
        self._shown[led] = state

    def status(self) -> DeviceStatus:
        """Which of the board's lamps are there."""
        missing = sorted(led for led, folder in self._folders.items() if not (folder / "brightness").exists())
        if missing:
            text = f"no lamp for {', '.join(missing)}"
            return DeviceStatus("lamps", Presence.MISSING, text, "Check the board's [leds] against /sys/class/leds.")
        return DeviceStatus("lamps", Presence.PRESENT, ", ".join(sorted(self._folders)) or "the board has none")

    def close(self) -> None:
        """All lamps off."""
        for led in self._folders:
            self.show(led, LedState.OFF)


def _write(folder: Path, state: LedState) -> None:
    if state is LedState.BLINK:
        # Half a second on and half a second off is the kernel's own; the files to change that come with the trigger
        # and belong to root.
        (folder / "trigger").write_text("timer")
        return
    (folder / "trigger").write_text("none")
    (folder / "brightness").write_text((folder / "max_brightness").read_text() if state is LedState.ON else "0")
