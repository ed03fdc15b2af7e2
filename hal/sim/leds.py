"""Lamps that only remember what they showed."""

from __future__ import annotations

from collections import deque

from hal.leds import Led, Leds, LedState
from hal.status import DeviceStatus, Presence

REMEMBERED = 256


class SimulatedLeds(Leds):
    """`states` is what each lamp shows now, `history` the last `REMEMBERED` changes in their order."""

    def __init__(self) -> None:
        self.states: dict[Led, LedState] = dict.fromkeys(Led, LedState.OFF)
        self.history: deque[tuple[Led, LedState]] = deque(maxlen=REMEMBERED)

    def show(self, led: Led, state: LedState) -> None:
        """Remember it."""
        if self.states[led] is not state:
            self.states[led] = state
            self.history.append((led, state))

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("lamps", Presence.SIMULATED, "seen by nobody")

    def close(self) -> None:
        """All lamps off."""
        for led in Led:
            self.show(led, LedState.OFF)
