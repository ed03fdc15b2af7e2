"""Tells the boot loader that the system works: not before the phone does what it is there for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from app.model.flags import LogFlag
from app.settings.durable import DurableFile
from app.settings.store import SettingsStore
from hal.errors import HalError
from hal.updater import Updater

log = logging.getLogger(LogFlag.MAIN)

SETTLING_SECONDS = 5.0
"""After the start of the phone, which has more important things to do first."""
INTERVAL = 2.0
"""Seconds between two looks at the phone, until it works."""
AGAIN = 30.0
"""Seconds until somebody who updates the machine is asked once more."""


class GoodKeeper:
    """Belongs to the loop.

    A started system is good when the phone is `registered`; or when nobody gave it a line and it can be given one, its
    display being there (`settable`); or when `update.good_after` has passed: a PBX that is away is no fault of it.

    Until then the boot loader counts its starts, and after three it returns to the other system. A system that was
    good before, which is kept in the folder `state`, is good as soon as the phone runs: three power cuts while the PBX
    is away throw nothing out that has worked for long. The disk is read and written in `worker`.
    """

    def __init__(
        self,
        settings: SettingsStore,
        updater: Updater,
        registered: Callable[[], bool],
        settable: Callable[[], bool],
        state: Path,
        worker: Executor,
    ) -> None:
        self._settings = settings
        self._updater = updater
        self._registered = registered
        self._settable = settable
        self._file = DurableFile(state / "good")
        self._worker = worker
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._watch(time.monotonic()), name="good")

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self, began: float) -> None:
        await asyncio.sleep(SETTLING_SECONDS)
        if not await self._was_good():
            while not self._works(time.monotonic() - began):  # noqa: ASYNC110 - what it depends on is everywhere
                await asyncio.sleep(INTERVAL)
        while True:
            try:
                await self._updater.mark_good()
                running = await self._running()
                break
            except HalError as error:
                log.warning("the system is not marked good: %s", error)
                await asyncio.sleep(AGAIN)
        await asyncio.get_running_loop().run_in_executor(self._worker, self._keep, running)

    async def _was_good(self) -> bool:
        """Whether the system that runs was good before; not where nobody can say which one runs."""
        loaded = await asyncio.get_running_loop().run_in_executor(self._worker, self._file.load)
        try:
            return bool(loaded.content) and loaded.content == await self._running()
        except HalError as error:
            log.warning("nobody says which system runs: %s", error)
            return False

    async def _running(self) -> bytes:
        """The system that runs, by name and version; empty where the boot loader knows none. Raises HalError."""
        running = next((slot for slot in await self._updater.slots() if slot.booted), None)
        return b"" if running is None else f"{running.name} {running.version}".encode()

    def _keep(self, running: bytes) -> None:
        """Where the disk refuses, the system proves itself again after the next start."""
        try:
            if self._file.load().content != running:
                self._file.save(running)
        except OSError as error:
            log.warning("that the system is good cannot be kept: %s", error)

    def _works(self, seconds: float) -> bool:
        waited = seconds >= 60.0 * self._settings.current.number("update.good_after")
        return waited or self._registered() or self._settable()
