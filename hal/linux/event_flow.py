"""Which events of an input device count: after SYN_DROPPED none, until what is now was asked of the kernel."""

from __future__ import annotations

import enum

import evdev
from evdev import ecodes


class Step(enum.Enum):
    """What one event is to its reader."""

    EVENT = enum.auto()
    """Something has changed."""
    REPORT = enum.auto()
    """All that has changed at once was told."""
    ASK = enum.auto()
    """Events were lost and that is over: ask the kernel for everything (EVIOCG*), and take it as a report."""
    NOTHING = enum.auto()


class EventFlow:
    """One for a device. The kernel's Documentation/input/event-codes.rst, SYN_DROPPED."""

    def __init__(self) -> None:
        self._dropped = False

    def step(self, event: evdev.InputEvent) -> Step:
        """Of the next event. From SYN_DROPPED to the next SYN_REPORT, that report included, no event counts."""
        if event.type != ecodes.EV_SYN:
            return Step.NOTHING if self._dropped else Step.EVENT
        if event.code == ecodes.SYN_DROPPED:
            self._dropped = True
        elif event.code == ecodes.SYN_REPORT:
            dropped, self._dropped = self._dropped, False
            return Step.ASK if dropped else Step.REPORT
        return Step.NOTHING
