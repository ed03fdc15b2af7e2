"""Trying again what the outside world would not do yet, ever more patiently."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

FIRST_DELAY = 1.0
LONGEST_DELAY = 8.0


class Patience:
    """Delays in seconds that double from `FIRST_DELAY` to `LONGEST_DELAY`."""

    def __init__(self) -> None:
        self._next = FIRST_DELAY

    def lose(self) -> float:
        """The delay after one more failure."""
        delay, self._next = self._next, min(LONGEST_DELAY, self._next * 2)
        return delay

    def regain(self) -> None:
        """It worked: the next failure costs the shortest delay again."""
        self._next = FIRST_DELAY


async def keep_trying(work: Callable[[], Awaitable[None]], failed: Callable[[OSError], None]) -> None:
    """Do `work` until it raises no OSError; `failed` hears of each."""
    patience = Patience()
    while True:
        await asyncio.sleep(patience.lose())
        try:
            await work()
        except OSError as error:
            failed(error)
        else:
            return
