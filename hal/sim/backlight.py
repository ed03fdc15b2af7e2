"""A light that only remembers how it shone."""

from __future__ import annotations

from collections import deque

from hal.backlight import Backlight
from hal.status import DeviceStatus, Presence

REMEMBERED = 64


class SimulatedBacklight(Backlight):
    """`there` takes it away, `percent` is how it shines now, `history` the last `REMEMBERED` changes in their order."""

    def __init__(self) -> None:
        self.percent = 100
        self.there = True
        self.history: deque[int] = deque(maxlen=REMEMBERED)

    @property
    def present(self) -> bool:
        """As `there` says."""
        return self.there

    def shine(self, percent: int) -> None:
        """Remember it."""
        if percent != self.percent:
            self.percent = percent
            self.history.append(percent)

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("backlight", Presence.SIMULATED, f"at {self.percent} %")
