"""Headsets by hidraw: the telephony page reaches no input device of the kernel (Documentation/hid/hidraw.rst)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hal.headset import HeadsetLamps, Headsets, HeadsetsChanged, HeadsetWish
from hal.linux.headset_device import HidrawDevice
from hal.linux.headset_search import KIND, FoundHeadset, FoundHeadsets, find_headsets
from hal.linux.udev import UdevWatch
from hal.status import DeviceStatus, Presence

log = logging.getLogger("hal")

TELL_AFTER_S = 1.0
"""A headset that does not answer has mostly been unplugged, which udev tells sooner than this."""


class HidrawHeadsets(Headsets):
    """The Linux back end. Opens and writes in worker threads, because both may wait for the headset."""

    def __init__(self) -> None:
        super().__init__()
        self._watches: tuple[UdevWatch, ...] = ()
        self._devices: dict[str, HidrawDevice] = {}
        self._seen: FoundHeadsets | None = None
        self._looking: asyncio.Task[None] | None = None
        self._look_again = False
        self._lamps = HeadsetLamps()
        self._card = ""
        self._telling: asyncio.TimerHandle | None = None

    def show(self, lamps: HeadsetLamps, card: str) -> None:
        """Show this on the headset in use; the others are dark."""
        self._lamps, self._card = lamps, card
        for node in self._devices:
            self._light(node)

    def status(self) -> tuple[DeviceStatus, ...]:
        """Each headset with what it has, and what is wrong with those that cannot be used. Looks if it has not yet."""
        seen = find_headsets() if self._seen is None else self._seen
        rows = [self._row(found) for found in seen.headsets.values()]
        if not rows and not seen.troubles:
            text, advice = "no headset with buttons is plugged in", "Plug one in at any time."
            return (DeviceStatus(KIND, Presence.MISSING, text, advice),)
        return (*rows, *seen.troubles)

    def start(self) -> None:
        """Begin to watch; needs a running loop."""
        if not self._watches:
            # The sound card of the same headset may come after its buttons.
            self._watches = (UdevWatch("hidraw", self._look), UdevWatch("sound", self._look))
            self._look()

    def close(self) -> None:
        """Let go of all headsets. May be called twice."""
        for watch in self._watches:
            watch.close()
        self._watches = ()
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        for device in self._devices.values():
            device.close()
        self._devices.clear()

    def _look(self) -> None:
        """Once now, and once more when something changed meanwhile."""
        self._look_again = self._looking is not None
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._search(), name="headsets")

    async def _search(self) -> None:
        try:
            self._take(await asyncio.get_running_loop().run_in_executor(None, find_headsets))
        finally:
            self._looking = None
        if self._look_again:
            self._look()

    def _take(self, seen: FoundHeadsets) -> None:
        before, self._seen = self._seen or FoundHeadsets(), seen
        for node, device in tuple(self._devices.items()):
            now = seen.headsets.get(node)
            if device.gone or now is None or now.controls != before.headsets[node].controls:
                self._devices.pop(node).close()
        for node, headset in seen.headsets.items():
            if node not in self._devices:
                log.info("the buttons of %s are %s", headset.name, node)
                self._devices[node] = HidrawDevice(node, headset.controls, self._heard_by(node), self._failed)
            self._light(node)
        if before != seen:
            self._tell(HeadsetsChanged())

    def _light(self, node: str) -> None:
        self._devices[node].show(self._lamps if self._in_use(node) else HeadsetLamps())

    def _in_use(self, node: str) -> bool:
        found = None if self._seen is None else self._seen.headsets.get(node)
        return found is not None and found.card in ("", self._card)

    def _heard_by(self, node: str) -> Callable[[HeadsetWish], None]:
        def tell(wish: HeadsetWish) -> None:
            if self._in_use(node):
                self._tell(wish)
            else:
                log.info("a button of %s was pressed, but the voice goes by another headset", node)

        return tell

    def _failed(self) -> None:
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TELL_AFTER_S, self._tell_failure)

    def _tell_failure(self) -> None:
        self._telling = None
        self._tell(HeadsetsChanged())

    def _row(self, found: FoundHeadset) -> DeviceStatus:
        device = self._devices.get(found.node)
        if device is not None and device.trouble:
            return DeviceStatus(KIND, Presence.FAILED, f"{found.name}: {device.trouble}", device.advice)
        has = ", ".join((*found.controls.controls, *(f"lamp {lamp}" for lamp in found.controls.lamps)))
        return DeviceStatus(KIND, Presence.PRESENT, f"{found.name} ({found.node}): {has.replace('_', ' ')}")
