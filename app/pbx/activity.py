"""Whether somebody uses the phone, as the PBX's presence has it: active, or inactive after a time without any use.

No clock of its own: whoever drives it passes monotonic seconds in, and calls `tick` at `deadline`.
"""

from __future__ import annotations


class UserActivity:
    """Active when it begins. `limit` is in seconds without use; 0 never becomes inactive."""

    def __init__(self, limit: float, now: float) -> None:
        self._limit = limit
        self._used_at = now
        self._inactive = False

    @property
    def inactive(self) -> bool:
        """What the PBX is to be told (`SetUserActivity`)."""
        return self._inactive

    @property
    def deadline(self) -> float | None:
        """The second at which `tick` may have something to do; None while only use or the setting changes anything."""
        return None if self._inactive or self._limit <= 0 else self._used_at + self._limit

    def used(self, now: float) -> None:
        """Somebody pressed, touched, lifted or plugged something in."""
        self._used_at = now
        self._inactive = False

    def tick(self, now: float) -> None:
        """Time has passed."""
        self._inactive = self._limit > 0 and now >= self._used_at + self._limit

    def set_limit(self, limit: float, now: float) -> None:
        """The setting changed, which is no use of the phone: it may be inactive already, or be active again."""
        self._limit = limit
        self.tick(now)
