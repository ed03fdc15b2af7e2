"""Everything that is pressed at the panel, by the kernel's input devices."""

from __future__ import annotations

import logging
import os
import select
from typing import TYPE_CHECKING

import evdev

from hal.linux.input_kinds import is_glass, is_keyboard
from hal.linux.input_search import Capabilities, InputSearch
from hal.linux.touch import Finger, finger_on
from hal.linux.udev import UdevWatch
from hal.panel_input import DEFAULT_LAYOUT, PanelEvent, PanelInput
from hal.status import DeviceStatus, Presence

if TYPE_CHECKING:
    from hal.linux.keyboard import Keyboard

log = logging.getLogger("hal")

MOST_DEVICES = 16
"""At once; a hub may carry more than anybody has hands."""
_GLASS, _KEYBOARD = "touch panel", "keyboard"


class LinuxPanelInput(PanelInput):
    """The Linux back end. What floods is read a bufferful (64 events) at a time, after everybody else's."""

    def __init__(self) -> None:
        self._search = InputSearch(_wanted)
        self._open: dict[int, tuple[evdev.InputDevice[str], Finger | Keyboard]] = {}
        self._keyboards: dict[int, Keyboard] = {}
        self._any = select.epoll()
        self.descriptor = self._any.fileno()
        self._watch: UdevWatch | None = None
        self._layout = DEFAULT_LAYOUT

    def start(self) -> None:
        """Look now, and whenever a device comes; needs a running loop."""
        if self._watch is None:
            self._watch = UdevWatch("input", self._look)
            self._look()

    def events(self) -> list[PanelEvent]:
        """What happened since the last call."""
        found: list[PanelEvent] = []
        for descriptor, (device, reader) in list(self._open.items()):
            try:
                for event in device.read():
                    found += reader.take(event)
            except BlockingIOError:
                continue
            except OSError as error:
                log.warning("%s went away: %s", device.name, error.strerror)
                found += reader.lifted()
                self._forget(descriptor)
                self._look()  # it may have come back under the same name already
        return found

    def use_layout(self, layout: str) -> None:
        """Have the keyboards write by this layout, those of later too."""
        if layout != self._layout:
            self._layout = layout
            for keyboard in self._keyboards.values():
                keyboard.use_layout(layout)

    def status(self) -> tuple[DeviceStatus, ...]:
        """Glass and keyboards, as they are now; looks by itself, and takes nothing."""
        rows = []
        for device in self._search.devices():
            kind = _GLASS if is_glass(device.capabilities(absinfo=False)) else _KEYBOARD
            rows.append(DeviceStatus(kind, Presence.PRESENT, f"{device.name} ({os.fsdecode(device.path)})"))
            device.close()
        if not any(row.kind == _GLASS for row in rows):
            unreadable = self._search.unreadable
            advice = "Check that the panel's driver is in the kernel: `cat /proc/bus/input/devices`."
            text = f"none found; {unreadable} input devices may not be read" if unreadable else "none found"
            rows.append(DeviceStatus(_GLASS, Presence.MISSING, text, advice))
        return tuple(rows)

    def close(self) -> None:
        """Let go of every device. May be called twice."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        for descriptor in list(self._open):
            self._forget(descriptor)
        self._any.close()

    def _look(self) -> None:
        known = {os.fsdecode(device.path) for device, _ in self._open.values()}
        for device in self._search.devices(known):
            try:
                reader = self._reader(device)
            except OSError as error:  # it went while it was looked at
                log.debug("%s cannot be used: %s", device.path, error)
                reader = None
            if reader is None:
                device.close()
                continue
            log.info("at the panel: %s (%s)", device.name, os.fsdecode(device.path))
            self._open[device.fd] = (device, reader)
            self._any.register(device.fd, select.EPOLLIN)

    def _reader(self, device: evdev.InputDevice[str]) -> Finger | Keyboard | None:
        if len(self._open) >= MOST_DEVICES:
            log.warning("%s is not used: %d input devices are already", device.name, MOST_DEVICES)
            return None
        if is_glass(device.capabilities(absinfo=False)):
            return finger_on(device)
        from hal.linux.keyboard import Keyboard  # libxkbcommon is loaded for those alone who have one

        keyboard = self._keyboards[device.fd] = Keyboard(device, self._layout)
        return keyboard

    def _forget(self, descriptor: int) -> None:
        device, _ = self._open.pop(descriptor)
        self._keyboards.pop(descriptor, None)
        self._any.unregister(descriptor)
        device.close()


def _wanted(capabilities: Capabilities) -> bool:
    return is_glass(capabilities) or is_keyboard(capabilities)
