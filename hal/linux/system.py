"""The machine by sysfs, and its supervisor by sd_notify(3)."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from hal.errors import DeviceFailed, DeviceMissing
from hal.linux.supervisor import notify
from hal.status import DeviceStatus, Presence
from hal.steward import LARGEST_MESSAGE, SOCKET, Answer, Request, Verb
from hal.system import Identity, System

log = logging.getLogger("hal")

_ETHERNET = "1"
_SERIALS = ("firmware/devicetree/base/serial-number", "class/dmi/id/product_serial")
_MODELS = ("firmware/devicetree/base/model", "class/dmi/id/product_name")
_REVISIONS = (
    "firmware/devicetree/base/hardware-revision",
    "class/dmi/id/product_version",
    "class/dmi/id/board_version",
)
_NOTHING = {"", "none", "not specified", "default string", "system serial number", "to be filled by o.e.m."}
"""What makers of boards leave there."""
_STEWARD_PATIENCE_S = 30.0
"""It is a program that starts for the request, perhaps on a machine that is busy."""


class LinuxSystem(System):
    """The Linux back end. `environment` is the process's, `sysfs` is /sys; `model` is the board's, and wins."""

    def __init__(
        self,
        environment: Mapping[str, str],
        sysfs: Path = Path("/sys"),
        *,
        model: str = "",
        steward: Path = Path(SOCKET),
    ) -> None:
        self._sysfs = sysfs
        self._model = model
        self._steward = steward
        self._supervisor = environment.get("NOTIFY_SOCKET", "")
        self._untold = ""
        """What the supervisor must hear and was too busy for."""
        self._watchdog = _interval(environment)

    def identity(self) -> Identity:
        """By device tree or DMI; empty is what is not there or may not be read."""
        model = self._model or self._first(_MODELS)
        return Identity(model, self._first(_REVISIONS), self._first(_SERIALS), self._mac_address())

    async def ask(self, verb: Verb) -> None:
        """By the socket for which systemd starts the steward."""
        try:
            async with asyncio.timeout(_STEWARD_PATIENCE_S):
                answer = await self._converse(verb)
        except (OSError, TimeoutError, msgspec.MsgspecError) as error:
            log.warning("the steward was asked for %s: %s", verb, error)
            raise DeviceMissing(
                f"nobody here may do it for the phone ({error or 'no answer'})",
                "Look at ip270-steward.socket; on a computer, do it by the computer's own means.",
            ) from error
        if not answer.done:
            raise DeviceFailed(f"it was refused: {answer.reason}", "The journal of ip270-steward says more.")

    async def _converse(self, verb: Verb) -> Answer:
        reader, writer = await asyncio.open_unix_connection(self._steward, limit=LARGEST_MESSAGE)
        try:
            writer.write(msgspec.json.encode(Request(verb)) + b"\n")
            return msgspec.json.decode(await reader.read(LARGEST_MESSAGE), type=Answer)
        finally:
            writer.close()

    def _first(self, places: tuple[str, ...]) -> str:
        """The first of these files that says something."""
        for place in places:
            value = _read(self._sysfs / place).strip("\0 \n")
            if value.lower() not in _NOTHING:
                return value
        return ""

    def _mac_address(self) -> str:
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
        """READY=1, with the watchdog's next feed where the supervisor is too busy now."""
        self._untold = f"READY=1\nSTATUS={status}"
        self._notify(self._untold)

    def notify_stopping(self) -> None:
        """STOPPING=1."""
        self._untold = ""
        self._notify("STOPPING=1")

    def feed_watchdog(self) -> None:
        """WATCHDOG=1."""
        self._notify("\n".join(filter(None, (self._untold, "WATCHDOG=1"))))

    def status(self) -> DeviceStatus:
        """The identity the machine gives."""
        who = self.identity()
        model = f"{who.model or 'unknown model'}{who.revision and f', revision {who.revision}'}"
        text = f"{model}, MAC address {who.mac_address or 'none'}, serial number {who.serial or 'none'}"
        return DeviceStatus("system", Presence.PRESENT, text)

    def _notify(self, message: str) -> None:
        if not self._supervisor:
            return
        try:
            notify(self._supervisor, message)
        except OSError as error:
            log.warning("the supervisor cannot be told: %s", error)
        else:
            self._untold = ""


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
