"""A network as one wants it."""

from __future__ import annotations

from hal.network import Address, Network
from hal.status import DeviceStatus, Presence

_LOOPBACK = Address("lo", "127.0.0.1", 8, loopback=True)


class SimulatedNetwork(Network):
    """Drive it by `change`; a remote address is reached from the first one of its version."""

    def __init__(self, *own: Address) -> None:
        super().__init__()
        self.own: list[Address] = list(own)

    def start(self) -> None:
        """Nothing to watch."""

    def close(self) -> None:
        """Nothing to let go of."""

    def change(self, *own: Address) -> None:
        """Have these addresses from now on, and tell of it."""
        self.own = list(own)
        self._tell(self.addresses())

    def addresses(self) -> tuple[Address, ...]:
        """`own`, and loopback."""
        return (*self.own, _LOOPBACK)

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("network", Presence.SIMULATED, ", ".join(one.address for one in self.own) or "no address")
