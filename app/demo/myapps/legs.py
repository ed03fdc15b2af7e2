"""What a call is made of: stations, and a leg at each of them. Legs may be replaced under a call."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from app.demo.myapps.guesses import NOBODY_CAUSE
from app.demo.myapps.installation import Subscriber
from app.demo.myapps.signals import Cau, Signal

MEDIA = -1
"""`channel` of a call with VoIP media."""


class Station(Protocol):
    """A phone that is registered, or whoever plays one."""

    @property
    def subscriber(self) -> Subscriber:
        """Whose it is."""

    @property
    def pbx(self) -> str:
        """The name of the PBX it is registered at."""

    @property
    def hardware(self) -> str:
        """Which device it is; empty when it does not say."""

    @property
    def takes_media(self) -> bool:
        """Whether it may be called by somebody who wants to talk."""

    def send(self, call: int, signal: Signal) -> None:
        """Take a message of the call with that number."""


@dataclass(eq=False)
class Leg:
    """One call at one station; `number` is how the two speak of it."""

    station: Station
    number: int
    call: Call | None = None
    identity: str = ""
    """By which a transfer speaks of it."""
    reconnects: bool = False
    """The phone has said that it takes up lost calls again."""
    lost: bool = False
    """Its phone or its PBX has gone; the call waits for either to come back."""
    resuming: Signal | None = None
    """The setup that this leg has taken another's place with, until it has been answered."""
    served: bool = False
    """A call between the phone and the PBX itself, which has no far end."""
    dialog: str = field(default_factory=lambda: secrets.token_hex(16))
    """`callId`, by which those hear of it who watch the user's calls."""
    finished: Callable[[], None] | None = None
    """What to do when such a call is over."""

    @property
    def subscriber(self) -> Subscriber:
        """Whose phone it is at."""
        return self.station.subscriber

    def send(self, signal: Signal) -> None:
        """Tell the station, if it is there."""
        if not self.lost:
            self.station.send(self.number, signal)

    def release(self, cause: int) -> None:
        """Tell the station that it is over."""
        self.send(Signal("rel", cau=Cau(cause)))


class Diversion(NamedTuple):
    """One step of a call from where it was sent to."""

    reason: str
    redirecting: Subscriber
    nominated: Subscriber


class ParkPlace(NamedTuple):
    """A position at a user."""

    subscriber: Subscriber
    position: int


@dataclass(eq=False)
class Call:
    """Somebody calls somebody. With `answered` the ringing is over."""

    pbx: str
    caller: Leg
    setup: Signal
    ringing: list[Leg] = field(default_factory=list)
    answered: Leg | None = None
    cause: int = NOBODY_CAUSE
    """Why the last phone that rang did not take it."""
    transfer: Leg | None = None
    """Who waits for hearing whether his blind transfer has come through."""
    before: Call | None = None
    """The call that a blind transfer began in, until it has come through; its peer talks there so long."""
    onward: Call | None = None
    """The blind transfer of this call that is on its way."""
    moved: bool = False
    """The caller talks already: he is never told of alert and conn, only of new media."""
    alerted: bool = False
    """Some phone has rung."""
    identity: str = field(default_factory=lambda: secrets.token_hex(16))
    """By which others may pick it: `callId` of its caller's leg, if that was set up with one."""
    conference: str = field(default_factory=lambda: secrets.token_hex(16))
    """`confId` of all legs."""
    reconnect_ids: list[str] = field(default_factory=lambda: [secrets.token_hex(16)])
    """By which a setup may take a leg's place: the PBX's own, then those that phones have given; the last is told."""
    began: float = field(default_factory=time.monotonic)
    resumes: bool = False
    """It takes the place of a call that was lost, and waits for a phone that is not there yet."""
    diversions: list[Diversion] = field(default_factory=list)
    """By which it has come to whom it is for now, the first of them first."""
    parked: ParkPlace | None = None
    """Where it waits; its caller is whoever was parked."""
    called: Subscriber | None = None
    """Whose phones ring, or whose phone has answered."""
    hardware: str = ""
    """Of a call that resumes: the device that the lost call was at."""

    @property
    def legs(self) -> tuple[Leg, ...]:
        """All of them."""
        return (self.caller, *self.ringing, *([self.answered] if self.answered else []))

    @property
    def talkers(self) -> tuple[Leg, ...]:
        """Both sides of a call that was answered, or nobody."""
        return (self.caller, self.answered) if self.answered else ()

    def peer(self, leg: Leg) -> Leg | None:
        """The far end of a call that was answered."""
        return self.answered if leg is self.caller else self.caller if leg is self.answered else None

    def put(self, new: Leg, old: Leg) -> None:
        """Put a leg in the place of another."""
        if old is self.caller:
            self.caller = new
        elif old is self.answered:
            self.answered = new
        else:
            self.ringing[self.ringing.index(old)] = new
        old.call, new.call = None, self
