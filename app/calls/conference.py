"""Several calls that hear each other and, while he attends, the user; mixed in this phone (ETSI EN 300 185-1)."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.calls.speaker import ActiveSpeaker
from app.model.ids import CallId

SMALLEST = 2
"""Parties below which it is a conference no more."""
LEVELS_DB = range(-12, 13)
"""How much softer or louder than it comes a party can be made."""


@dataclass(eq=False)
class Conference:
    """The one conference there can be. `began` is a monotonic second."""

    began: float
    attended: bool = True
    """False while the user is elsewhere and the parties go on without him."""
    speakers: ActiveSpeaker = field(default_factory=ActiveSpeaker)
    speaker: CallId | None = None
    """Whoever talks now."""
