"""Consent freshness (RFC 7675): whether the far end still wants what is sent to it."""

from __future__ import annotations

import random

CONSENT_SECONDS = 30.0
"""How long one answer counts (RFC 7675, 5.1)."""
_INTERVAL = 5.0
_SPREAD = (0.8, 1.2)


class Consent:
    """The clock of one component's consent, begun when its pair was chosen."""

    def __init__(self, now: float) -> None:
        self._until = now + CONSENT_SECONDS
        self._due = self._after(now)

    @property
    def deadline(self) -> float:
        """When to ask, or to give up."""
        return min(self._due, self._until)

    def due(self, now: float) -> bool:
        """Whether to ask again now; True is said once for each time."""
        if now < self._due:
            return False
        self._due = self._after(now)
        return True

    def lost(self, now: float) -> bool:
        """Whether the last answer is too old."""
        return now >= self._until

    def given(self, asked: float) -> None:
        """An answer came to what was asked at that time."""
        self._until = max(self._until, asked + CONSENT_SECONDS)

    @staticmethod
    def _after(now: float) -> float:
        return now + _INTERVAL * random.uniform(*_SPREAD)
