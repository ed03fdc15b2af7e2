"""Finds the kernel's input devices by what they can do."""

from __future__ import annotations

import fcntl
import logging
import os
import struct
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import evdev

log = logging.getLogger("hal")

_EVIOCSCLOCKID = 0x40000000 | 4 << 16 | ord("E") << 8 | 0xA0  # _IOW('E', 0xa0, int), linux/input.h

Capabilities = Mapping[int, Sequence[int]]
"""Event codes by event type, as evdev tells them."""


class InputSearch:
    """Opens the devices whose capabilities are `wanted`. `unreadable` counts those that it may not read, last time.

    Their events have the seconds of CLOCK_MONOTONIC, so that a key is held as long as it is when the time is set.
    """

    def __init__(self, wanted: Callable[[Capabilities], bool]) -> None:
        self._wanted = wanted
        self.unreadable = 0

    def devices(self, known: Collection[str] = ()) -> Iterator[evdev.InputDevice[str]]:
        """Those there are now but for the `known` paths, in their order, opened; the caller closes them."""
        self.unreadable = 0
        for path in sorted(set(map(os.fsdecode, evdev.list_devices())) - set(known)):
            try:
                device = evdev.InputDevice(path)
                wanted = self._wanted(device.capabilities(absinfo=False))
            except PermissionError:
                self.unreadable += 1
                continue
            except OSError as error:
                log.debug("%s cannot be opened: %s", path, error)
                continue
            if wanted:
                _use_monotonic_clock(device)
                yield device
            else:
                device.close()


def _use_monotonic_clock(device: evdev.InputDevice[str]) -> None:
    try:
        fcntl.ioctl(device.fd, _EVIOCSCLOCKID, struct.pack("=i", time.CLOCK_MONOTONIC))
    except OSError as error:
        log.debug("the events of %s have the time of day: %s", device.path, error.strerror)
