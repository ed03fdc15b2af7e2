"""The machine by sysfs, and its supervisor by sd_notify(3)."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from hal.linux.supervisor import notify
from hal.status import DeviceStatus, Presence
from hal.system import System

log = logging.getLogger("hal")

_ETHERNET = "1"
_SERIALS = ("firmware/devicetree/base/serial-number", "class/dmi/id/product_serial")
_NO_SERIALS = {"", "none", "not specified", "default string", "system serial number", "to be filled by o.e.m."}


class LinuxSystem(System):
    """The Linux back end. `environment` is the process's, `sysfs` is /sys."""

    def __init__(self, environment: Mapping[str, str], sysfs: Path = Path("/sys")) -> None:
        self._sysfs = sysfs
        self._supervisor = environment.get("NOTIFY_SOCKET", "")
        self._watchdog = _interval(environment)

    def serial(self) -> str:
        """By device tree or DMI; empty where there is none or it may not be read."""
        for place in _SERIALS:
            value = _read(self._sysfs / place).strip("\0 \n")
            if value.lower() not in _NO_SERIALS:
                return value
        return ""

    def mac_address(self) -> str:
        """That of the first interface with hardware behind it, else of the first Ethernet-like one."""
        folders = sorted((self._sysfs / "class/net").glob("*"))
        wired = [folder for folder in folders if _read(folder / "type") == _ETHERNET]
        wired.sort(key=lambda folder: not (folder / "device").exists())
        return _read(wired[0] / "address").replace(":", "").lower() if wired else ""

    @property
    def watchdog_interval(self) -> float | None:
        """Half of what the supervisor waits, as sd_watchdog_enabled(3) advises."""
        return self._watchdog

    def notify_ready(self, status: str) -> None:
        """READY=1."""
        self._notify(f"READY=1\nSTATUS={status}")

    def notify_stopping(self) -> None:
        """STOPPING=1."""
        self._notify("STOPPING=1")

    def feed_watchdog(self) -> None:
        """WATCHDOG=1."""
        self._notify("WATCHDOG=1")

    def status(self) -> DeviceStatus:
        """The identity the machine gives."""
        mac, serial = self.mac_address() or "none", self.serial() or "none"
        return DeviceStatus("system", Presence.PRESENT, f"MAC address {mac}, serial number {serial}")

    def _notify(self, message: str) -> None:
        if not self._supervisor:
            return
        try:
            notify(self._supervisor, message)
        except OSError as error:
            log.warning("the supervisor cannot be told: %s", error)


def _interval(environment: Mapping[str, str]) -> float | None:
    microseconds, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or int(microseconds) == 0 or process not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 2_000_000


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
