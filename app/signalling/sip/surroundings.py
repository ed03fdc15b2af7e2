"""What every call of a line shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.model.ids import LegId
from app.model.signalling import SignallingEvent
from app.signalling.sip.dialog import DialogKey
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.session import Refusal, Session


class LegWatch(Protocol):
    """Who wants to know how legs fare that have lost their server."""

    def reconnected(self, leg: LegId) -> None:
        """The far end was heard again."""

    def not_reconnected(self, leg: LegId, refusal: Refusal) -> None:
        """An attempt came to nothing."""


@dataclass(frozen=True)
class Surroundings:
    """One line, as its calls see it: they enter their sessions in `sessions`, and `forget` frees a leg's name."""

    endpoint: Endpoint
    sessions: dict[DialogKey, Session]
    post: Callable[[SignallingEvent], None]
    forget: Callable[[LegId], None]
    watch: LegWatch
