"""Uses the state folder again when it has become usable."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import Executor
from pathlib import Path

from app.calls.history import CallList
from app.diagnostics.notices import NoticeBoard
from app.diagnostics.sinks import LOG_NOTICE, LogSinks
from app.main.state_claim import StateClaim, StateTaken
from app.main.storage import CALL_LIST_NOTICE, STATE_NOTICE, state_trouble
from app.model.flags import LogFlag
from app.model.snapshot import Notice, Severity

log = logging.getLogger(LogFlag.MAIN)

INTERVAL = 5.0
"""Seconds between two looks at a folder that cannot be used."""


class StorageWatch:
    """Waits for the folder, then lets the call list and the log into it; settings try at every change by themselves.

    All that touches the disk happens in `worker`.
    """

    def __init__(
        self,
        claim: StateClaim,
        folder: Path,
        call_list: CallList,
        sinks: LogSinks | None,
        notices: NoticeBoard,
        worker: Executor,
    ) -> None:
        self._claim = claim
        self._folder = folder
        self._call_list = call_list
        self._sinks = sinks
        self._notices = notices
        self._worker = worker
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to wait where something could not be opened at the start."""
        if any(notice.id in (STATE_NOTICE, LOG_NOTICE) for notice in self._notices.current):
            self._task = asyncio.create_task(self._wait(), name="storage watch")

    async def stop(self) -> None:
        """Wait no more; a move that has begun is ended first."""
        self._stopped.set()
        if self._task is not None:
            await self._task

    async def _wait(self) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), INTERVAL)
            if await self._mended():
                log.info("%s can be used now", self._folder)
                return

    async def _mended(self) -> bool:
        loop = asyncio.get_running_loop()
        if await loop.run_in_executor(self._worker, state_trouble, self._folder):
            return False
        try:
            await loop.run_in_executor(self._worker, self._claim.take)
        except StateTaken as error:
            self._notices.post(Notice(STATE_NOTICE, Severity.ERROR, f"{error.strerror}."))
            return False
        self._notices.clear(STATE_NOTICE)
        contents = await asyncio.wrap_future(self._call_list.begin_return())
        self._call_list.finish_return(contents)
        if contents is not None:
            self._notices.clear(CALL_LIST_NOTICE)
        logged = self._sinks is None or await loop.run_in_executor(self._worker, self._sinks.reopen)
        if logged:
            self._notices.clear(LOG_NOTICE)
        return logged and contents is not None
