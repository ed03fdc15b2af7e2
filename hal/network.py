"""The phone's own addresses."""

from __future__ import annotations

import abc

import msgspec

from hal.listeners import Watched
from hal.status import DeviceStatus


class Address(msgspec.Struct, frozen=True):
    """An IP address of an interface, without zone."""

    interface: str
    address: str
    prefix_length: int
    link_local: bool = False
    loopback: bool = False

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.address else 4

    @property
    def reachable(self) -> bool:
        """Whether others may reach the phone by it; a PBX elsewhere knows neither loopback nor link-local addresses."""
        return not (self.loopback or self.link_local)


class Network(Watched[tuple[Address, ...]]):
    """The network as the kernel has set it up. Nothing blocks on the network.

    Listeners are told all addresses whenever one has come or gone, on the loop's thread. A back end must override what
    is abstract here and in `Watched`, and calls `_tell` after each change.
    """

    @abc.abstractmethod
    def addresses(self) -> tuple[Address, ...]:
        """All usable addresses, those of loopback last."""

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the network stands."""
