"""A hook switch for tests and for a desktop."""

from __future__ import annotations

from hal.hook import HookSwitch
from hal.status import DeviceStatus, Presence


class SimulatedHookSwitch(HookSwitch):
    """Drive it with `lift` and `replace`; `off_hook` shows where the handset is."""

    def lift(self) -> None:
        """Take the handset up."""
        self._move(off_hook=True)

    def replace(self) -> None:
        """Put the handset down."""
        self._move(off_hook=False)

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("hook", Presence.SIMULATED, "a surface moves the handset")

    def start(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to let go of."""
