"""A finger on a touch panel, or a tablet or mouse with absolute places, by the events of an input device.

With several fingers the first one counts until it is lifted, and the others never do. Devices that tell each contact
in a slot of its own (protocol B of the kernel's Documentation/input/multi-touch-protocol.rst) are read so: what the
kernel makes of them for readers of one finger jumps to the second when the first is lifted.
"""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Sequence
from typing import Protocol

import evdev
import msgspec
from evdev import ecodes

from hal.linux.event_flow import EventFlow, Step
from hal.linux.input_kinds import BUTTONS, SLOTS
from hal.panel_input import TouchMove

MOST_SLOTS = 32
"""More contacts than anybody has fingers."""

_NOBODY = -1


def finger_on(device: evdev.InputDevice[str]) -> Finger | None:
    """Whoever reads this glass; None where its places have no extent."""
    slots = set(device.capabilities(absinfo=False).get(ecodes.EV_ABS, ())) >= SLOTS
    x, y = (ecodes.ABS_MT_POSITION_X, ecodes.ABS_MT_POSITION_Y) if slots else (ecodes.ABS_X, ecodes.ABS_Y)
    extent = _Extent(device.absinfo(x), device.absinfo(y))
    if not extent.usable:
        return None
    return Finger(_Contacts(device) if slots else _Pointer(device), extent)


class _Point(msgspec.Struct, frozen=True):
    """A contact as a device tells it: which one it is, and where."""

    contact: int
    x: int
    y: int


class _Extent(msgspec.Struct, frozen=True):
    across: evdev.AbsInfo
    along: evdev.AbsInfo

    @property
    def usable(self) -> bool:
        return self.across.max > self.across.min and self.along.max > self.along.min

    def part(self, point: _Point) -> tuple[float, float]:
        """Where a point is, as parts of the whole; what lies outside is at the edge."""
        x = (point.x - self.across.min) / (self.across.max - self.across.min)
        y = (point.y - self.along.min) / (self.along.max - self.along.min)
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)


class _Glass(Protocol):
    """What touches the glass now."""

    def take(self, event: evdev.InputEvent) -> None:
        """An event within a report."""

    def read_anew(self) -> None:
        """Ask the kernel for everything, since events were lost."""

    def points(self) -> Sequence[_Point]:
        """All contacts, those that came first before the others."""


class Finger:
    """Follows one contact, told whole at each report."""

    def __init__(self, glass: _Glass, extent: _Extent) -> None:
        self._glass = glass
        self._extent = extent
        self._known = {point.contact for point in glass.points()}  # who lay there before means nothing
        self._followed: _Point | None = None
        self._flow = EventFlow()

    def take(self, event: evdev.InputEvent) -> list[TouchMove]:
        """One event; the moves it completes. Raises OSError where the device is gone and was to be asked."""
        match self._flow.step(event):
            case Step.EVENT:
                self._glass.take(event)
                return []
            case Step.NOTHING:
                return []
            case Step.ASK:
                self._glass.read_anew()
        return self._report(self._glass.points())

    def lifted(self) -> list[TouchMove]:
        """The device is gone, and so is the finger."""
        return self._report(())

    def _report(self, points: Sequence[_Point]) -> list[TouchMove]:
        before = self._followed
        new = [point for point in points if point.contact not in self._known]
        self._known = {point.contact for point in points}
        if before is None:
            self._followed = new[0] if new else None
            return [self._move("down", self._followed)] if self._followed is not None else []
        self._followed = next((point for point in points if point.contact == before.contact), None)
        if self._followed is None:
            return [self._move("up", before)]
        return [self._move("move", self._followed)] if self._followed != before else []

    def _move(self, phase: str, point: _Point) -> TouchMove:
        return TouchMove(phase, *self._extent.part(point))


class _Pointer:
    """Glass that knows one place, and a button that says whether it is touched. Each touch is a contact of its own."""

    def __init__(self, device: evdev.InputDevice[str]) -> None:
        self._device = device
        self._contact = 0
        self._down = False
        self._x = self._y = 0
        self.read_anew()

    def take(self, event: evdev.InputEvent) -> None:
        """A place, or the button."""
        if event.type == ecodes.EV_ABS and event.code == ecodes.ABS_X:
            self._x = event.value
        elif event.type == ecodes.EV_ABS and event.code == ecodes.ABS_Y:
            self._y = event.value
        elif event.type == ecodes.EV_KEY and event.code in BUTTONS:
            self._press(down=bool(event.value))

    def read_anew(self) -> None:
        """The place and the button as they are."""
        self._x = self._device.absinfo(ecodes.ABS_X).value
        self._y = self._device.absinfo(ecodes.ABS_Y).value
        self._press(down=bool(BUTTONS & set(self._device.active_keys())))

    def points(self) -> Sequence[_Point]:
        """The one, while it is touched."""
        return (_Point(self._contact, self._x, self._y),) if self._down else ()

    def _press(self, *, down: bool) -> None:
        self._contact += down and not self._down
        self._down = down


class _Contacts:
    """Glass that tells each contact in a slot."""

    def __init__(self, device: evdev.InputDevice[str]) -> None:
        self._device = device
        self._slot = 0
        self._slots: list[_Point] = []
        self.read_anew()

    def take(self, event: evdev.InputEvent) -> None:
        """A slot, or something of the contact in the slot of before."""
        if event.type != ecodes.EV_ABS:
            return
        if event.code == ecodes.ABS_MT_SLOT:
            self._slot = event.value
        elif 0 <= self._slot < len(self._slots):
            point = self._slots[self._slot]
            match event.code:
                case ecodes.ABS_MT_TRACKING_ID:
                    point = _Point(event.value, point.x, point.y)
                case ecodes.ABS_MT_POSITION_X:
                    point = _Point(point.contact, event.value, point.y)
                case ecodes.ABS_MT_POSITION_Y:
                    point = _Point(point.contact, point.x, event.value)
            self._slots[self._slot] = point

    def read_anew(self) -> None:
        """All slots as they are."""
        current = self._device.absinfo(ecodes.ABS_MT_SLOT)
        count = max(1, min(current.max + 1, MOST_SLOTS))
        codes = (ecodes.ABS_MT_TRACKING_ID, ecodes.ABS_MT_POSITION_X, ecodes.ABS_MT_POSITION_Y)
        self._slot = current.value
        self._slots = [
            _Point(*slot) for slot in zip(*(read_slots(self._device.fd, c, count) for c in codes), strict=True)
        ]

    def points(self) -> Sequence[_Point]:
        """Those that touch."""
        return [point for point in self._slots if point.contact != _NOBODY]


def read_slots(descriptor: int, code: int, count: int) -> tuple[int, ...]:
    """A value of each of so many slots (EVIOCGMTSLOTS of linux/input.h). Raises OSError."""
    layout = struct.Struct(f"={1 + count}i")
    request = 2 << 30 | layout.size << 16 | ord("E") << 8 | 0x0A  # _IOC(_IOC_READ, 'E', 0x0a, size)
    answer = fcntl.ioctl(descriptor, request, layout.pack(code, *(count * [0])))
    return layout.unpack(answer)[1:]
