"""A finished call as the call list keeps it."""

from __future__ import annotations

import enum

import msgspec

from app.model.party import Party


class CallDirection(enum.StrEnum):
    """Who began the call."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class CallRecord(msgspec.Struct, frozen=True):
    """One row of the call list. `began` is seconds since the epoch (UTC), `seconds` the talking time."""

    direction: CallDirection
    party: Party
    began: float
    seconds: float
    answered: bool
    cause: int
    line: str = ""
    seen: bool = True
    """False for a missed call nobody has looked at."""
    row: int = 0
    """The list's own number of this row; 0 before it is stored."""
    guid: str = ""
    """The conversation's name at the PBX, 32 hexadecimal digits; empty where the line has none."""

    @property
    def missed(self) -> bool:
        """True for an incoming call that nobody took."""
        return self.direction is CallDirection.INCOMING and not self.answered
