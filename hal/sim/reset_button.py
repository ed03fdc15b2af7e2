"""A reset button that needs no paper clip."""

from __future__ import annotations

import time

from hal.reset_button import ResetButton
from hal.status import DeviceStatus, Presence


class SimulatedResetButton(ResetButton):
    """Drive it with `press`, `release` and `vanish`; `lag` is by how many seconds a release is heard too late."""

    lag = 0.0

    def press(self) -> None:
        """Press it down; one that is down stays so."""
        self._move(pressed=True, at=time.monotonic())

    def release(self) -> None:
        """Let it go; one that is up stays so."""
        self._move(pressed=False, at=time.monotonic() - self.lag)

    def vanish(self) -> None:
        """Take its device away."""
        self._lose()

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("reset button", Presence.SIMULATED, "a test presses it")

    def start(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to let go of."""
