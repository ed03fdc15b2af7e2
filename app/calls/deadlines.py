"""The deadlines of the call model: their lengths, and their names at the timer port."""

from __future__ import annotations

import enum

from app.model.ids import CallId

EARLY_MEDIA_SECONDS = 1.0
"""How long an announced in-band ringback may stay away before the phone plays its own (RFC 3960, 3.2)."""
QUALITY_SECONDS = 2.0
"""How often the figures of running calls are looked at."""
SPEAKER_SECONDS = 0.2
"""How often a conference is looked at for who talks: as often as the engine publishes its counters."""
LEVELS_SECONDS = 0.2
"""How often level meters move while somebody looks at them."""
WATCH_SECONDS = 300.0
"""How long nobody has to say that he still looks."""
TRANSFER_SECONDS = 60.0
"""How long the PBX may take for a transfer before the call is offered back."""
PICKUP_SECONDS = 10.0
"""How long a call that is picked up may take to come, so that it is answered by itself."""
RECALL_SECONDS = 10.0
"""How long a held call stays quiet after the handset was put down, before it rings back."""
LOSS_TONE_SECONDS = 1.0
"""How long a call may be without signalling before a tone says so: a change of address is over sooner."""
RECONNECT_PAUSE_SECONDS = 1.0
LONGEST_RECONNECT_PAUSE_SECONDS = 16.0
"""How long after an attempt to set a lost call up anew the next one follows: first and, as it doubles, at most."""
BEEP_SECONDS = 1.0
"""How long the reminder of a held call has for its beep, and an announced call for its tone."""


class Deadline(enum.StrEnum):
    """What a deadline is for. Those of a call carry its name after a colon."""

    ANNOUNCEMENT = "announcement"
    EARLY_MEDIA = "early-media"
    ENDED = "ended"
    LEVELS = "levels"
    LOSS_TONE = "loss-tone"
    HOLD_REMINDER = "hold-reminder"
    OFF_HOOK = "off-hook"
    PICKUP = "pickup"
    QUALITY = "quality"
    RECALL = "recall"
    RECONNECT = "reconnect"
    """A lost call is set up anew once more."""
    RECONNECT_TIME = "reconnect-time"
    """A lost call is given up."""
    SPEAKER = "speaker"
    TRANSFER = "transfer"

    def of(self, call: CallId) -> str:
        """The name of this call's deadline."""
        return f"{self.value}:{call}"


def parse(name: str) -> tuple[Deadline, CallId]:
    """What a fired name was for. Raises ValueError for one that is not ours."""
    kind, _, call = name.partition(":")
    return Deadline(kind), CallId(call)
