"""Tells the supervisor that the phone works, as long as that is true: systemd starts a phone that is silent anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from app.model.flags import LogFlag
from hal.system import System

log = logging.getLogger(LogFlag.MAIN)


class Watchdog:
    """Feeds from the loop that carries the calls, so that a loop that stands still feeds nobody.

    `turns` is the media thread's (`native.Engine.turns`): where it has not gone round since the last time, and does
    not rest either, voice stands still, and nothing is told.
    """

    def __init__(self, system: System, turns: Callable[[], int | None]) -> None:
        self._system = system
        self._turns = turns
        self._before: int | None = None

    def look(self) -> None:
        """Feed, if all is well."""
        turns = self._turns()
        stands = turns is not None and turns == self._before
        self._before = turns
        if stands:
            log.error("the media thread stands still: the supervisor is to start the phone anew")
        else:
            self._system.feed_watchdog()

    async def run(self, interval: float) -> None:
        """Look every so many seconds."""
        while True:
            self.look()
            await asyncio.sleep(interval)
