"""A machine with whatever identity one gives it."""

from __future__ import annotations

from hal.errors import HalError
from hal.status import DeviceStatus, Presence
from hal.steward import Verb
from hal.system import Identity, System


class SimulatedSystem(System):
    """`told` is what the supervisor heard: "ready: …", "watchdog", "stopping"; `asked` what the steward did.

    With a `refusal` the steward refuses, and this is raised.
    """

    def __init__(self, serial: str = "SIMULATED", mac_address: str = "009033000000") -> None:
        self.told: list[str] = []
        self.asked: list[Verb] = []
        self.refusal: HalError | None = None
        self._identity = Identity("Simulated phone", "1", serial, mac_address)

    def identity(self) -> Identity:
        """What was given."""
        return self._identity

    async def ask(self, verb: Verb) -> None:
        """Remember it, or refuse."""
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(verb)

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
        return DeviceStatus(
            "system", Presence.SIMULATED, f"MAC address {self._identity.mac_address}, serial {self._identity.serial}"
        )
