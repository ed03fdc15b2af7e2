"""What the phone keeps of itself, stored while it goes on: where the disk refuses, a notice says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from app.diagnostics.notices import NoticeBoard
from app.model.snapshot import Notice, Severity
from app.settings.errors import SettingsError

AGAIN_AFTER = 5.0
"""Seconds after which something is written again that the disk would not take."""


class BackgroundStore:
    """Belongs to the loop. Each change is stored by a task of its own; they begin in the order they were given."""

    def __init__(self, notices: NoticeBoard) -> None:
        self._notices = notices
        self._storing: set[asyncio.Task[None]] = set()
        self._owed: dict[str, asyncio.TimerHandle] = {}
        self._stopped = False

    def store(
        self, notice: str, change: Coroutine[None, None, None], refused: Callable[[], None] = lambda: None
    ) -> None:
        """Carry out `change`, which raises a SettingsError where it cannot be kept; `refused` is called then.

        The notice of that id stands from then on until another change under it has been kept.
        """
        task = asyncio.get_running_loop().create_task(self._store(notice, change, refused), name=f"store {notice}")
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    def store_until_kept(
        self, notice: str, change: Coroutine[None, None, None], again: Callable[[], Coroutine[None, None, None]]
    ) -> None:
        """The same; where the disk refuses, `again` is carried out from time to time until it takes that."""
        self.store(notice, change, lambda: self._owe(notice, again))

    async def stop(self) -> None:
        """Wait until everything is stored, and try nothing again."""
        self._stopped = True
        for timer in self._owed.values():
            timer.cancel()
        await asyncio.gather(*self._storing)

    def _owe(self, notice: str, again: Callable[[], Coroutine[None, None, None]]) -> None:
        if notice not in self._owed and not self._stopped:
            self._owed[notice] = asyncio.get_running_loop().call_later(AGAIN_AFTER, self._try_again, notice, again)

    def _try_again(self, notice: str, again: Callable[[], Coroutine[None, None, None]]) -> None:
        del self._owed[notice]
        self.store_until_kept(notice, again(), again)

    async def _store(self, notice: str, change: Coroutine[None, None, None], refused: Callable[[], None]) -> None:
        try:
            await change
        except SettingsError as error:
            self._notices.post(Notice(notice, Severity.WARNING, str(error), error.advice))
            refused()
        else:
            self._notices.clear(notice)
