"""Word from udev that devices came or went."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pyudev

log = logging.getLogger("hal")

_SETTLE_S = 0.1
"""One plug is a burst of events, the last of which makes the device usable."""
_READS_AT_ONCE = 64
"""Events taken before other work of the loop has its turn."""
_LONGEST_TEXT = 64
"""A USB device may call itself by 126 characters, any it likes; nobody reads as many."""


def text_of(device: pyudev.Device | None, attribute: str) -> str:
    """An attribute of a device, as one short line that can be shown; empty where there is none."""
    value = None if device is None else device.attributes.get(attribute)
    words = "" if value is None else value.decode(errors="replace")
    return "".join(each if each.isprintable() else " " for each in words).strip()[:_LONGEST_TEXT]


class UdevWatch:
    """Calls `changed` on the loop's thread, once for each burst of events of a subsystem.

    Where the kernel tells nothing (a container without udev), `problem` says so and `changed` is never called.
    """

    def __init__(self, subsystem: str, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self.problem = ""
        self._monitor: pyudev.Monitor | None = None
        try:
            monitor = pyudev.Monitor.from_netlink(pyudev.Context())
            monitor.filter_by(subsystem)
            monitor.start()
            self._loop.add_reader(monitor.fileno(), self._read)
        except (OSError, ImportError) as error:
            self.problem = f"devices that are plugged in later are not noticed: {error}"
            log.warning("%s: %s", subsystem, self.problem)
        else:
            self._monitor = monitor

    def close(self) -> None:
        """Stop watching. May be called twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._monitor is not None:
            self._loop.remove_reader(self._monitor.fileno())
            self._monitor = None

    def _read(self) -> None:
        for _ in range(_READS_AT_ONCE):
            if self._monitor is None:
                return
            try:
                device = self._monitor.poll(0)
            except OSError as error:  # more came at once than the kernel keeps for us; a look shows what it was
                log.warning("word of udev was lost: %s", error.strerror)
                self._settle()
                return
            if device is None:
                return
            log.debug("udev: %s %s", device.action, device.sys_path)
            self._settle()

    def _settle(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(_SETTLE_S, self._settled)

    def _settled(self) -> None:
        self._timer = None
        self._changed()
