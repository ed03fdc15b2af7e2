"""Taking calls of the group, parked ones included: the PBX is asked for one, and the call it then sends is answered.

Only what the user asked for is answered by itself: a PBX, or whoever speaks in its name, could listen in otherwise.
"""

from __future__ import annotations

from app.calls import endings
from app.calls.actions import Actions
from app.calls.deadlines import PICKUP_SECONDS, Deadline
from app.calls.ports import SignallingLine
from app.calls.refusals import STILL_CALLING
from app.calls.switch import Switch
from app.model.cause import Cause
from app.model.ids import LineId
from app.model.refusal import Refusal
from app.model.signalling import Executor, PickUpRefused, SetupIndicated

_NO_PICKUP = Refusal("Calls of others cannot be taken on this line")
_GONE = Refusal("This call cannot be taken any more", "Somebody was faster, or the caller has hung up.")


class PickUps:
    """The one call of the group that the user has asked for, until it comes or is refused."""

    def __init__(self, switch: Switch, actions: Actions) -> None:
        self._switch = switch
        self._actions = actions
        self._asked: tuple[LineId, str] | None = None

    def ask(self, line_id: LineId, call: str) -> Refusal | None:
        """Take a call that the line's PBX has told of."""
        line = self._switch.lines.get(line_id)
        if line is None or line.capabilities.pickup is Executor.NONE:
            return _NO_PICKUP
        told = self._switch.board.services.get(line_id)
        if told is None or not any(each.id == call and each.can_be_taken for each in told.group_calls):
            return _GONE
        refusal = self._actions.may_begin(line)
        if refusal is not None:
            return refusal
        foreground = self._switch.board.foreground
        if foreground is not None and foreground.connected_at is None:
            return STILL_CALLING
        self._asked = (line_id, call)
        self._switch.board.tell_notice(line_id, "")
        self._switch.timers.start(Deadline.PICKUP, PICKUP_SECONDS)
        line.pick_up(call)
        return None

    def came(self, setup: SetupIndicated) -> bool:
        """Whether this is the call that was asked for; if so, nothing is asked for any more."""
        if not setup.picked or self._asked != (setup.line, setup.picked):
            return False
        self._forget()
        return True

    def take(self, setup: SetupIndicated, line: SignallingLine, now: float) -> None:
        """Answer it; where the user's present call cannot be left it knocks."""
        call = self._switch.receive(setup, line, now)
        if self._actions.answer(call.id, now) is not None:
            self._switch.alert(call)

    def refused(self, event: PickUpRefused) -> None:
        """The PBX does not give it."""
        if self._asked == (event.line, event.call):
            self._fail(event.line, endings.words(event.cause, event.text))

    def elapsed(self) -> None:
        """The PBX has said nothing; a call that still comes only rings."""
        if self._asked is not None:
            self._fail(self._asked[0], endings.words(Cause.RECOVERY_ON_TIMER_EXPIRY))

    def _fail(self, line: LineId, words: str) -> None:
        self._forget()
        self._switch.board.tell_notice(line, f"Not picked up: {words}")

    def _forget(self) -> None:
        self._asked = None
        self._switch.timers.stop(Deadline.PICKUP)
