"""The display of a Linux machine: a desktop's window system, or a panel the kernel drives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from hal.display import Display, DisplayFacts, PresenterKind
from hal.status import DeviceStatus, Presence


class LinuxDisplay(Display):
    """The Linux back end. `wanted` is the board's panel, `environment` that of the process, `devices` is /dev."""

    def __init__(self, wanted: DisplayFacts, environment: Mapping[str, str], devices: Path = Path("/dev")) -> None:
        self._wanted = wanted
        self._environment = environment
        self._devices = devices

    def facts(self) -> DisplayFacts:
        """The board's panel; its presenter is MEMORY where no window can be opened."""
        if self._wanted.presenter is PresenterKind.WINDOW and not self._where():
            return msgspec.structs.replace(self._wanted, presenter=PresenterKind.MEMORY)
        return self._wanted

    def status(self) -> DeviceStatus:
        """Where the kiosk will be seen."""
        size = f"{self._wanted.width} by {self._wanted.height} at {self._wanted.dpi:g} dpi"
        if self._wanted.presenter is PresenterKind.MEMORY:
            return DeviceStatus("display", Presence.PRESENT, f"in memory only, {size}")
        where = self._where()
        if where:
            return DeviceStatus("display", Presence.PRESENT, f"{size}, by {where}")
        return DeviceStatus(
            "display",
            Presence.MISSING,
            "no window system and no panel; the kiosk draws into memory",
            "Start the phone from a desktop session (DISPLAY or WAYLAND_DISPLAY set), or connect a panel.",
        )

    def _where(self) -> str:
        if self._environment.get("WAYLAND_DISPLAY"):
            return "Wayland"
        if self._environment.get("DISPLAY"):
            return f"X11 on {self._environment['DISPLAY']}"
        return "KMS" if any(self._devices.glob("dri/card*")) else ""
