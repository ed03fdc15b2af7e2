"""The states of a call in Q.931."""

from __future__ import annotations

import enum


class State(enum.Enum):
    """Q.931, 2.1.1, seen from the user."""

    INITIATED = 1
    OVERLAP_SENDING = 2
    PROCEEDING = 3
    DELIVERED = 4
    PRESENT = 6
    RECEIVED = 7
    ACTIVE = 10
    DISCONNECTED = 12
    RELEASED = 19


EARLY = frozenset({State.INITIATED, State.OVERLAP_SENDING, State.PROCEEDING, State.DELIVERED})
RINGING = frozenset({State.PRESENT, State.RECEIVED})
