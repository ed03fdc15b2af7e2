"""The level meters and figures of a call, while somebody looks at them."""

from __future__ import annotations

from app.calls.deadlines import LEVELS_SECONDS, WATCH_SECONDS, Deadline
from app.calls.switch import Switch
from app.model.quality import Levels


class Meters:
    """Looks at the call that the user is in as often as the engine publishes, and only while that is asked for."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._until: float | None = None
        self.levels: Levels | None = None
        """Of the call the user is in; None while nobody looks."""

    def watch(self, now: float, *, on: bool) -> None:
        """Somebody looks from now on, or no longer."""
        self._until = now + WATCH_SECONDS if on else None
        self.look(now)

    def look(self, now: float) -> None:
        """Look once, and again later unless all have lost interest."""
        active = self._switch.board.active
        if self._until is None or now >= self._until or active is None or active.connected_at is None:
            self._until = self.levels = None
            self._switch.timers.stop(Deadline.LEVELS)
            return
        stream = active.leg.stream
        self.levels = self._switch.media.levels(stream.id)
        stream.show(self._switch.media.quality(stream.id))
        self._switch.timers.start(Deadline.LEVELS, LEVELS_SECONDS)
