"""Passing a call on: the call is held, somebody is called or only named, and the PBX brings the two together.

Whatever the path, the user may cancel, and is back in his call; a transfer that fails offers it back with words.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.calls import endings
from app.calls.actions import Actions
from app.calls.call import Call
from app.calls.deadlines import TRANSFER_SECONDS, Deadline
from app.calls.refusals import EMERGENCY, NO_CALL, NOT_CONNECTED
from app.calls.switch import Switch
from app.model import dialplan
from app.model.cause import Cause
from app.model.history import CallDirection
from app.model.ids import CallId
from app.model.party import Party
from app.model.refusal import Refusal
from app.model.services import TransferState, TransferView
from app.model.signalling import Executor, TransferResult
from app.model.snapshot import CallState

_NOT_HERE = Refusal("Calls on this line cannot be transferred", "Make a conference, or give the number.")
_ONE_ALREADY = Refusal("Another call is being transferred", "Finish or cancel that first.")
_IN_CONFERENCE = Refusal("A party of the conference cannot be transferred", "Talk with it alone first.")
_NO_TRANSFER = Refusal("No call is being transferred")
_NOBODY = Refusal("There is nobody to transfer the call to", "Enter a number, or call somebody first.")
_BAD_NUMBER = Refusal("This is not a number or an address", "Use digits, *, # and a leading +, or name@host.")
_ASKED = Refusal("The PBX is about to transfer the call", "Wait a moment, or cancel.")
_TWO_LINES = Refusal("The two calls are on different lines", "Make a conference of them.")
_ON_ITS_WAY = frozenset({CallState.CALLING, CallState.RINGBACK})


@dataclass(eq=False)
class Transfer:
    """What is being passed on, and to whom. `dialled`: the consultation was called for it, and ends with it."""

    call: Call
    consultation: Call | None = None
    dialled: bool = False
    number: str = ""
    asked: bool = False
    handed_over: bool = False
    """The user has put the handset down on it, and is in none of the two calls any more."""
    notice: str = ""

    @property
    def state(self) -> TransferState:
        """How far it is."""
        if self.asked:
            return TransferState.ASKED
        return TransferState.CHOOSING if self.consultation is None else TransferState.CONSULTING

    @property
    def target(self) -> Party:
        """Who is to have the call."""
        return Party(self.number) if self.consultation is None else self.consultation.party


class Transfers:
    """The user's hands on the one transfer there can be. `settle` is called after every event."""

    def __init__(self, switch: Switch, actions: Actions) -> None:
        self._switch = switch
        self._board = switch.board
        self._actions = actions
        self._transfer: Transfer | None = None

    # --- what the user does ---------------------------------------------------------------------------------

    def begin(self, call_id: CallId | None) -> Refusal | None:
        """Pass a call on (None: the one the user is in, else the newest held). With a second call, to that."""
        call = self._board.active if call_id is None else self._board.calls.get(call_id)
        refusal = self._may_begin(call)
        if refusal is not None or call is None:
            return refusal
        if self._transfer is not None:
            return None
        held = [each for each in self._board.aside if each is not call and each.conference is None]
        if call.state is CallState.CONNECTED and held and held[-1].leg.line.id == call.leg.line.id:
            self._transfer = Transfer(held[-1], consultation=call)
            return None
        refusal = None if call.state is CallState.HELD else self._actions.hold(call.id)
        if refusal is None:
            self._transfer = Transfer(call)
        return refusal

    def to_number(self, typed: str, call_id: CallId | None) -> Refusal | None:
        """Blind transfer: the PBX is to call the number."""
        number = dialplan.clean(typed)
        if not number:
            return _BAD_NUMBER if typed.strip() else _NOBODY
        if self._transfer is None:
            refusal = self.begin(call_id)
            if refusal is not None:
                return refusal
        transfer = self._transfer
        if transfer is None or transfer.asked or transfer.consultation is not None:
            return _ASKED if transfer is not None and transfer.asked else _ONE_ALREADY
        self._ask_for_number(transfer, number)
        return None

    def complete(self, now: float) -> Refusal | None:
        """Bring the call and the consultation together; one that still rings is named where it cannot be joined."""
        transfer = self._transfer
        if transfer is None:
            return _NO_TRANSFER
        if transfer.asked:
            return _ASKED
        consultation = transfer.consultation
        if consultation is None:
            return _NOBODY
        if not _can_complete(transfer):
            return NOT_CONNECTED
        line = transfer.call.leg.line
        if consultation.leg.line.id != line.id:
            return _TWO_LINES
        if consultation.connected_at is None and not line.capabilities.transfer_alerting:
            transfer.consultation = None
            self._switch.clear(consultation, Cause.NORMAL_CLEARING, now)
            self._ask_for_number(transfer, consultation.party.number)
            return None
        self._ask(transfer)
        line.join(transfer.call.leg.id, consultation.leg.id)
        return None

    def cancel(self, now: float) -> Refusal | None:
        """Back to the call, in whatever state: a consultation that was called for it ends."""
        transfer = self._transfer
        if transfer is None:
            return _NO_TRANSFER
        self._forget()
        if transfer.asked:
            transfer.call.leg.line.cancel_transfer(transfer.call.leg.id)
        if transfer.consultation is not None and not transfer.dialled:
            return None
        if transfer.consultation is not None:
            self._switch.clear(transfer.consultation, Cause.NORMAL_CLEARING, now)
        return self._actions.retrieve(transfer.call.id)

    def hand_over(self, now: float) -> bool:
        """The handset was put down: one call that is on and one that is held are brought together, where the line can.

        Else False, and a transfer that was being prepared is given up; the held call is left to ring back.
        """
        if self._transfer is None:
            self._transfer = self._of_two()
        transfer = self._transfer
        if transfer is None:
            return False
        if transfer.asked or self.complete(now) is None:
            transfer.handed_over = True
            both = (transfer.call, transfer.consultation)
            self._switch.desk.left = frozenset(call.id for call in both if call is not None)
            return True
        self._forget()
        return False

    def take_up(self) -> None:
        """Somebody lifts the handset before the PBX has done it, or nothing came of it: he is in the calls again."""
        if self._transfer is not None and self._transfer.handed_over:
            self._transfer.handed_over = False
            self._switch.desk.left = frozenset()

    # --- what comes of it -----------------------------------------------------------------------------------

    def result(self, call: Call, event: TransferResult, now: float) -> None:
        """The line's word on a transfer; on one that was cancelled only a success still matters."""
        transfer = self._transfer if self._transfer is not None and self._transfer.call is call else None
        if event.cause is not None:
            if transfer is not None and transfer.asked:
                self._failed(transfer, endings.words(event.cause, event.text), now)
            elif call.conference is not None:
                call.notice = f"Not transferred: {endings.words(event.cause, event.text)}"
            return
        label = "" if transfer is None or event.withdrawn else transfer.target.label
        if transfer is not None:  # else another call is being transferred, or none
            self._forget()
            if transfer.consultation is not None and not event.withdrawn:
                self._switch.clear(transfer.consultation, Cause.NORMAL_CLEARING, now)
        self._switch.finish(call, f"Transferred to {label}" if label else "Transferred", now)

    def elapsed(self, now: float) -> None:
        """Nobody has said anything for too long."""
        if self._transfer is not None and self._transfer.asked:
            leg = self._transfer.call.leg
            leg.line.cancel_transfer(leg.id)
            self._failed(self._transfer, endings.words(Cause.RECOVERY_ON_TIMER_EXPIRY), now)

    def settle(self) -> None:
        """See what became of the calls: a consultation that ended offers the call back, another call ends this."""
        transfer = self._transfer
        if transfer is None:
            return
        call, consultation = transfer.call, transfer.consultation
        if not self._alive(call) or call.conference is not None:
            self._forget()
        elif consultation is not None and not self._alive(consultation):
            self._consultation_ended(transfer, consultation)
        elif consultation is None and not transfer.asked:
            self._follow_foreground(transfer)

    @property
    def view(self) -> TransferView | None:
        """The transfer as surfaces see it."""
        transfer = self._transfer
        if transfer is None:
            return None
        consultation = transfer.consultation
        return TransferView(
            state=transfer.state,
            call=transfer.call.id,
            consultation=None if consultation is None else consultation.id,
            target=transfer.target,
            can_complete=not transfer.asked and _can_complete(transfer),
            notice=transfer.notice,
        )

    # --- steps ----------------------------------------------------------------------------------------------

    def _may_begin(self, call: Call | None) -> Refusal | None:
        if call is None or call.ending is not None:
            return NO_CALL
        if self._board.emergency:
            return EMERGENCY
        if call.conference is not None:
            return _IN_CONFERENCE
        if call.state not in (CallState.CONNECTED, CallState.HELD):
            return NOT_CONNECTED
        if call.leg.line.capabilities.transfer is Executor.NONE:
            return _NOT_HERE
        running = self._transfer
        return _ONE_ALREADY if running is not None and call not in (running.call, running.consultation) else None

    def _ask_for_number(self, transfer: Transfer, number: str) -> None:
        transfer.number = number
        self._ask(transfer)
        transfer.call.leg.line.transfer(transfer.call.leg.id, number)

    def _ask(self, transfer: Transfer) -> None:
        transfer.asked = True
        transfer.notice = ""
        self._switch.timers.start(Deadline.TRANSFER, TRANSFER_SECONDS)

    def _of_two(self) -> Transfer | None:
        """The held call and the one that the user is in as a transfer; None where there are others, or none can be."""
        foreground, aside = self._board.foreground, self._board.aside
        if foreground is None or len(aside) != 1 or foreground.conference is not None:
            return None
        same_line = foreground.leg.line.id == aside[0].leg.line.id
        if not same_line or self._may_begin(aside[0]) is not None:
            return None
        return Transfer(aside[0], consultation=foreground)

    def _failed(self, transfer: Transfer, words: str, now: float) -> None:
        if transfer.handed_over:
            self._ring_back(transfer, words, now)
            return
        self._switch.timers.stop(Deadline.TRANSFER)
        transfer.asked = False
        transfer.number = ""
        transfer.notice = f"Not transferred: {words}"

    def _ring_back(self, transfer: Transfer, words: str, now: float) -> None:
        """Nobody is there to choose anew: end the consultation, and let the held call ring back with the reason."""
        self._forget()
        if transfer.consultation is not None:
            self._switch.clear(transfer.consultation, Cause.NORMAL_CLEARING, now)
        transfer.call.notice = f"Not transferred: {words}"
        self._switch.await_recall()

    def _consultation_ended(self, transfer: Transfer, consultation: Call) -> None:
        """By the far end: the user chooses anew. By the user: he is back in the call."""
        transfer.consultation = None
        if transfer.asked:
            return  # the PBX has taken it over; its result follows
        if consultation.ending is not None:
            transfer.notice = consultation.notice
            return
        self._forget()
        if self._board.foreground is None:
            self._actions.retrieve(transfer.call.id)

    def _follow_foreground(self, transfer: Transfer) -> None:
        """Whom the user calls while he chooses is the consultation; taking up any other call ends the transfer."""
        foreground = self._board.foreground
        if foreground is None:
            return
        if foreground is transfer.call or foreground.direction is CallDirection.INCOMING:
            self._forget()
            return
        transfer.consultation, transfer.dialled, transfer.notice = foreground, True, ""

    def _alive(self, call: Call) -> bool:
        return call.id in self._board.calls and call.ending is None

    def _forget(self) -> None:
        self.take_up()
        self._transfer = None
        self._switch.timers.stop(Deadline.TRANSFER)


def _can_complete(transfer: Transfer) -> bool:
    consultation = transfer.consultation
    if consultation is None:
        return False
    if consultation.connected_at is not None:
        return True
    return consultation.state in _ON_ITS_WAY and bool(consultation.party.number)
