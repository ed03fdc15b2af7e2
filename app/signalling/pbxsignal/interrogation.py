"""Asking the PBX for diversions and waiting messages: seldom, however often somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable

from app.signalling.schedule import Schedule, Timer

PAUSE = 1.0
"""Seconds between two rounds of questions: each change that the PBX tells of makes one due."""


class Interrogation:
    """`ask` sends all questions. What is wanted within the pause after a round is asked once, at its end."""

    def __init__(self, schedule: Schedule, ask: Callable[[], None]) -> None:
        self._schedule = schedule
        self._ask = ask
        self._pause: Timer | None = None
        self._wanted = False

    def wanted(self) -> None:
        """Somebody wants to know, or something has changed."""
        if self._pause is not None and self._pause.pending:
            self._wanted = True
            return
        self._wanted = False
        self._pause = self._schedule.after(PAUSE, self._paused)
        self._ask()

    def _paused(self) -> None:
        if self._wanted:
            self.wanted()
