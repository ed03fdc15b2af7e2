"""The clock of a schedule: time as the running asyncio loop has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.signalling.schedule import Schedule


class LoopClock:
    """Lets the cores of one schedule work, and wakes them when they want to be woken. Belongs to the loop's thread."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._wake: asyncio.TimerHandle | None = None
        self._stopped = False

    def run(self, work: Callable[[], object]) -> None:
        """Do `work` at the time it is now. Whatever goes wrong in one call, the clock of all others goes on."""
        loop = asyncio.get_running_loop()
        try:
            self._schedule.advance(loop.time())
            work()
        finally:
            self._forget_wake()
            deadline = None if self._stopped else self._schedule.deadline
            if deadline is not None:
                self._wake = loop.call_at(deadline, self.run, _nothing)

    def stop(self) -> None:
        """Wake nobody any more; `run` still works."""
        self._stopped = True
        self._forget_wake()

    def _forget_wake(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None


def _nothing() -> None:
    """Time alone has passed."""
