"""What every call of a line shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.model.ids import LineId
from app.model.signalling import SignallingEvent
from app.signalling.pbxsignal.config import Patience
from app.signalling.pbxsignal.messages import AnySignal, RegisterResult
from app.signalling.schedule import Schedule
from app.signalling.tally import Tally


@dataclass(frozen=True)
class Surroundings:
    """One line, as its calls see it. `guid` names this phone; `facts` is what the PBX told when we registered."""

    line: LineId
    user: Callable[[], str]
    guid: str
    schedule: Schedule
    patience: Patience
    tally: Tally
    send: Callable[[int, AnySignal], None]
    post: Callable[[SignallingEvent], None]
    facts: Callable[[], RegisterResult]
