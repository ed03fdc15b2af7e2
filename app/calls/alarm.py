"""When the quality of a stream is worth an alert to whoever collects reports."""

from __future__ import annotations

from app.model.quality import Severity

LOOKS = 2
"""For how many looks in a row it must be so bad, or so good again."""
ALERTS_MAX = 10
"""No more than these for one stream: a line on the edge would fill the collector."""
_BARS = {0: Severity.CRITICAL, 1: Severity.CRITICAL, 2: Severity.WARNING}


class QualityAlarm:
    """Follows one stream. Fed at a steady pace (`app.calls.deadlines.QUALITY_SECONDS`)."""

    def __init__(self) -> None:
        self._told = Severity.CLEAR
        self._seen = Severity.CLEAR
        self._looks = 0
        self._alerts = 0

    def look(self, bars: int) -> Severity | None:
        """What to tell after one more look at the bars; None: nothing new."""
        severity = _BARS.get(bars, Severity.CLEAR)
        self._looks = self._looks + 1 if severity is self._seen else 1
        self._seen = severity
        if severity is self._told or self._looks < LOOKS or self._alerts >= ALERTS_MAX:
            return None
        self._told = severity
        self._alerts += 1
        return severity
