"""Tells when the state folder cannot be used any more, and uses it again when it can."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import TypeVar

from app.calls.history import CallList
from app.diagnostics.notices import NoticeBoard
from app.diagnostics.sinks import LOG_NOTICE, LogSinks
from app.main.state_claim import StateClaim, StateTaken
from app.main.storage import CALL_LIST_NOTICE, STATE_NOTICE, state_notice, state_trouble
from app.model.flags import LogFlag
from app.model.snapshot import Notice, Severity

log = logging.getLogger(LogFlag.MAIN)

_Result = TypeVar("_Result")

INTERVAL = 15.0
"""Seconds between two looks at the folder. One at a folder that is well writes nothing, but it wakes two threads."""


class StorageWatch:
    """Watches the folder, and lets the call list and the log into it again; settings try at every change by themselves.

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
        self._unlogged = False
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._task = asyncio.create_task(self._watch(), name="storage watch")

    async def stop(self) -> None:
        """Watch no more; a move that has begun is ended first."""
        self._stopped.set()
        if self._task is not None:
            await self._task

    async def _watch(self) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), INTERVAL)
            try:
                await self._look()
            except Exception:  # the next look may go well, and the phone must be able to end
                log.exception("%s could not be looked at", self._folder)

    async def _look(self) -> None:
        troubled = self._notices.has(STATE_NOTICE)
        unlogged, self._unlogged = self._unlogged, self._tell_log()
        doubted = troubled or self._unlogged > unlogged  # a log that cannot be written for long has troubles of its own
        trouble = await self._do(partial(state_trouble, self._folder, doubted=doubted))
        if trouble:
            self._notices.post(state_notice(self._folder, trouble))
            return
        if doubted:
            await self._use_again()
        if self._call_list.in_memory:
            await self._return_call_list()

    async def _use_again(self) -> None:
        try:
            await self._do(self._claim.take)
        except StateTaken as error:
            self._notices.post(Notice(STATE_NOTICE, Severity.ERROR, f"{error.strerror}."))
            return
        self._notices.clear(STATE_NOTICE)
        if self._sinks is not None:
            await self._do(self._sinks.reopen)
            self._unlogged = self._tell_log()
        log.info("%s can be used", self._folder)

    async def _return_call_list(self) -> None:
        contents = None
        try:
            contents = await asyncio.wrap_future(self._call_list.begin_return())
        finally:  # else no call is kept any more
            self._call_list.finish_return(contents)
        if not self._call_list.in_memory:
            self._notices.clear(CALL_LIST_NOTICE)

    def _tell_log(self) -> bool:
        """Say where no log is kept now; True there."""
        notices = () if self._sinks is None else self._sinks.notices
        self._notices.replace(LOG_NOTICE, notices)
        return bool(notices)

    async def _do(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)
