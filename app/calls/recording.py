"""Which calls are recorded, and what the user may say about it."""

from __future__ import annotations

from app.calls.board import Board
from app.calls.call import Call
from app.calls.refusals import NO_CALL, NOT_CONNECTED
from app.calls.rules import RecordingRules
from app.model.dialplan import is_external
from app.model.history import CallDirection
from app.model.ids import CallId
from app.model.media import Recorded
from app.model.refusal import Refusal
from app.model.snapshot import RecordingView

_NOWHERE = Refusal("This phone has nowhere to record calls to", "Have the administrator set recording.url.")
_NOT_ALLOWED = Refusal("Whether a call is recorded is not yours to say here", "Ask the administrator.")


def recorded(board: Board, rules: RecordingRules) -> tuple[Recorded, ...]:
    """The calls that are to be recorded now: answered ones, also while they are held."""
    return tuple(
        Recorded(call.leg.stream.id, call.id, call.party, call.direction is CallDirection.INCOMING, call.guid)
        for call in board.live
        if call.connected_at is not None and wanted(call, rules)
    )


def wanted(call: Call, rules: RecordingRules) -> bool:
    """Whether this call shall be recorded: the user's word where he may say it, else what is usual for such a call."""
    if not rules.possible:
        return False
    if rules.user_control and call.record_wanted is not None:
        return call.record_wanted
    return rules.by_default and (not rules.external_only or _external(call, rules))


def view(call: Call, rules: RecordingRules) -> RecordingView:
    """How a call stands with its recording, for surfaces."""
    alive = call.ending is None
    return RecordingView(
        running=call.recording and alive,
        wanted=alive and wanted(call, rules),
        allowed=alive and rules.possible and rules.user_control,
    )


def say(board: Board, rules: RecordingRules, call_id: CallId | None, *, on: bool) -> Refusal | None:
    """The user wants a call (None: what he is in) recorded, or no longer."""
    if not rules.possible:
        return _NOWHERE
    if not rules.user_control:
        return _NOT_ALLOWED
    meant = board.attended if call_id is None else tuple(call for call in board.live if call.id == call_id)
    if not meant:
        return NO_CALL
    if any(call.connected_at is None for call in meant):
        return NOT_CONNECTED
    for call in meant:
        call.record_wanted = on
    return None


def _external(call: Call, rules: RecordingRules) -> bool:
    """What the PBX says of the call counts before the number (RFC 7462, 8.2.1)."""
    for word, external in (("urn:alert:source:internal", False), ("urn:alert:source:external", True)):
        if word in call.alert_info.lower():
            return external
    return is_external(call.party.number, rules.internal_digits)
