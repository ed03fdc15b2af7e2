"""Diversion: always (CFU), when busy (CFB), when nobody answers (CFNR), and by a phone that rings.

The caller hears of it in `diverting_leg1` and, with conn, `diverting_leg3`; whom it goes to in `diverting_leg2`; a
phone that rang before in `diverting_leg4` of its rel.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable

import msgspec

from app.demo.myapps.guesses import NOBODY_CAUSE, REROUTE_REASON, SILENT_FORK_CAUSE
from app.demo.myapps.installation import Subscriber
from app.demo.myapps.legs import Call, Diversion, Leg
from app.demo.myapps.signals import (
    BUSY_CAUSE,
    Cau,
    DiversionCallreroute,
    DiversionInterrogate,
    DiversionInterrogateResult,
    DivertedNumber,
    DivertingLeg1,
    DivertingLeg2,
    DivertingLeg3,
    DivertingLeg4,
    Facility,
    Signal,
    packed,
)
from app.demo.myapps.switchboard import Switchboard

MOST_DIVERSIONS = 5
"""Of one call; there is no loop either, because nobody is a target twice."""


class Procedure(enum.StrEnum):
    """When a call is diverted."""

    ALWAYS = "ALWAYS"
    BUSY = "BUSY"
    NO_ANSWER = "NO_ANSWER"


class Diversions:
    """The diversions of an installation. `ring` takes a call to a user, `seconds` is when nobody has answered."""

    def __init__(self, switchboard: Switchboard, ring: Callable[[Call, Subscriber], None], seconds: float) -> None:
        self._switchboard = switchboard
        self._ring = ring
        self._seconds = seconds

    def act(self, leg: Leg, call: Call, facility: Facility) -> bool:
        """Do what a facility of a call asks for, if it is one of these."""
        match facility:
            case DiversionInterrogate():
                leg.send(Signal("facility", fty=packed(_answer(leg, facility))))
            case DiversionCallreroute(called=called):
                target = self._switchboard.installation.find(called)
                if leg in call.ringing and target is not None:
                    self._divert(call, REROUTE_REASON, target)
            case _:
                return False
        return True

    def always(self, call: Call, called: Subscriber) -> Subscriber | None:
        """Where a call for a user goes at once, and None when it has been everywhere."""
        while (to := called.diversions.get(Procedure.ALWAYS)) is not None and not call.resumes:
            target = self._switchboard.installation.find(to)
            if target is None:
                break
            if not self._step(call, Procedure.ALWAYS, called, target):
                return None
            called = target
        return called

    def nobody(self, call: Call) -> bool:
        """Nobody takes a call. Whether it goes elsewhere now."""
        procedure = {BUSY_CAUSE: Procedure.BUSY, NOBODY_CAUSE: Procedure.NO_ANSWER}.get(call.cause)
        return procedure is not None and self._follow(call, procedure)

    def watch(self, call: Call) -> None:
        """A call rings: divert it when it does so for too long."""
        if call.called is not None and Procedure.NO_ANSWER in call.called.diversions:
            asyncio.get_running_loop().call_later(self._seconds, self._unanswered, call, call.called)

    @staticmethod
    def told_called(call: Call) -> tuple[msgspec.Raw, ...]:
        """What goes into the setup of a call that was diverted."""
        if not call.diversions:
            return ()
        first, last = call.diversions[0].redirecting, call.diversions[-1].redirecting
        leg2 = DivertingLeg2(
            diverting=last.end_point,
            original_called=first.end_point,
            diverting_name=last.user.name,
            original_called_name=first.user.name,
        )
        return packed(leg2)

    @staticmethod
    def told_caller(call: Call) -> tuple[msgspec.Raw, ...]:
        """What goes into the conn of a call that was diverted."""
        return packed(DivertingLeg3(redirection=call.diversions[-1].nominated.end_point)) if call.diversions else ()

    def serve(self, leg: Leg, facility: Facility, _: Signal) -> bool:
        """Answer a call of which this is all, if it asks for diversions."""
        if not isinstance(facility, DiversionInterrogate):
            return False
        leg.send(Signal("conn", fty=packed(_answer(leg, facility))))
        return True

    # --- inside ---------------------------------------------------------------------------------------------

    def _unanswered(self, call: Call, called: Subscriber) -> None:
        if self._switchboard.is_there(call) and call.ringing and call.called is called:
            self._follow(call, Procedure.NO_ANSWER)

    def _follow(self, call: Call, procedure: Procedure) -> bool:
        to = call.called.diversions.get(procedure) if call.called and not call.resumes else None
        target = self._switchboard.installation.find(to) if to else None
        return target is not None and self._divert(call, procedure, target)

    def _divert(self, call: Call, reason: str, target: Subscriber) -> bool:
        called = call.called
        if called is None or not self._step(call, reason, called, target):
            return False
        leg4 = DivertingLeg4(reason=reason, nominated=target.end_point, redirecting=called.end_point)
        for leg in tuple(call.ringing):
            call.ringing.remove(leg)
            leg.send(Signal("rel", cau=Cau(SILENT_FORK_CAUSE), fty=packed(leg4)))
            self._switchboard.forget(leg)
        self._ring(call, target)
        return True

    @staticmethod
    def _step(call: Call, reason: str, redirecting: Subscriber, nominated: Subscriber) -> bool:
        """Whether a call may go from one user to another; if so its caller hears of it."""
        been = {redirecting, *(one.redirecting for one in call.diversions)}
        if nominated in been or len(call.diversions) >= MOST_DIVERSIONS:
            return False
        call.diversions.append(Diversion(reason, redirecting, nominated))
        leg1 = DivertingLeg1(reason=reason, nominated=nominated.end_point, redirecting=redirecting.end_point)
        call.caller.send(Signal("facility", fty=packed(leg1)))
        return True


def _answer(leg: Leg, asked: DiversionInterrogate) -> DiversionInterrogateResult:
    """Everybody may ask for his own diversions."""
    found = [
        DivertedNumber(procedure=procedure, served=leg.subscriber.end_point, diverted_to=to)
        for procedure, to in leg.subscriber.diversions.items()
        if asked.procedure in ("", procedure)
    ]
    return DiversionInterrogateResult(procedure=asked.procedure, num=len(found), list=tuple(found))
