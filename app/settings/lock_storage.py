"""Keeps the screen lock's PIN among the settings and its attempts in a file beside them."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from pathlib import Path

from app.settings.durable import DurableFile
from app.settings.setting import Layer
from app.settings.store import SettingsStore

_PIN = "lock.pin"


class SettingsLockStorage:
    """Meets the lock's port (`app.security.keeper.LockStorage`). Belongs to the loop's thread."""

    def __init__(self, store: SettingsStore, folder: Path, executor: Executor | None = None) -> None:
        self._store = store
        self._file = DurableFile(folder / "lock")
        self._executor = executor

    def pin_hash(self) -> str:
        """The PHC string of the PIN; empty where none is set."""
        return self._store.current.secret(_PIN).reveal()

    async def keep_pin_hash(self, phc: str) -> None:
        """Keep a new hash; empty removes the PIN. Raises `NotKept`, which is an `OSError`."""
        await self._store.set(Layer.USER, _PIN, phc or None)

    def attempts(self) -> bytes:
        """The record kept last; empty where nothing is readable. Blocks on the disk."""
        return self._file.load().content

    async def keep_attempts(self, record: bytes) -> None:
        """Keep a record. Raises `OSError`."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._file.save, record)
