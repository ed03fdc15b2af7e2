"""Reads one input device of the kernel, whichever has what is wanted, and takes it back when it went away."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Callable, Mapping

import evdev
from evdev import ecodes

from hal.linux.event_flow import EventFlow, Step
from hal.linux.input_search import Capabilities, InputSearch
from hal.linux.udev import UdevWatch
from hal.status import DeviceStatus, Presence

log = logging.getLogger("hal")

_SWITCH_BYTES = 8
_EVIOCGSW = 0x80000000 | _SWITCH_BYTES << 16 | ord("E") << 8 | 0x1B  # _IOR('E', 0x1b, char[8]), linux/input.h
_RETRY_S = 5.0
"""A device that does not answer, or is missing where udev says nothing, is looked for again after this time."""


class EvdevReader:
    """Finds, reads, loses and finds again. `kind` is for messages ("keypad").

    `wanted` chooses by capabilities. `moved` gets each EV_KEY and EV_SW event; `settled` gets
    the codes that are down by type, after opening, after an overrun (SYN_DROPPED), and with nothing down when the
    device is lost. All of it on the loop's thread.
    """

    def __init__(
        self,
        kind: str,
        wanted: Callable[[Capabilities], bool],
        moved: Callable[[evdev.InputEvent], None],
        settled: Callable[[Mapping[int, frozenset[int]]], None],
    ) -> None:
        self._kind = kind
        self._search = InputSearch(wanted)
        self._moved = moved
        self._settled = settled
        self._device: evdev.InputDevice[str] | None = None
        self._watch: UdevWatch | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._flow = EventFlow()

    def start(self) -> None:
        """Take the device, or wait for it; needs a running loop."""
        if self._watch is None:
            self._loop = asyncio.get_running_loop()
            self._watch = UdevWatch("input", self._look)
            self._look()

    def close(self) -> None:
        """Let go. May be called twice."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self._release()

    def status(self, advice: str) -> DeviceStatus:
        """What was found; `advice` is what to do where nothing was. Looks by itself when not started."""
        device = self._device if self._device is not None else self._find()
        if device is not None:
            found = DeviceStatus(self._kind, Presence.PRESENT, f"{device.name} ({os.fsdecode(device.path)})")
            if device is not self._device:
                device.close()
            return found
        if unreadable := self._search.unreadable:
            text = f"none found among the readable devices; {unreadable} more may not be read"
            return DeviceStatus(self._kind, Presence.MISSING, text, "Run as root or as a member of the group 'input'.")
        return DeviceStatus(self._kind, Presence.MISSING, "no input device has what it takes", advice)

    def _look(self) -> None:
        if self._device is not None or self._watch is None or self._loop is None:
            return
        self._device = self._find()
        if self._device is None:
            if self._watch.problem:
                self._look_later()
            return
        log.info("the %s is %s (%s)", self._kind, self._device.name, os.fsdecode(self._device.path))
        self._loop.add_reader(self._device.fd, self._read)
        self._settle()

    def _look_later(self) -> None:
        if self._loop is not None and self._watch is not None:
            if self._retry is not None:
                self._retry.cancel()
            self._retry = self._loop.call_later(_RETRY_S, self._look)

    def _find(self) -> evdev.InputDevice[str] | None:
        return next(self._search.devices(), None)

    def _read(self) -> None:
        device = self._device
        if device is None:
            return
        try:
            events = list(device.read())
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(error)
            self._look()
            return
        for event in events:
            self._take(event)

    def _take(self, event: evdev.InputEvent) -> None:
        match self._flow.step(event):
            case Step.EVENT if event.type in (ecodes.EV_KEY, ecodes.EV_SW):
                self._moved(event)
            case Step.ASK:
                self._settle()

    def _settle(self) -> None:
        device = self._device
        if device is None:
            return
        try:
            down = {ecodes.EV_KEY: frozenset(device.active_keys())}
            if ecodes.EV_SW in device.capabilities():
                down[ecodes.EV_SW] = _switches(device.fd)
        except OSError as error:  # it can go before it is asked
            self._lose(error)
            self._look_later()  # not at once: one that never answers must not be asked for ever
            return
        self._settled(down)

    def _lose(self, error: OSError) -> None:
        log.warning("the %s went away: %s", self._kind, error.strerror)
        self._release()
        self._settled({})

    def _release(self) -> None:
        if self._device is not None and self._loop is not None:
            self._loop.remove_reader(self._device.fd)
            self._device.close()
            self._device = None
            self._flow = EventFlow()


def _switches(descriptor: int) -> frozenset[int]:
    state = bytearray(_SWITCH_BYTES)
    try:
        fcntl.ioctl(descriptor, _EVIOCGSW, state)
    except OSError as error:
        log.warning("switches cannot be read: %s", error.strerror)
        return frozenset()
    return frozenset(code for code in range(8 * _SWITCH_BYTES) if state[code // 8] >> code % 8 & 1)
