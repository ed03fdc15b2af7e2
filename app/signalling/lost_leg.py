"""What is the same in taking lost calls up, whatever the line speaks: who speaks first, and what a call waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.signalling.schedule import Schedule, Timer

CALLED_SIDE_WAITS = 1.0
"""Seconds in which the caller has the first word, lest both offer at once.

Who has moved speaks at once, because nobody can reach him.
"""
PAUSE = 1.0
"""Seconds after the first attempt that came to nothing: the far end may not be registered yet."""


@dataclass(kw_only=True)
class LostLeg:
    """A leg whose signalling is lost waits for one thing at a time."""

    timer: Timer | None = None

    def wait(self, schedule: Schedule, seconds: float, then: Callable[[], None]) -> None:
        """Do this later, and nothing else."""
        self.stop()
        self.timer = schedule.after(seconds, then)

    def stop(self) -> None:
        """Wait for nothing."""
        if self.timer is not None:
            self.timer.cancel()
