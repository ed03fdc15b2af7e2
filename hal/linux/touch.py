"""A touch panel, or a tablet or mouse with absolute places, as an input device of the kernel.

Single touch by ABS_X, ABS_Y and BTN_TOUCH or BTN_LEFT; of several fingers the first one counts, which is what
ABS_X and ABS_Y follow for devices of protocol B too (the kernel's Documentation/input/multi-touch-protocol).
"""

from __future__ import annotations

import dataclasses
import logging
import os
import select

import evdev
from evdev import ecodes

from hal.linux.udev import UdevWatch

log = logging.getLogger("hal")

_BUTTONS = (ecodes.BTN_TOUCH, ecodes.BTN_LEFT)


@dataclasses.dataclass(frozen=True)
class TouchMove:
    """A finger at `x` and `y`, each from 0.0 (left, top) to 1.0; `phase` is down, move or up."""

    phase: str
    x: float
    y: float


class TouchPanel:
    """Reads all such devices, also those that come later. Main thread of the kiosk."""

    def __init__(self) -> None:
        self._fingers: dict[int, _Finger] = {}
        self._any = select.epoll()
        self._watch: UdevWatch | None = None

    @property
    def descriptor(self) -> int:
        """Becomes readable when `moves` has something."""
        return self._any.fileno()

    def start(self) -> None:
        """Look now, and whenever a device comes; needs a running loop."""
        if self._watch is None:
            self._watch = UdevWatch("input", self._look)
            self._look()

    def close(self) -> None:
        """Let go of every device. May be called twice."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        for finger in self._fingers.values():
            finger.device.close()
        self._fingers.clear()
        self._any.close()

    def moves(self) -> list[TouchMove]:
        """What happened since the last call."""
        found: list[TouchMove] = []
        for descriptor, finger in list(self._fingers.items()):
            try:
                for event in finger.device.read():
                    found += finger.take(event)
            except BlockingIOError:
                continue
            except OSError as error:
                log.warning("%s went away: %s", finger.device.name, error.strerror)
                found += finger.lifted()
                del self._fingers[descriptor]
                self._any.unregister(descriptor)
                finger.device.close()
        return found

    def _look(self) -> None:
        known = {os.fsdecode(finger.device.path) for finger in self._fingers.values()}
        for path in sorted(set(map(os.fsdecode, evdev.list_devices())) - known):
            try:
                device = evdev.InputDevice(path)
            except OSError as error:
                log.debug("%s cannot be opened: %s", path, error)
                continue
            finger = _Finger.of(device)
            if finger is None:
                device.close()
                continue
            log.info("the touch panel is %s (%s)", device.name, path)
            self._fingers[device.fd] = finger
            self._any.register(device.fd, select.EPOLLIN)


class _Finger:
    """One device's finger, told whole at each SYN_REPORT."""

    def __init__(self, device: evdev.InputDevice[str], across: evdev.AbsInfo, along: evdev.AbsInfo) -> None:
        self.device = device
        self._across, self._along = across, along
        self._x, self._y = across.value, along.value
        self._down = self._was_down = False
        self._moved = False

    @classmethod
    def of(cls, device: evdev.InputDevice[str]) -> _Finger | None:
        """None for a device that is none."""
        capabilities = device.capabilities(absinfo=False)
        keys, axes = capabilities.get(ecodes.EV_KEY, []), capabilities.get(ecodes.EV_ABS, [])
        if not set(_BUTTONS) & set(keys) or not {ecodes.ABS_X, ecodes.ABS_Y} <= set(axes):
            return None
        across, along = device.absinfo(ecodes.ABS_X), device.absinfo(ecodes.ABS_Y)
        return cls(device, across, along) if across.max > across.min and along.max > along.min else None

    def take(self, event: evdev.InputEvent) -> list[TouchMove]:
        """One event; the moves it completes."""
        if event.type == ecodes.EV_ABS and event.code == ecodes.ABS_X:
            self._x, self._moved = event.value, True
        elif event.type == ecodes.EV_ABS and event.code == ecodes.ABS_Y:
            self._y, self._moved = event.value, True
        elif event.type == ecodes.EV_KEY and event.code in _BUTTONS:
            self._down = bool(event.value)
        elif event.type == ecodes.EV_SYN and event.code == ecodes.SYN_REPORT:
            return self._report()
        elif event.type == ecodes.EV_SYN and event.code == ecodes.SYN_DROPPED:
            self._down = bool(set(self.device.active_keys()) & set(_BUTTONS))
        return []

    def lifted(self) -> list[TouchMove]:
        """The device is gone, and so is the finger."""
        self._down = False
        return self._report()

    def _report(self) -> list[TouchMove]:
        if self._down != self._was_down:
            phase = "down" if self._down else "up"
        elif self._down and self._moved:
            phase = "move"
        else:
            phase = ""
        self._was_down, self._moved = self._down, False
        return [TouchMove(phase, *self._place())] if phase else []

    def _place(self) -> tuple[float, float]:
        return (
            (self._x - self._across.min) / (self._across.max - self._across.min),
            (self._y - self._along.min) / (self._along.max - self._along.min),
        )
