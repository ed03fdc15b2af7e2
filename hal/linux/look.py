"""Looking at what is plugged in, in a worker thread and once for each burst of changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger("hal")

_Seen = TypeVar("_Seen")


class Look(Generic[_Seen]):
    """`read` looks, in a worker thread, because it may take long; `take` gets what it saw, on the loop's thread.

    Belongs to the loop it is made in. However many devices come at once, one look is under way and at most one waits.
    What goes wrong in a look is logged, and the one that waits comes all the same.
    """

    def __init__(self, name: str, read: Callable[[], _Seen], take: Callable[[_Seen], None]) -> None:
        self._name = name
        self._read = read
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def begin(self) -> None:
        """Look now; where a look is under way, once more after it."""
        self._again = self._task is not None
        if self._task is None:
            self._task = self._loop.create_task(self._look(), name=f"look at {self._name}")

    def close(self) -> None:
        """Look no more. May be called twice."""
        self._again = False
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _look(self) -> None:
        try:
            self._take(await self._loop.run_in_executor(None, self._read))
        except Exception:  # a device that goes while it is looked at, say
            log.exception("the look at the %s failed", self._name)
        self._task = None
        if self._again:
            self.begin()
