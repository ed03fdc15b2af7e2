"""The phone's own addresses."""

from __future__ import annotations

import abc

import msgspec

from hal.status import DeviceStatus


class Address(msgspec.Struct, frozen=True):
    """An IP address of an interface, without zone. `link_local` and `loopback` reach no PBX elsewhere."""

    interface: str
    address: str
    prefix_length: int
    link_local: bool = False
    loopback: bool = False

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.address else 4


class Network(abc.ABC):
    """The network as the kernel has set it up. A back end must override everything; nothing blocks on the network."""

    @abc.abstractmethod
    def addresses(self) -> tuple[Address, ...]:
        """All usable addresses, those of loopback last."""

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the network stands."""
