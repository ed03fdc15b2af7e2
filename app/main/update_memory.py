"""The record of updates on the disk."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from pathlib import Path

import msgspec

from app.main import update_record
from app.main.update_record import UpdateRecord
from app.model.flags import LogFlag
from app.settings.durable import DurableFile

log = logging.getLogger(LogFlag.MAIN)


class UpdateMemory:
    """Belongs to the loop; the disk is touched in `worker`."""

    def __init__(self, state: Path, worker: Executor) -> None:
        self._file = DurableFile(state / "update")
        self._worker = worker
        self._record = UpdateRecord()

    @property
    def record(self) -> UpdateRecord:
        """As it is now; empty before `load`."""
        return self._record

    async def load(self) -> UpdateRecord:
        """What the last run kept."""
        self._record = await asyncio.get_running_loop().run_in_executor(self._worker, update_record.read, self._file)
        return self._record

    async def keep(self, record: UpdateRecord) -> None:
        """Safe on the disk when it returns. Raises OSError, and then the record is the one before."""
        await asyncio.get_running_loop().run_in_executor(self._worker, self._save, record)
        self._record = record

    async def try_to_keep(self, record: UpdateRecord) -> None:
        """Until the phone ends at least: nothing but words depends on it."""
        self._record = record
        await asyncio.get_running_loop().run_in_executor(self._worker, self._try_to_save, record)

    def note_seen(self) -> None:
        """Somebody has read what went wrong."""
        failure = self._record.failure
        if failure is not None:
            self._record = msgspec.structs.replace(self._record, failure=msgspec.structs.replace(failure, seen=True))
            self._worker.submit(self._try_to_save, self._record)

    def _save(self, record: UpdateRecord) -> None:
        self._file.save(msgspec.json.encode(record))

    def _try_to_save(self, record: UpdateRecord) -> None:
        try:
            self._save(record)
        except OSError as error:
            log.warning("what becomes of updates cannot be kept: %s", error)
