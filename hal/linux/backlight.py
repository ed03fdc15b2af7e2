"""The light behind the display by the kernel's backlight class (Documentation/ABI/stable/sysfs-class-backlight)."""

from __future__ import annotations

import logging
from pathlib import Path

from hal.backlight import Backlight
from hal.status import DeviceStatus, Presence

log = logging.getLogger("hal")

_ON, _OFF = 0, 4  # FB_BLANK_UNBLANK, FB_BLANK_POWERDOWN of linux/fb.h
_KINDS = ("firmware", "platform", "raw")
"""The kernel's advice: take the one whose maker knows the machine best."""


class SysfsBacklight(Backlight):
    """The Linux back end: the best light under `root`, looked for each time, because a panel's driver may come late."""

    def __init__(self, root: Path = Path("/sys/class/backlight")) -> None:
        self._root = root
        self._failed = False

    @property
    def present(self) -> bool:
        """Whether the kernel shows one."""
        return self._folder() is not None

    def shine(self, percent: int) -> None:
        """Write to sysfs, which takes microseconds. Whatever is not 0 shines a little at least."""
        folder = self._folder()
        if folder is None:
            return
        try:
            most = int((folder / "max_brightness").read_text())
            level = 0 if percent == 0 else max(1, round(most * min(percent, 100) / 100))
            (folder / "brightness").write_text(str(level))
            if (folder / "bl_power").exists():
                (folder / "bl_power").write_text(str(_ON if level else _OFF))
        except (OSError, ValueError) as error:
            if not self._failed:
                log.warning("the backlight cannot be set: %s", error)
            self._failed = True
            return
        self._failed = False

    def status(self) -> DeviceStatus:
        """Which light it is, and how it shines."""
        folder = self._folder()
        if folder is None:
            advice = "Check that the panel's driver is in the kernel: `ls /sys/class/backlight`."
            return DeviceStatus("backlight", Presence.MISSING, "the kernel shows none", advice)
        try:
            level, most = (int((folder / name).read_text()) for name in ("brightness", "max_brightness"))
        except (OSError, ValueError) as error:
            return DeviceStatus("backlight", Presence.FAILED, f"{folder.name}: {error}", "Look at the kernel's log.")
        return DeviceStatus("backlight", Presence.PRESENT, f"{folder.name}, {level} of {most}")

    def _folder(self) -> Path | None:
        return min(self._root.glob("*"), key=_rank, default=None)


def _rank(folder: Path) -> tuple[int, str]:
    try:
        return _KINDS.index((folder / "type").read_text().strip()), folder.name
    except (OSError, ValueError):
        return len(_KINDS), folder.name
