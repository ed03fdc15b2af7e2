"""A machine with whatever identity one gives it."""

from __future__ import annotations

from hal.status import DeviceStatus, Presence
from hal.system import System


class SimulatedSystem(System):
    """`told` is what the supervisor heard: "ready: …", "watchdog", "stopping"."""

    def __init__(self, serial: str = "SIMULATED", mac_address: str = "009033000000") -> None:
        self.told: list[str] = []
        self._serial = serial
        self._mac_address = mac_address

    def serial(self) -> str:
        """The serial number given."""
        return self._serial

    def mac_address(self) -> str:
        """The address given."""
        return self._mac_address

    @property
    def watchdog_interval(self) -> float | None:
        """Nobody watches."""
        return None

    def notify_ready(self, status: str) -> None:
        """Remember it."""
        self.told.append(f"ready: {status}")

    def notify_stopping(self) -> None:
        """Remember it."""
        self.told.append("stopping")

    def feed_watchdog(self) -> None:
        """Remember it."""
        self.told.append("watchdog")

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("system", Presence.SIMULATED, f"MAC address {self._mac_address}, serial {self._serial}")
