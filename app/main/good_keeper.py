"""Tells the boot loader that the system works: not before the phone does what it is there for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from app.model.flags import LogFlag
from app.settings.store import SettingsStore
from hal.errors import HalError
from hal.updater import Updater

log = logging.getLogger(LogFlag.MAIN)

INTERVAL = 2.0
"""Seconds between two looks at the phone, until it works."""
AGAIN = 30.0
"""Seconds until somebody who updates the machine is asked once more."""


class GoodKeeper:
    """Belongs to the loop.

    A started system is good when the phone is `registered`; or when nobody gave it a line and it can be given one, its
    display being there (`settable`); or when `update.good_after` has passed: a PBX that is away is no fault of it.

    Until then the boot loader counts its starts, and after three it returns to the other system.
    """

    def __init__(
        self,
        settings: SettingsStore,
        updater: Updater,
        registered: Callable[[], bool],
        settable: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._updater = updater
        self._registered = registered
        self._settable = settable
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._watch(time.monotonic()), name="good")

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self, began: float) -> None:
        while not self._works(time.monotonic() - began):  # noqa: ASYNC110 - what it depends on is everywhere
            await asyncio.sleep(INTERVAL)
        while True:
            try:
                await self._updater.mark_good()
            except HalError as error:
                log.warning("the system is not marked good: %s", error)
                await asyncio.sleep(AGAIN)
            else:
                return

    def _works(self, seconds: float) -> bool:
        waited = seconds >= 60.0 * self._settings.current.number("update.good_after")
        return waited or self._registered() or self._settable()
