"""What the phone keeps of itself, stored while it goes on: where the disk refuses, a notice says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from app.diagnostics.notices import NoticeBoard
from app.model.snapshot import Notice, Severity
from app.settings.errors import SettingsError


class BackgroundStore:
    """Belongs to the loop. Each change is stored by a task of its own; they begin in the order they were given."""

    def __init__(self, notices: NoticeBoard) -> None:
        self._notices = notices
        self._storing: set[asyncio.Task[None]] = set()

    def store(
        self, notice: str, change: Coroutine[None, None, None], refused: Callable[[], None] = lambda: None
    ) -> None:
        """Carry out `change`, which raises a SettingsError where it cannot be kept; `refused` is called then.

        The notice of that id stands from then on until another change under it has been kept.
        """
        task = asyncio.get_running_loop().create_task(self._store(notice, change, refused), name=f"store {notice}")
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def stop(self) -> None:
        """Wait until everything is stored."""
        await asyncio.gather(*self._storing)

    async def _store(self, notice: str, change: Coroutine[None, None, None], refused: Callable[[], None]) -> None:
        try:
            await change
        except SettingsError as error:
            self._notices.post(Notice(notice, Severity.WARNING, str(error), error.advice))
            refused()
        else:
            self._notices.clear(notice)
