"""The phone's own addresses."""

from __future__ import annotations

import abc
from collections.abc import Callable

import msgspec

from hal.listeners import Listeners
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


class Network(abc.ABC):
    """The network as the kernel has set it up. Nothing blocks on the network; listeners are told on the loop's thread.

    A back end must override what is abstract here, and calls `_tell` after each change.
    """

    def __init__(self) -> None:
        self._listeners: Listeners[tuple[Address, ...]] = Listeners()

    @abc.abstractmethod
    def start(self) -> None:
        """Begin to watch; needs a running loop."""

    @abc.abstractmethod
    def close(self) -> None:
        """Stop watching. May be called twice."""

    def listen(self, listener: Callable[[tuple[Address, ...]], None]) -> Callable[[], None]:
        """Tell `listener` all addresses whenever one has come or gone; call the result to stop."""
        return self._listeners.add(listener)

    def _tell(self) -> None:
        self._listeners.tell(self.addresses())

    @abc.abstractmethod
    def addresses(self) -> tuple[Address, ...]:
        """All usable addresses, those of loopback last."""

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the network stands."""
