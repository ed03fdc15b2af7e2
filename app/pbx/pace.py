"""How fast somebody is read who may send as fast as he likes: the PBX, a surface, an app."""

from __future__ import annotations

import asyncio


class Pace:
    """At most `most` a second, and between any two of them everybody else on the loop has a turn.

    Who sends more is read later, and waits: his connection fills up. Belongs to the loop's thread.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._window_end = 0.0
        self._taken = 0

    async def take(self) -> None:
        """One more is read; returns when it may be acted upon."""
        now = asyncio.get_running_loop().time()
        if now >= self._window_end:
            self._window_end, self._taken = now + 1.0, 0
        self._taken += 1
        await asyncio.sleep(self._window_end - now if self._taken > self._most else 0)
