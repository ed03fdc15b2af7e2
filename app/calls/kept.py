"""What outlives the process of the calls that are on: enough to show them, and to have their lines take them up again.

Only calls that were answered are kept. One that still rang ends with the process, as its far end will see.
"""

from __future__ import annotations

import msgspec

from app.calls.call import Call
from app.calls.conference import Conference
from app.calls.leg import Leg
from app.calls.ports import SignallingLine
from app.calls.stream import Stream
from app.model.history import CallDirection
from app.model.ids import CallId, LegId, LineId, StreamId
from app.model.media import AudioPath
from app.model.party import Party
from app.model.signalling import CallOptions


class KeptLeg(msgspec.Struct, frozen=True):
    """An answered leg with its stream, as `app.calls.leg.Leg` and `app.calls.stream.Stream` have them."""

    id: LegId
    line: LineId
    incoming: bool
    number: str
    options: CallOptions
    stream: StreamId
    held: bool
    told: bool
    remote_held: bool
    encrypted: bool


class KeptCall(msgspec.Struct, frozen=True):
    """An answered call. `began` and `connected_at` are monotonic seconds, which a new process goes on counting."""

    id: CallId
    leg: KeptLeg
    direction: CallDirection
    party: Party
    began: float
    connected_at: float
    emergency: bool
    from_help: bool
    guid: str
    info: str
    digits: str
    in_conference: bool
    muted: bool
    level_db: int
    record_wanted: bool | None


class KeptConference(msgspec.Struct, frozen=True):
    """The conference that the calls with `in_conference` are parties of."""

    began: float
    attended: bool


class KeptCalls(msgspec.Struct, frozen=True):
    """All answered calls, oldest first. `numbered` is how many names were given to calls, legs and streams."""

    calls: tuple[KeptCall, ...]
    conference: KeptConference | None
    numbered: int
    muted: bool
    path: AudioPath


def keep_call(call: Call) -> KeptCall | None:
    """None for a call that is not answered, or has ended."""
    leg = call.leg
    if call.connected_at is None or call.ending is not None or not leg.signalled:
        return None
    return KeptCall(
        id=call.id,
        leg=_keep_leg(leg),
        direction=call.direction,
        party=call.party,
        began=call.began,
        connected_at=call.connected_at,
        emergency=call.emergency,
        from_help=call.from_help,
        guid=call.guid,
        info=call.info,
        digits=call.digits,
        in_conference=call.conference is not None,
        muted=call.muted,
        level_db=call.level_db,
        record_wanted=call.record_wanted,
    )


def _keep_leg(leg: Leg) -> KeptLeg:
    return KeptLeg(
        id=leg.id,
        line=leg.line.id,
        incoming=leg.incoming,
        number=leg.number,
        options=msgspec.structs.replace(leg.options, replaces=None, referred=None),
        stream=leg.stream.id,
        held=leg.stream.held,
        told=leg.stream.told,
        remote_held=leg.stream.remote_held,
        encrypted=leg.stream.encrypted,
    )


def restored_call(kept: KeptCall, line: SignallingLine, conference: Conference | None) -> Call:
    """The call as it was, without its signalling: it waits for `ReconnectDue`."""
    return Call(
        kept.id,
        _restored_leg(kept.leg, line),
        kept.direction,
        kept.party,
        kept.began,
        emergency=kept.emergency,
        from_help=kept.from_help,
        guid=kept.guid,
        connected_at=kept.connected_at,
        info=kept.info,
        digits=kept.digits,
        conference=conference if kept.in_conference else None,
        muted=kept.muted,
        level_db=kept.level_db,
        record_wanted=kept.record_wanted,
    )


def _restored_leg(kept: KeptLeg, line: SignallingLine) -> Leg:
    stream = Stream(
        kept.stream,
        held=kept.held,
        told=kept.told,
        remote_held=kept.remote_held,
        encrypted=kept.encrypted,
        running=True,
        began=True,
        stale=True,
    )
    leg = Leg(kept.id, line, stream, kept.incoming, number=kept.number, options=kept.options)
    leg.connected = leg.signalled = leg.lost = True
    return leg
