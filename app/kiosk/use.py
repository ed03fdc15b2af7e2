"""Tells the phone that somebody uses the display, also where a touch asks for nothing."""

from __future__ import annotations

import math
from collections.abc import Callable

from app.model.commands import AnyCommand, Used

INTERVAL = 1.0
"""Seconds for which the phone, once told, need not be told again."""


class Use:
    """`send` takes a command to the phone, `clock` gives monotonic seconds."""

    def __init__(self, send: Callable[[AnyCommand], int], clock: Callable[[], float]) -> None:
        self._send = send
        self._clock = clock
        self._told = -math.inf

    def noted(self) -> None:
        """A finger or a key moved at the display."""
        now = self._clock()
        if now - self._told >= INTERVAL:
            self._told = now
            self._send(Used(id=0))
