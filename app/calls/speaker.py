"""Who talks in a conference, told from the levels of its parties."""

from __future__ import annotations

from collections.abc import Mapping

from app.model.ids import CallId

AUDIBLE_DBOV = -45.0
"""Louder is speech; a line's noise lies well below."""
QUIET_DBOV = -52.0
"""A speaker below this has ended; the gap to `AUDIBLE_DBOV` keeps soft speech from flickering."""
FALL_DB = 5.0
"""How far a level falls from one look to the next at most, so that pauses between words are bridged."""
MARGIN_DB = 6.0
"""How much louder than the speaker another one must be to take over."""
LOOKS = 2
"""For how many looks in a row he must be, so that a cough does not."""


class ActiveSpeaker:
    """Follows the loudest party with hysteresis. Fed at a steady pace (`app.calls.deadlines.SPEAKER_SECONDS`)."""

    def __init__(self) -> None:
        self._speaker: CallId | None = None
        self._level = QUIET_DBOV
        self._rival: CallId | None = None
        self._rival_looks = 0

    def look(self, levels: Mapping[CallId, float]) -> CallId | None:
        """Who talks, after one more look at the levels in dBov of all parties that can be heard."""
        self._follow(levels)
        loudest = max(levels, key=lambda party: levels[party], default=None)
        if loudest is None or loudest == self._speaker or levels[loudest] < AUDIBLE_DBOV:
            self._rival = None
        elif self._speaker is None:
            self._take_over(loudest, levels[loudest])
        else:
            self._challenge(loudest, levels[loudest])
        return self._speaker

    def _follow(self, levels: Mapping[CallId, float]) -> None:
        """Whether the speaker still talks; his level rises at once and falls slowly."""
        if self._speaker is None or self._speaker not in levels:
            self._speaker = None
            return
        self._level = max(levels[self._speaker], self._level - FALL_DB)
        if self._level < QUIET_DBOV:
            self._speaker = None

    def _challenge(self, rival: CallId, level: float) -> None:
        """Somebody is louder than the speaker; he takes over when that is clear and lasts."""
        if level < self._level + MARGIN_DB:
            self._rival = None
            return
        self._rival_looks = self._rival_looks + 1 if rival == self._rival else 1
        self._rival = rival
        if self._rival_looks >= LOOKS:
            self._take_over(rival, level)

    def _take_over(self, party: CallId, level: float) -> None:
        self._speaker, self._level, self._rival = party, level, None
