"""What outlives the process of a line: the names by which its calls are found again."""

from __future__ import annotations

import msgspec

from app.model.ids import LegId
from app.model.party import Party
from app.signalling.pbxsignal.facilities import ReconnectInfo


class KeptCall(msgspec.Struct, frozen=True):
    """An answered call, as `app.signalling.pbxsignal.call.Call` and its `Names` have it."""

    leg: LegId
    party: Party
    conference: str
    identity: str
    ours: str
    theirs: ReconnectInfo | None


class KeptLine(msgspec.Struct, frozen=True):
    """All answered calls of a line that have names."""

    calls: tuple[KeptCall, ...]
