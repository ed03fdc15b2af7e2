"""Two systems of which one runs: an update replaces the other, which the boot loader then tries."""

from __future__ import annotations

import abc
from collections.abc import Callable
from pathlib import Path

import msgspec

from hal.status import DeviceStatus


class Slot(msgspec.Struct, frozen=True):
    """One of the systems. `name` is the boot loader's.

    `good` is false while the boot loader still counts its starts, and when it has given it up. `version` is that of the
    bundle it was installed from; empty where the factory put it there.
    """

    name: str
    booted: bool
    good: bool
    version: str = ""


class Bundle(msgspec.Struct, frozen=True):
    """What a signed bundle says of itself. `compatible` names the machines it is for."""

    compatible: str
    version: str


class Updater(abc.ABC):
    """A back end must override everything. All coroutines raise `UpdaterUnavailable` where nobody updates the machine.

    Belongs to the loop's thread; nothing blocks it.
    """

    @abc.abstractmethod
    def run_id(self) -> str:
        """Names this run of the machine: another after each start of it, the same after a start of the phone."""

    @abc.abstractmethod
    async def slots(self) -> tuple[Slot, ...]:
        """The systems as they are now."""

    @abc.abstractmethod
    async def compatible(self) -> str:
        """What a bundle for this machine calls it."""

    @abc.abstractmethod
    async def inspect(self, bundle: Path) -> Bundle:
        """Check a bundle's signature and read what it says. Raises `BundleRefused`."""

    @abc.abstractmethod
    async def install(self, bundle: Path, progress: Callable[[int], None]) -> None:
        """Write a bundle to the system that does not run, and have that one started next. Takes minutes.

        `progress` is told percent. Raises `BundleRefused`; the system that runs is untouched in any case.
        """

    @abc.abstractmethod
    async def mark_good(self) -> None:
        """The system that runs works: the boot loader is to stop counting its starts."""

    @abc.abstractmethod
    async def stay(self) -> None:
        """The system that runs is to be started next, too, and not the one that was written."""

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """Whether there is anybody who updates the machine, as far as that can be seen without asking him."""
