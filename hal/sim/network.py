"""A network as one wants it."""

from __future__ import annotations

import ipaddress

from hal.network import Address, Network
from hal.status import DeviceStatus, Presence

_LOOPBACK = Address("lo", "127.0.0.1", 8, loopback=True)


class SimulatedNetwork(Network):
    """Drive it by changing `own`; a remote address is reached from the first one of its version."""

    def __init__(self, *own: Address) -> None:
        self.own: list[Address] = list(own)

    def addresses(self) -> tuple[Address, ...]:
        """`own`, and loopback."""
        return (*self.own, _LOOPBACK)

    def address_towards(self, remote: str) -> str | None:
        """The first own address of the same version; loopback for loopback."""
        try:
            wanted = ipaddress.ip_address(remote)
        except ValueError:
            return None
        fitting = (one.address for one in self.own if one.version == wanted.version)
        return _LOOPBACK.address if wanted.is_loopback else next(fitting, None)

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("network", Presence.SIMULATED, ", ".join(one.address for one in self.own) or "no address")
