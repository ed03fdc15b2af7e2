"""Calls that outlive the connection to the PBX, or their far end's: kept, and taken up after the next registration.

Whoever made the call sets it up anew, under the name that the far end gave it; who took the call leaves him the first
word, and then does the same. The far end knows the name, and lets the new setup take the old call's place.

Source: innovaphone wiki, Reference16r1, Reconnect Calls; its names on the wire are in `app.model.pbx_guesses`.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import SessionDescription
from app.model.signalling import ReconnectDue, Reconnected
from app.signalling.lost_leg import CALLED_SIDE_WAITS, PAUSE, LostLeg
from app.signalling.pbxsignal import media_messages, messages, parties
from app.signalling.pbxsignal.attempt import Attempt, Knock
from app.signalling.pbxsignal.call import Call
from app.signalling.pbxsignal.call_state import EARLY, RINGING, State
from app.signalling.pbxsignal.call_table import CallTable
from app.signalling.pbxsignal.errors import ChannelsUnusable
from app.signalling.pbxsignal.facilities import AnyFacility, ReconnectInfo
from app.signalling.pbxsignal.messages import AnySignal
from app.signalling.pbxsignal.service_calls import ServiceCall
from app.signalling.pbxsignal.surroundings import Surroundings

PAUSE_MAX = 16.0
"""Seconds; each attempt that comes to nothing doubles the pause up to it."""
OVER_MAX = 32
"""Of so many calls that ended while they were lost we remember that they are over."""
_OVER = frozenset({Cause.UNALLOCATED_NUMBER, Cause.NORMAL_CLEARING, Cause.CALL_REJECTED})
"""The far end has ended the call, or is none."""
_PASSING = frozenset(
    {
        Cause.SUBSCRIBER_ABSENT,
        Cause.DESTINATION_OUT_OF_ORDER,
        Cause.FACILITY_REJECTED,
        Cause.NETWORK_OUT_OF_ORDER,
        Cause.TEMPORARY_FAILURE,
        Cause.RECOVERY_ON_TIMER_EXPIRY,
    }
)
"""Why a call may not get through right after a PBX began; a phone that does not know the name is not the right one."""


@dataclass(kw_only=True)
class _Lost(LostLeg):
    attempt: Attempt | None = None
    knock: Knock | None = None
    pause: float = PAUSE


@dataclass(frozen=True)
class _Farewell:
    """A call that was ended while nobody could be told."""

    place: messages.EndPoint
    reference: ReconnectInfo
    cause: Cause


class Recovery:
    """What is lost of one line. Belongs to its agent, whose `table` it keeps right."""

    def __init__(self, around: Surroundings, table: CallTable) -> None:
        self._around = around
        self._table = table
        self._registered = False
        self._moved = False
        self._lost: dict[LegId, _Lost] = {}
        self._farewells: list[_Farewell] = []
        self._over: dict[str, Cause] = {}
        """Why calls ended, by the names their far ends may still use."""

    @property
    def waits(self) -> bool:
        """Whether a call waits for being registered."""
        return bool(self._lost) and not self._registered

    # --- from the agent -----------------------------------------------------------------------------------------

    def link_down(self) -> None:
        """The PBX is gone, or the way to it: what it knew of our calls may be forgotten."""
        self._registered = False
        numbered, self._table.numbered = self._table.numbered, {}
        for one in numbered.values():
            if isinstance(one, Attempt | ServiceCall):
                one.abandon()
        for call in tuple(self._table.legs.values()):
            if call.outlives_signalling:
                self.lose(call)
            else:
                call.abandon(Cause.NETWORK_OUT_OF_ORDER)

    def moved(self) -> None:
        """Our own address is another: nobody can reach us until we have said so."""
        self._moved = True

    def resumed(self, call: Call) -> None:
        """A call comes from a process that died: nobody but us knows that it is lost, so the first word is ours."""
        self._lost[call.leg] = _Lost()
        self._moved = True

    def registered(self) -> None:
        """The PBX knows us again."""
        self._registered = True
        for farewell in self._farewells:
            self._bid(farewell)
        self._farewells.clear()
        for leg, lost in tuple(self._lost.items()):
            lost.pause = PAUSE
            self._take_up(self._table.legs[leg])
        self._moved = False

    def reconnect(self, call: Call, offer: SessionDescription) -> None:
        """The call model has an offer for a lost call; where that is not what it is any more, its events say so."""
        if call.leg in self._lost and self._registered and call.state is State.ACTIVE:
            self._attempt(call, offer)

    def replace(self, number: int, setup: messages.Setup, elements: tuple[AnyFacility, ...], name: str) -> Call | None:
        """A call of the PBX that is to take the place of one we have; gives the one whose ringing goes on in it."""
        call = self._table.called(name)
        if call is None:
            self._refuse(number, self._over.get(name, Cause.FACILITY_REJECTED))
        elif call.state in RINGING:
            return call
        elif call.state is not State.ACTIVE:
            self._refuse(number, Cause.FACILITY_REJECTED)
        else:
            self._knocked(call, Knock(number, setup, elements))
        return None

    def ending(self, call: Call, cause: Cause) -> None:
        """The user ends a call, lost or not. The far end of a lost one is told as soon as can be."""
        for name in call.names.all:
            self._over[name] = cause
        reference, place = call.names.reference(), call.place
        if call.leg in self._lost and call.state not in RINGING and reference is not None and place is not None:
            farewell = _Farewell(place, reference, cause)
            if self._registered:
                self._bid(farewell)
            else:
                self._farewells.append(farewell)

    # --- from a call --------------------------------------------------------------------------------------------

    def lose(self, call: Call) -> None:
        """Its signalling is gone, its voice may go on."""
        self._table.numbered.pop(call.number, None)
        lost = self._lost.setdefault(call.leg, _Lost())
        lost.stop()
        lost.attempt = lost.knock = None
        call.lose()
        if self._registered:
            self._later(call, CALLED_SIDE_WAITS)

    def back(self, call: Call) -> None:
        """It is as good as before."""
        if self._forget(call):
            self._around.post(Reconnected(call.leg))

    def gone(self, call: Call) -> None:
        """It is over; its far end may not know that yet."""
        self._forget(call)
        for name in call.names.all:
            self._over.setdefault(name, Cause.NORMAL_CLEARING)
        while len(self._over) > OVER_MAX:
            del self._over[next(iter(self._over))]

    # --- steps --------------------------------------------------------------------------------------------------

    def _take_up(self, call: Call) -> None:
        lost = self._lost[call.leg]
        if call.state in EARLY:
            self._again(call)
        elif call.state in RINGING:
            patience = self._around.patience.caller
            lost.wait(self._around.schedule, patience, lambda: call.abandon(Cause.NETWORK_OUT_OF_ORDER))
        elif self._moved or call.names.ours_goes_first:
            self._due(call)
        else:
            self._later(call, CALLED_SIDE_WAITS)

    def _later(self, call: Call, seconds: float) -> None:
        self._lost[call.leg].wait(self._around.schedule, seconds, lambda: self._due(call))

    def _due(self, call: Call) -> None:
        """The call model makes an offer for a call that was through; without a name it would only ring anew."""
        lost = self._lost[call.leg]
        if self._registered and lost.attempt is None:
            if call.state in EARLY:
                self._again(call)
            elif call.names and call.place is not None:
                self._around.post(ReconnectDue(call.leg))

    def _again(self, call: Call) -> None:
        if call.offered is not None:
            self._attempt(call, call.offered)

    def _attempt(self, call: Call, offer: SessionDescription) -> None:
        lost, place = self._lost[call.leg], call.place
        if lost.attempt is not None or place is None:
            return
        attempt = Attempt(self._table.next_number(), call, self._around, self._taken, self._failed)
        lost.attempt = self._table.numbered[attempt.number] = attempt
        try:
            attempt.begin(place, offer)
        except ChannelsUnusable as error:
            self._around.tally.count("unusable description", str(error))
            call.abandon(Cause.INCOMPATIBLE_DESTINATION)

    def _taken(self, attempt: Attempt, signal: AnySignal, elements: tuple[AnyFacility, ...]) -> None:
        call = attempt.call
        self._lost[call.leg].attempt = None
        self._not_wanted(self._lost[call.leg])
        self._table.numbered[attempt.number] = call
        call.taken_up(attempt.number, attempt.exchange)
        if call.state in EARLY:
            self.back(call)
            for each, told in (*attempt.before, (signal, elements)):
                if call.state in EARLY:
                    call.receive(each, told)
        else:
            call.resume(attempt.outcome, elements)
            self.back(call)

    def _failed(self, attempt: Attempt, cause: Cause, text: str) -> None:
        call = attempt.call
        self._table.numbered.pop(attempt.number, None)
        lost = self._lost[call.leg]
        lost.attempt = None
        if lost.knock is not None and not lost.knock.over:
            self._let_in(call, lost.knock)
            return
        final = cause not in _PASSING if call.state in EARLY else cause in _OVER
        if final:
            call.abandon(cause, text)
        else:
            self._later(call, lost.pause)
            lost.pause = min(PAUSE_MAX, lost.pause * 2)

    def _knocked(self, call: Call, knock: Knock) -> None:
        """The far end is at the door: it waits while a setup of ours is out that goes first."""
        lost = self._lost.get(call.leg)
        if lost is None or lost.attempt is None or not call.names.ours_goes_first:
            self._let_in(call, knock)
            return
        self._not_wanted(lost)
        lost.knock = self._table.numbered[knock.number] = knock

    def _let_in(self, call: Call, knock: Knock) -> None:
        lost = self._lost.get(call.leg)
        if lost is not None:
            self._withdraw(lost)
            lost.knock = None
        before = call.number
        if call.replaced(knock.number, knock.setup, knock.elements):
            self._table.numbered.pop(before, None)
            self._table.numbered[knock.number] = call
        else:
            self._table.numbered.pop(knock.number, None)
            self._refuse(knock.number, Cause.INCOMPATIBLE_DESTINATION)
            if lost is not None:
                self._later(call, PAUSE)

    def _not_wanted(self, lost: _Lost) -> None:
        """Turn away who is at the door."""
        knock, lost.knock = lost.knock, None
        if knock is not None:
            self._table.numbered.pop(knock.number, None)
            if not knock.over:
                self._refuse(knock.number, Cause.NORMAL_CLEARING)

    def _forget(self, call: Call) -> bool:
        """False where it was not lost."""
        lost = self._lost.pop(call.leg, None)
        if lost is not None:
            lost.stop()
            self._withdraw(lost)
            self._not_wanted(lost)
        return lost is not None

    def _withdraw(self, lost: _Lost) -> None:
        attempt, lost.attempt = lost.attempt, None
        if attempt is not None:
            self._table.numbered.pop(attempt.number, None)
            attempt.withdraw()

    def _bid(self, farewell: _Farewell) -> None:
        """Say that a call is over to whoever still has it: take it up, and end it in the same breath."""
        number = self._table.next_number()
        setup = media_messages.setup(farewell.place, None, (farewell.reference,), anonymous=False, complete=True)
        self._around.send(number, setup)
        self._refuse(number, farewell.cause)

    def _refuse(self, number: int, cause: Cause) -> None:
        self._around.send(number, messages.Rel(cau=parties.cause_element(cause)))
