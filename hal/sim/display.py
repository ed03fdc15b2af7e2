"""A display of any size that is not there."""

from __future__ import annotations

from hal.display import Display, DisplayFacts, PresenterKind
from hal.status import DeviceStatus, Presence


class SimulatedDisplay(Display):
    """Pictures stay in memory. Drive it by giving it another size between two starts of the kiosk."""

    def __init__(self, width: int = 800, height: int = 480, dpi: float = 133.0) -> None:
        self.width, self.height, self.dpi = width, height, dpi

    def facts(self) -> DisplayFacts:
        """The size given, in memory."""
        return DisplayFacts(self.width, self.height, self.dpi, PresenterKind.MEMORY)

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("display", Presence.SIMULATED, f"{self.width} by {self.height}, in memory")
