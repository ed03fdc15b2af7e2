"""How fast a surface or an app is read."""

from __future__ import annotations

import asyncio


class Pace:
    """At most `most` a second: who sends more is read later, and waits. Belongs to the loop's thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._window_end = 0.0
        self._taken = 0

    async def take(self) -> None:
        """One more was read; returns when it may be acted upon."""
        now = asyncio.get_running_loop().time()
        if now >= self._window_end:
            self._window_end, self._taken = now + 1.0, 0
        self._taken += 1
        if self._taken > self._most:
            await asyncio.sleep(self._window_end - now)
