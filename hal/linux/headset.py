"""Headsets by hidraw: the telephony page reaches no input device of the kernel (Documentation/hid/hidraw.rst)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hal.headset import HeadsetLamps, Headsets, HeadsetsChanged, HeadsetWish
from hal.linux.headset_device import HidrawDevice
from hal.linux.headset_search import KIND, FoundHeadset, FoundHeadsets, find_headsets
from hal.linux.look import Look
from hal.linux.udev import UdevWatch
from hal.status import DeviceStatus, Presence

log = logging.getLogger("hal")

MOST_HEADSETS = 4
"""At once; further ones are sound alone until one of these goes."""
TELL_AFTER_S = 1.0
"""A headset that does not answer has mostly been unplugged, which udev tells sooner than this."""


class HidrawHeadsets(Headsets):
    """The Linux back end. Opens and writes in worker threads, because both may wait for the headset."""

    def __init__(self) -> None:
        super().__init__()
        self._watches: tuple[UdevWatch, ...] = ()
        self._devices: dict[str, HidrawDevice] = {}
        self._seen: FoundHeadsets | None = None
        self._look: Look[FoundHeadsets] | None = None
        self._lamps = HeadsetLamps()
        self._card = ""
        self._telling: asyncio.TimerHandle | None = None

    def show(self, lamps: HeadsetLamps, card: str) -> None:
        """Show this on the headset in use; the others are dark."""
        moved = card != self._card
        self._lamps, self._card = lamps, card
        if moved and self._choose():
            self._tell(HeadsetsChanged())
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
            self._look = Look("headsets", find_headsets, self._take)
            self._watches = (UdevWatch("hidraw", self._look.begin), UdevWatch("sound", self._look.begin))
            self._look.begin()

    def close(self) -> None:
        """Let go of all headsets. May be called twice."""
        for watch in self._watches:
            watch.close()
        self._watches = ()
        if self._look is not None:
            self._look.close()
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        for device in self._devices.values():
            device.close()
        self._devices.clear()

    def _take(self, seen: FoundHeadsets) -> None:
        before, self._seen = self._seen or FoundHeadsets(), seen
        for node, device in tuple(self._devices.items()):
            now = seen.headsets.get(node)
            if device.gone or now is None or now.controls != before.headsets[node].controls:
                self._devices.pop(node).close()
        self._choose()
        for node in self._devices:
            self._light(node)
        if before != seen:
            self._tell(HeadsetsChanged())

    def _choose(self) -> bool:
        """Open what may be: the one that the voice goes by, then those that are open. True when that moved any."""
        found = {} if self._seen is None else self._seen.headsets
        open_ = self._devices.keys()
        order = sorted(found.values(), key=lambda one: (one.card != self._card, bool(one.card), one.node not in open_))
        chosen = {one.node: one for one in order[:MOST_HEADSETS]}
        if chosen.keys() == open_:
            return False
        for node in open_ - chosen.keys():
            self._devices.pop(node).close()
        for node in chosen.keys() - open_:
            log.info("the buttons of %s are %s", chosen[node].name, node)
            self._devices[node] = HidrawDevice(node, chosen[node].controls, self._heard_by(node), self._failed)
        return True

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
        if self._devices and device is None:
            text = f"{found.name}: {MOST_HEADSETS} headsets are used already"
            return DeviceStatus(KIND, Presence.FAILED, text, "Unplug one of them.")
        has = ", ".join((*found.controls.controls, *(f"lamp {lamp}" for lamp in found.controls.lamps)))
        return DeviceStatus(KIND, Presence.PRESENT, f"{found.name} ({found.node}): {has.replace('_', ' ')}")
