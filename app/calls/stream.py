"""The media of one leg as the call model sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.calls.alarm import QualityAlarm
from app.model.ids import StreamId
from app.model.quality import Quality
from app.model.session import Direction

READINGS_KEPT = 5
"""How many readings may say what a person knows already before the newest is shown all the same."""


@dataclass(eq=False)
class Stream:
    """One stream of the media room, and how the two ends hold it.

    `held` is what our user wants; `told` is what the far end knows of it. They differ while an offer is
    under way, and stay different when the far end refused to hear of it: then we are silent all the same.
    """

    id: StreamId
    held: bool = False
    told: bool = False
    proposed: bool = False
    """What the description that is on its way says about it."""
    described: Direction = Direction.SENDRECV
    """The direction we asked for in it."""
    refused: bool = False
    """The far end refused the last change; it is not offered again until the user changes his mind."""
    stale: bool = False
    """What the far end knows of our address is true no more."""
    remote_held: bool = False
    running: bool = False
    """Both descriptions, or a preview of the far end's (early media), are in force."""
    encrypted: bool = False
    """All voice is encrypted, under keys that travelled unread."""
    began: bool = False
    """The far end's first packet came."""
    quality: Quality | None = None
    readings_kept: int = 0
    alarm: QualityAlarm = field(default_factory=QualityAlarm)

    def read(self, quality: Quality | None) -> None:
        """Take figures. Counters move always: alone they are no reason to wake every surface every two seconds."""
        self.readings_kept += 1
        if _as_heard(quality) != _as_heard(self.quality) or self.readings_kept >= READINGS_KEPT:
            self.quality = quality
            self.readings_kept = 0

    def show(self, quality: Quality | None) -> None:
        """Take figures that somebody looks at."""
        self.quality = quality
        self.readings_kept = 0

    def propose(self) -> Direction:
        """The direction for an offer made now: a hold keeps sending, unless the far end has stopped (RFC 3264, 8.4)."""
        return self._describe(Direction.INACTIVE if self.remote_held else Direction.SENDONLY)

    def concede(self) -> Direction:
        """The most we want in an answer made now; what the far end offers narrows it further."""
        return self._describe(Direction.SENDONLY)

    def want_held(self, held: bool) -> None:
        """The user holds or retrieves; a refusal of something earlier is forgotten."""
        self.held = held
        self.refused = False

    def _describe(self, when_held: Direction) -> Direction:
        self.proposed = self.held
        self.stale = False
        self.described = when_held if self.held else Direction.SENDRECV
        return self.described


def _as_heard(quality: Quality | None) -> tuple[object, ...] | None:
    return None if quality is None else (quality.codec, quality.bars, quality.cause, quality.lost)
