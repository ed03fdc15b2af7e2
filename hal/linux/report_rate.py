"""How many reports a headset may send before it is not listened to any more. No clock of its own."""

from __future__ import annotations

MOST_A_SECOND = 100
"""A person presses a few keys a second, and each is two reports."""
PATIENCE = 3
"""Seconds in a row with more than that, after which the headset is broken."""


class ReportRate:
    """Counts in whole seconds from the first report of each."""

    def __init__(self) -> None:
        self._began = 0.0
        self._count = 0
        self._floods = 0

    def allows(self, now: float) -> bool:
        """Count a report; False where this second has had its share and the report is to be passed over."""
        if now - self._began >= 1.0:
            calm = self._count <= MOST_A_SECOND or now - self._began >= 2.0
            self._floods = 0 if calm else self._floods + 1
            self._began, self._count = now, 0
        self._count += 1
        return self._count <= MOST_A_SECOND

    def seconds_left(self, now: float) -> float:
        """How long this second still lasts."""
        return max(0.0, self._began + 1.0 - now)

    @property
    def broken(self) -> bool:
        """Whether it has flooded for so long that nothing it says is worth hearing."""
        return self._floods >= PATIENCE
