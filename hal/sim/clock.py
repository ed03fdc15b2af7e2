"""A clock that is as right as one wants it."""

from __future__ import annotations

from hal.clock import Clock
from hal.status import DeviceStatus, Presence


class SimulatedClock(Clock):
    """Drive it by `known`, `place` and `leased`; `servers` are those that are asked."""

    def __init__(self) -> None:
        self.known = True
        self.place = "UTC"
        self.leased: str | None = None
        self.servers: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """As `known` says."""
        return self.known

    def zone(self) -> str:
        """As `place` says."""
        return self.place

    def leased_zone(self) -> str | None:
        """As `leased` says."""
        return self.leased

    def ask(self, servers: tuple[str, ...]) -> None:
        """Remember them."""
        self.servers = servers

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("clock", Presence.SIMULATED, f"in {self.place}")
