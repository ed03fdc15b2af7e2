"""How long the phone waits before it tries the PBX once more.

Source: innovaphone SDK, AppWebsocket: one second, doubled up to 32.
"""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 32.0
_JITTER = 0.5
"""Of one second, either way: phones that lost the same PBX in a call do not all come back at once."""


class BackOff:
    """Seconds to wait. While `in_call` it is always about one second: a call waits for its signalling."""

    def __init__(self, in_call: Callable[[], bool]) -> None:
        self._in_call = in_call
        self._next = FIRST_SECONDS

    def lose(self) -> float:
        """The delay after one more attempt in vain."""
        if self._in_call():
            return random.uniform(FIRST_SECONDS - _JITTER, FIRST_SECONDS + _JITTER)
        delay, self._next = self._next, min(LONGEST_SECONDS, self._next * 2)
        return delay

    def regain(self) -> None:
        """It worked: the next failure costs the shortest delay again."""
        self._next = FIRST_SECONDS
