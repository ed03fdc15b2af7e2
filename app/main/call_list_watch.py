"""Tells when finished calls cannot be written, and has it tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from app.diagnostics.notices import NoticeBoard
from app.main.retry import Patience
from app.model.snapshot import Notice, Severity

_NOTICE = "calls.unwritten"


class CallListWatch:
    """Hears from the worker how each write of the call list went; all else belongs to the loop it is made in.

    `retry` has the list write what it owes, and tells how that went like any other write.
    """

    def __init__(self, folder: Path, notices: NoticeBoard, retry: Callable[[], None]) -> None:
        self._folder = folder
        self._notices = notices
        self._retry = retry
        self._loop = asyncio.get_running_loop()
        self._patience = Patience()
        self._waiting: asyncio.TimerHandle | None = None
        self._stopped = False

    def written(self, trouble: str) -> None:
        """A write ended, with this trouble or (empty) well. Called in the worker."""
        self._loop.call_soon_threadsafe(self._heard, trouble)

    def stop(self) -> None:
        """Try no more; closing the list writes what it can."""
        self._stopped = True
        if self._waiting is not None:
            self._waiting.cancel()

    def _heard(self, trouble: str) -> None:
        if not trouble:
            self._patience.regain()
            self._notices.clear(_NOTICE)
            return
        text = f"The call list cannot be written: {trouble}."
        advice = f"Make room on the disk and let the phone write to {self._folder}; it tries again by itself."
        self._notices.post(Notice(_NOTICE, Severity.WARNING, text, advice))
        if self._waiting is None and not self._stopped:
            self._waiting = self._loop.call_later(self._patience.lose(), self._try_again)

    def _try_again(self) -> None:
        self._waiting = None
        self._retry()
