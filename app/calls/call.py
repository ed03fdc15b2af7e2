"""A call: its identity, and what the user sees of it."""

from __future__ import annotations

from dataclasses import dataclass

from app.calls.conference import Conference
from app.calls.leg import Leg
from app.model.cause import Cause
from app.model.history import CallDirection, CallRecord
from app.model.ids import CallId
from app.model.media import EarTone
from app.model.party import Party
from app.model.snapshot import CallState, CallView, RecordingView

DIGITS_SHOWN = 64
"""How many of the last DTMF digits a call keeps for the display."""


@dataclass(frozen=True)
class Ending:
    """How a call came to its end, as long as that is shown. `until` is a monotonic second."""

    cause: Cause
    until: float
    tone: EarTone | None = None
    """Our own tone for it; None when the far end's tone plays, or nobody would hear it."""
    far_tone: bool = False
    """The far end's tone still plays in the stream (Q.931 DISCONNECT with in-band information)."""


@dataclass(eq=False)
class Call:
    """One call of the user. `began` and `connected_at` are monotonic seconds."""

    id: CallId
    leg: Leg
    direction: CallDirection
    party: Party
    began: float
    emergency: bool = False
    from_help: bool = False
    """Help may be calling back."""
    waiting: bool = False
    alert_info: str = ""
    successor: Leg | None = None
    """A leg that takes over as soon as its media is settled (RFC 3891 Replaces)."""
    dialling: bool = False
    alerting: bool = False
    far_ringback: bool = False
    """The far end said that its own tone is in the stream; ours stays silent until that proves untrue."""
    answering: bool = False
    referrals: int = 0
    """How often its far ends have had us call somebody else."""
    deflected_to: str = ""
    """The user sends it elsewhere, and the line has not said yet what came of it."""
    guid: str = ""
    """The conversation's name at the PBX; empty where the line has none."""
    connected_at: float | None = None
    ending: Ending | None = None
    notice: str = ""
    info: str = ""
    """What an app knows about it, in words."""
    attempts: int = 0
    """How often it was set up anew since its signalling was lost."""
    loss_heard: bool = False
    """It has been without signalling for so long that a tone should say so."""
    digits: str = ""
    conference: Conference | None = None
    """The conference this call is a party of; `muted` and `level_db` hold in it."""
    muted: bool = False
    level_db: int = 0
    record_wanted: bool | None = None
    """The user's word on whether to record it; None while he has said nothing."""
    recording: bool = False
    """Its packets are being written to a recording."""

    @property
    def state(self) -> CallState:
        """Where the call stands."""
        if self.ending is not None:
            return CallState.ENDED
        if self.connected_at is not None:
            return CallState.HELD if self.leg.stream.held else CallState.CONNECTED
        if self.direction is CallDirection.INCOMING:
            return CallState.INCOMING
        if self.dialling:
            return CallState.DIALLING
        return CallState.RINGBACK if self.alerting else CallState.CALLING

    @property
    def untaken(self) -> bool:
        """True for an incoming call that the user has not answered, whether it rings or is being sent on."""
        return self.state is CallState.INCOMING and not self.answering

    @property
    def ringing(self) -> bool:
        """True while an incoming call waits for the user's word."""
        return self.untaken and not self.deflected_to

    @property
    def with_help(self) -> bool:
        """True where help is at the other end, or may be: no rule for other calls is to keep it away."""
        return self.emergency or self.from_help

    @property
    def foreground(self) -> bool:
        """True for a call the user is in: talking, or on its way out, or just being answered."""
        state = self.state
        if self.stepped_out:
            return False
        return state in _FOREGROUND or (state is CallState.INCOMING and self.answering)

    @property
    def stepped_out(self) -> bool:
        """True for a party of the conference while that goes on without the user."""
        return self.conference is not None and not self.conference.attended

    @property
    def aside(self) -> bool:
        """True for a call the user can come back to: held, or going on without him."""
        if self.conference is None:
            return self.state is CallState.HELD
        return self.stepped_out and self.ending is None

    @property
    def may_end_with_tone(self) -> bool:
        """Whether the user would hear a tone at its end: he took the call, and no conference goes on without it."""
        return self.ending is None and not self.ringing and self.conference is None

    @property
    def reconnecting(self) -> bool:
        """True while the call's signalling is lost."""
        return self.leg.lost and self.ending is None

    @property
    def legs(self) -> tuple[Leg, ...]:
        """All legs under this call, the one in use first."""
        return (self.leg,) if self.successor is None else (self.leg, self.successor)

    def view(self, recording: RecordingView) -> CallView:
        """The call as surfaces see it."""
        stream = self.leg.stream
        alive = self.ending is None
        return CallView(
            id=self.id,
            line=self.leg.line.id,
            direction=self.direction,
            state=self.state,
            party=self.party,
            connected_at=self.connected_at,
            remote_held=stream.remote_held and alive,
            reconnecting=self.reconnecting,
            waiting=self.waiting and self.ringing,
            emergency=self.emergency,
            encrypted=stream.encrypted and alive,
            changing=alive and self._changing,
            cause=None if self.ending is None else int(self.ending.cause),
            notice=self.notice,
            info=self.info,
            guid=self.guid,
            quality=stream.quality if alive else None,
            digits=self.digits,
            in_conference=self.conference is not None,
            muted=self.muted,
            level_db=self.level_db,
            recording=recording,
        )

    def record(self, now: float, wall_began: float, cause: Cause, *, seen: bool) -> CallRecord:
        """The call as the call list keeps it; `wall_began` is its begin in seconds since the epoch."""
        talked = 0.0 if self.connected_at is None else max(0.0, now - self.connected_at)
        return CallRecord(
            direction=self.direction,
            party=self.party,
            began=wall_began,
            seconds=talked,
            answered=self.connected_at is not None,
            cause=int(cause),
            line=str(self.leg.line.id),
            seen=seen,
            guid=self.guid,
        )

    @property
    def _changing(self) -> bool:
        if self.connected_at is None:
            return self.answering or bool(self.deflected_to)
        if self.leg.lost:
            return False  # whatever the user does is done here at once, and told later
        return not self.leg.settled or self.successor is not None


_FOREGROUND = frozenset({CallState.CONNECTED, CallState.DIALLING, CallState.CALLING, CallState.RINGBACK})
