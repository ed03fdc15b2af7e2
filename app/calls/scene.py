"""What should be heard now, worked out afresh from the calls and the desk each time something changes."""

from __future__ import annotations

from app.calls.board import Board
from app.calls.call import Call
from app.calls.channels import Channels
from app.calls.desk import Desk
from app.calls.recording import recorded
from app.calls.rules import CallRules
from app.model.ids import StreamId
from app.model.media import RECALL, EarTone, PartyMix, Ring, Scene
from app.model.snapshot import CallState


def compose(board: Board, channels: Channels, desk: Desk, rules: CallRules) -> Scene:
    """The scene for these calls and channels at this desk, by these rules."""
    foreground = board.foreground
    talking, connected = _streams(board)
    if not talking and foreground is None:
        talking = connected = channels.talking
    ring = None if channels.talking else _ring(board, desk, foreground, rules)
    return Scene(
        talking=talking,
        connected=connected,
        apart=tuple(call.leg.stream.id for call in board.parties if call.stepped_out and _heard(call)),
        mixes=tuple(
            PartyMix(call.leg.stream.id, float(call.level_db), call.muted)
            for call in board.parties
            if call.muted or call.level_db
        ),
        recorded=recorded(board, rules.recording),
        tone=None if ring is not None else _tone(board, channels, desk, foreground),
        ring=ring,
        muted=channels.muted if channels.talking else desk.muted or _left(desk, foreground),
        off_hook=desk.off_hook,
    )


def _streams(board: Board) -> tuple[tuple[StreamId, ...], tuple[StreamId, ...]]:
    foreground = board.foreground
    if foreground is not None:
        connected = tuple(call.leg.stream.id for call in board.attended if _heard(call))
        early = foreground.leg.signalled and foreground.leg.stream.running and foreground.connected_at is None
        return ((foreground.leg.stream.id,) if early else connected), connected
    ended = board.ended
    if ended is not None and ended.ending is not None and ended.ending.far_tone and board.ringing is None:
        return (ended.leg.stream.id,), ()
    return (), ()


def _left(desk: Desk, foreground: Call | None) -> bool:
    return foreground is not None and foreground.id in desk.left


def _heard(call: Call) -> bool:
    """Whether a call is answered and not held, and has a leg: that which takes over may not be settled yet."""
    return call.state is CallState.CONNECTED and call.leg.signalled


def _ring(board: Board, desk: Desk, foreground: Call | None, rules: CallRules) -> Ring | None:
    if foreground is not None or desk.silenced:
        return None
    call = board.ringing
    if rules.silent and (call is None or not call.from_help):
        return None
    if call is not None:
        return Ring(alert_info=call.alert_info, number=call.party.number)
    return Ring(alert_info=RECALL) if desk.recalling else None


def _tone(board: Board, channels: Channels, desk: Desk, foreground: Call | None) -> EarTone | None:
    if foreground is not None:
        return _call_tone(board, desk, foreground)
    if channels.talking and (board.ringing is not None or desk.recalling):
        return None if desk.silenced else EarTone.CALL_WAITING
    if board.ringing is not None:
        return None
    ended = board.ended
    if ended is not None and ended.ending is not None:
        return ended.ending.tone
    if board.aside:
        return EarTone.HOLD_REMINDER if desk.reminding else None
    return _dial_tone(board) if desk.off_hook_tone is EarTone.DIAL else desk.off_hook_tone


def _dial_tone(board: Board) -> EarTone:
    """The tone that says whether messages wait (ITU-T E.182: special dial tone)."""
    waiting = any(told.messages.waiting for told in board.services.values())
    return EarTone.SPECIAL_DIAL if waiting else EarTone.DIAL


def _referred_rings(call: Call) -> bool:
    """Whether who passed the call on has gone, and it rings where he passed it."""
    left = call.successor is not None and call.successor.referral and not call.leg.signalled
    return left and call.alerting


def _call_tone(board: Board, desk: Desk, call: Call) -> EarTone | None:
    state = call.state
    if desk.announced == call.id:
        return EarTone.ANNOUNCEMENT
    if state is CallState.CONNECTED:
        if board.ringing is not None and not desk.silenced:
            return EarTone.CALL_WAITING
        if _referred_rings(call):
            return EarTone.RINGBACK
        return EarTone.RECONNECTING if any(each.loss_heard for each in board.attended) else None
    if state is CallState.RINGBACK:
        return None if call.far_ringback or call.leg.stream.began else EarTone.RINGBACK
    if state is CallState.DIALLING and not call.party.number and not call.leg.stream.running:
        return _dial_tone(board)
    return None
