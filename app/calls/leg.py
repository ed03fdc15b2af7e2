"""One connection to a signalling speaker."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from app.calls.ports import SignallingLine
from app.calls.stream import Stream
from app.model.ids import LegId
from app.model.party import Party
from app.model.session import SessionDescription
from app.model.signalling import CallOptions


class Exchange(enum.Enum):
    """The offer/answer exchange a leg is in (RFC 3264, 4); there is at most one at a time."""

    NONE = enum.auto()
    SETUP = enum.auto()
    """Our first offer is being made, or waits for its final answer."""
    CONNECT = enum.auto()
    """The description that our connect carries is being made."""
    CONNECT_SENT = enum.auto()
    """Our connect carried an offer; its answer is still to come."""
    OFFER = enum.auto()
    """A new offer of ours is being made."""
    OFFER_SENT = enum.auto()
    ANSWER = enum.auto()
    """The far end offered anew, our answer is being made."""
    WANTED = enum.auto()
    """The far end asked for an offer, which is being made."""
    WANTED_SENT = enum.auto()
    TAKING = enum.auto()
    """The far end's answer is with the media room."""


@dataclass(eq=False)
class Leg:
    """A call's connection through one line. A call may change legs; a leg never changes calls or streams."""

    id: LegId
    line: SignallingLine
    stream: Stream
    incoming: bool
    exchange: Exchange = Exchange.NONE
    connected: bool = False
    signalled: bool = False
    """The line knows of this leg, so that its end has to be signalled too."""
    offer: SessionDescription | None = None
    """The far end's first offer until it is answered, later one that came a moment too early."""
    offer_wanted: bool = False
    """The far end asked for an offer a moment too early."""
    lost: bool = False
    """Its signalling is gone: what there is to tell the far end waits until it is back."""
    due: bool = False
    """Lost, but now it can be taken up again."""
    number: str = ""
    """What to dial, until the setup is sent; digits for overlap sending are added meanwhile."""
    party: Party | None = None
    """Who is there when it takes over a call, where that is somebody else than before."""
    options: CallOptions = field(default_factory=CallOptions)

    @property
    def referral(self) -> bool:
        """True where the far end of another leg wanted it; else what takes a call over is the same far end again."""
        return self.options.referred is not None

    @property
    def settled(self) -> bool:
        """True when nothing is under way between the two ends."""
        return self.exchange is Exchange.NONE
