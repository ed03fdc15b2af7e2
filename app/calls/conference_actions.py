"""What the user may ask of a conference: each request is allowed and carried out, or refused with advice."""

from __future__ import annotations

from app.calls.bridge import Bridge
from app.calls.call import Call
from app.calls.conference import LEVELS_DB
from app.calls.refusals import EMERGENCY, NO_HOLD, NOT_CONNECTED
from app.calls.switch import Switch
from app.model.ids import CallId
from app.model.refusal import Refusal
from app.model.signalling import Executor
from app.model.snapshot import CallState

_NOBODY_ASIDE = Refusal("There is no second call", "Call somebody first, or take a held call back.")
_NOT_IN_CALL = Refusal("You are in no call", "Take a held call back first.")
_NOT_ON_LINE = Refusal("Calls on this line cannot be joined", "Talk to one after the other.")
_NO_CONFERENCE = Refusal("No conference is on")
_NO_PARTY = Refusal("This call is in no conference", "Join it first.")
_NO_LEVEL = Refusal("A party cannot be made as soft or loud as that", "Choose -12 to 12 dB.")
_NO_LEAVING = Refusal(
    "The conference runs in this phone and ends when you leave", "Hold it to step out, or end it for all."
)


class ConferenceActions:
    """The user's hands on the conference. Every method returns None when done, or why not."""

    def __init__(self, switch: Switch, bridge: Bridge) -> None:
        self._switch = switch
        self._board = switch.board
        self._bridge = bridge

    def join(self, call_id: CallId | None, now: float) -> Refusal | None:
        """Bring a call that lies aside together with the one the user is in."""
        aside, own = self._board.aside, self._board.foreground
        other = (aside[-1] if aside else None) if call_id is None else self._board.calls.get(call_id)
        if self._board.emergency:
            return EMERGENCY
        if other is None or not other.aside:
            return _NOBODY_ASIDE
        if own is None:
            return _NOT_IN_CALL
        if own.state is not CallState.CONNECTED:
            return NOT_CONNECTED
        if Executor.NONE in {call.leg.line.capabilities.conference for call in (own, other)}:
            return _NOT_ON_LINE
        self._bridge.join(own, other, now)
        return None

    def split(self, call_id: CallId) -> Refusal | None:
        """Talk with one party alone; whatever the user is in besides goes aside."""
        call = self._party(call_id)
        if call is None:
            return _NO_PARTY
        foreground = self._board.foreground
        if foreground is not None and foreground.conference is None:
            if foreground.state is not CallState.CONNECTED:
                return NOT_CONNECTED
            if foreground.leg.line.capabilities.hold is Executor.NONE:
                return NO_HOLD
            self._switch.hold(foreground)
        self._bridge.take_out(call)
        return None

    def mute_party(self, call_id: CallId, *, muted: bool) -> Refusal | None:
        """Let nobody hear a party, or let it be heard again."""
        call = self._party(call_id)
        if call is None:
            return _NO_PARTY
        call.muted = muted
        return None

    def set_party_level(self, call_id: CallId, level_db: int) -> Refusal | None:
        """Make a party softer or louder for all others."""
        call = self._party(call_id)
        if call is None:
            return _NO_PARTY
        if level_db not in LEVELS_DB:
            return _NO_LEVEL
        call.level_db = level_db
        return None

    def leave(self) -> Refusal | None:
        """Let the PBX join the two parties; it clears both calls when it has."""
        if self._board.conference is None:
            return _NO_CONFERENCE
        if not self._bridge.can_leave:
            return _NO_LEAVING
        first, second = self._board.parties
        first.leg.line.join(first.leg.id, second.leg.id)
        return None

    def _party(self, call_id: CallId) -> Call | None:
        call = self._board.calls.get(call_id)
        if call is None or call.conference is None or call.ending is not None:
            return None
        return call
