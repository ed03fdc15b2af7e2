"""Deadlines without a clock: the cores say when they want to be woken, and whoever has a clock wakes them."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable


class Timer:
    """One deadline; `cancel` takes it back, and does nothing once it has fired."""

    __slots__ = ("_action",)

    def __init__(self, action: Callable[[], object]) -> None:
        self._action: Callable[[], object] | None = action

    def cancel(self) -> None:
        """Forget the deadline."""
        self._action = None

    @property
    def pending(self) -> bool:
        """True until it fires or is cancelled."""
        return self._action is not None

    def fire(self) -> None:
        """Run the action, once. The schedule calls this."""
        action, self._action = self._action, None
        if action is not None:
            action()


class Schedule:
    """The deadlines of one line, in seconds of one monotonic time that only `advance` moves."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()

    def after(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Have `action` called by the `advance` that reaches `now + seconds`."""
        timer = Timer(action)
        heapq.heappush(self._heap, (self.now + seconds, next(self._order), timer))
        return timer

    @property
    def deadline(self) -> float | None:
        """When `advance` is wanted next; None when nothing waits."""
        while self._heap and not self._heap[0][2].pending:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def advance(self, now: float) -> None:
        """Move time to `now` and run what is due, each at its own time, in order."""
        while (deadline := self.deadline) is not None and deadline <= now:
            timer = heapq.heappop(self._heap)[2]
            self.now = max(self.now, deadline)
            timer.fire()
        self.now = max(self.now, now)
