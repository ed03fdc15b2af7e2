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
        """The board's panel, with the presenter that reaches it here: a window system's, else the kernel's."""
        return msgspec.structs.replace(self._wanted, presenter=self._where()[0])

    def status(self) -> DeviceStatus:
        """Where the kiosk will be seen."""
        size = f"{self._wanted.width} by {self._wanted.height} at {self._wanted.dpi:g} dpi"
        if self._wanted.presenter is PresenterKind.MEMORY:
            return DeviceStatus("display", Presence.PRESENT, f"in memory only, {size}")
        kind, where = self._where()
        if kind is not PresenterKind.MEMORY:
            return DeviceStatus("display", Presence.PRESENT, f"{size}, by {where}")
        return DeviceStatus(
            "display",
            Presence.MISSING,
            "no window system and no panel; the kiosk draws into memory",
            "Start the phone from a desktop session (DISPLAY or WAYLAND_DISPLAY set), or connect a panel.",
        )

    def _where(self) -> tuple[PresenterKind, str]:
        """The presenter, and in words what it draws by."""
        if self._wanted.presenter is PresenterKind.MEMORY:
            return PresenterKind.MEMORY, ""
        if self._environment.get("WAYLAND_DISPLAY"):
            return PresenterKind.WINDOW, "Wayland"
        if self._environment.get("DISPLAY"):
            return PresenterKind.WINDOW, f"X11 on {self._environment['DISPLAY']}"
        if any(self._devices.glob("dri/card*")):
            return PresenterKind.PANEL, "KMS"
        return PresenterKind.MEMORY, ""
