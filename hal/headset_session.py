"""Gives one headset's link a clock: the deadlines of `HeadsetLink`, on the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hal.headset import HeadsetControl, HeadsetLamps, HeadsetWish
from hal.headset_link import HeadsetLink, HeadsetTraits


class HeadsetSession:
    """One headset from plug to unplug; belongs to the loop. `send` lights its lamps, and `wished` hears its user."""

    def __init__(
        self, traits: HeadsetTraits, send: Callable[[HeadsetLamps], None], wished: Callable[[HeadsetWish], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._link = HeadsetLink(traits)
        self._send = send
        self._wished = wished
        self._timer: asyncio.TimerHandle | None = None

    def moved(self, control: HeadsetControl, *, down: bool) -> None:
        """The headset reports a control."""
        wish = self._link.moved(control, self._loop.time(), down=down)
        if wish is not None:
            self._wished(wish)
        self._after()

    def show(self, lamps: HeadsetLamps) -> None:
        """What is true of the call now."""
        self._link.show(lamps, self._loop.time())
        self._after()

    def close(self) -> None:
        """The headset has gone. May be called twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _elapsed(self) -> None:
        self._timer = None
        self._link.tick(self._loop.time())
        self._after()

    def _after(self) -> None:
        if self._link.due:
            self._link.sent()
            self._send(self._link.lamps)
        self.close()
        if self._link.deadline is not None:
            self._timer = self._loop.call_at(self._link.deadline, self._elapsed)
