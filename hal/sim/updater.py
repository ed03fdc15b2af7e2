"""A machine with two systems that nothing is written to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from hal.errors import BundleRefused, HalError
from hal.status import DeviceStatus, Presence
from hal.updater import Bundle, Slot, Updater


class SimulatedUpdater(Updater):
    """Drive it by `bundles` (what can be installed, by path), `trouble` (raised by every coroutine), and `restart`."""

    def __init__(self, version: str = "") -> None:
        self.bundles: dict[Path, Bundle] = {}
        self.trouble: HalError | None = None
        self.systems = [Slot("A", booted=True, good=True, version=version), Slot("B", booted=False, good=True)]
        self.marked = 0
        """How often the system that runs was said to be good."""
        self.primary = "A"
        """The system that is started next."""
        self._runs = 1

    def restart(self, slot: str = "A") -> None:
        """Run this system now; another that was to run could not."""
        self._runs += 1
        self.systems = [
            msgspec.structs.replace(each, booted=each.name == slot, good=each.good and each.name != slot)
            for each in self.systems
        ]

    def give_up(self, slot: str) -> None:
        """The boot loader starts this system no more."""
        self._change(slot, good=False)

    def run_id(self) -> str:
        """Another after each `restart`."""
        return f"run {self._runs}"

    async def slots(self) -> tuple[Slot, ...]:
        """`systems`."""
        self._look()
        return tuple(self.systems)

    async def compatible(self) -> str:
        """Simulated."""
        self._look()
        return "simulated"

    async def inspect(self, bundle: Path) -> Bundle:
        """One of `bundles`."""
        self._look()
        if bundle not in self.bundles:
            raise BundleRefused("There is no such bundle.", "Choose another.")
        return self.bundles[bundle]

    async def install(self, bundle: Path, progress: Callable[[int], None]) -> None:
        """The system that does not run has the bundle's version from now on."""
        found = await self.inspect(bundle)
        progress(50)
        for slot in self.systems:
            if not slot.booted:
                self._change(slot.name, good=True, version=found.version)
                self.primary = slot.name
        progress(100)

    async def mark_good(self) -> None:
        """Count it."""
        self._look()
        self.marked += 1
        for slot in self.systems:
            if slot.booted:
                self._change(slot.name, good=True)

    async def stay(self) -> None:
        """`primary` is the one that runs."""
        self._look()
        self.primary = next(slot.name for slot in self.systems if slot.booted)

    def status(self) -> DeviceStatus:
        """Simulated."""
        return DeviceStatus("updater", Presence.SIMULATED, "two systems that nothing is written to")

    def _look(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def _change(self, name: str, **changes: object) -> None:
        self.systems = [
            msgspec.structs.replace(each, **changes) if each.name == name else each for each in self.systems
        ]
