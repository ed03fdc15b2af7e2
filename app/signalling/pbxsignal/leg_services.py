"""Supplementary services of one call: transfer, park, hold and remote control (H.450.2, .4, .5)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import MappingProxyType

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import SessionDescription
from app.model.signalling import (
    ParkResult,
    RemoteAction,
    RemoteControl,
    RemoteHeld,
    TransferResult,
)
from app.signalling.pbxsignal import facilities, parties
from app.signalling.pbxsignal.facilities import AnyFacility
from app.signalling.pbxsignal.messages import EndPoint
from app.signalling.pbxsignal.surroundings import Surroundings
from app.signalling.schedule import Timer

ACTIONS: MappingProxyType[str, RemoteAction] = MappingProxyType(
    {
        "CONNECT": RemoteAction.ANSWER,
        "ACCEPT": RemoteAction.ANSWER,
        "ANNOUNCE": RemoteAction.ANNOUNCE,
        "ON_HOLD": RemoteAction.HOLD,
        "HOLD": RemoteAction.HOLD,
        "RETRIEVE": RemoteAction.RETRIEVE,
        "MIC_OFF": RemoteAction.MUTE,
        "MIC_ON": RemoteAction.UNMUTE,
        "DTMF_DIGIT": RemoteAction.DIGIT,
        "REC_ON": RemoteAction.RECORD,
        "REC_OFF": RemoteAction.STOP_RECORDING,
        "3PTY_ON": RemoteAction.CONFERENCE,
        "3PTY_OFF": RemoteAction.END_CONFERENCE,
    }
)
"""The controls that a call of this phone obeys; others are counted and left."""


_MOVES_HOLD = facilities.HoldNotify | facilities.RetrieveNotify | facilities.TransferComplete
"""Whoever has taken the far end's place does not hold us, though nobody has told us that the other let go."""


class LegServices:
    """What one call asks of the PBX beside its own course, and what the PBX asks of it. `facility` sends elements."""

    def __init__(self, leg: LegId, around: Surroundings, facility: Callable[..., None]) -> None:
        self.held_by_far_end = False
        self._leg = leg
        self._around = around
        self._facility = facility
        self._holds = False
        self._named: Callable[[facilities.TransferIdentifyResult | None], None] | None = None
        self._transfers = itertools.count(1)
        self._transfer: int | None = None
        """The one that is wanted."""
        self._asked = 0
        """Transfers that the PBX has not answered yet; its answers do not say which of them they are about."""
        self._parking: str | None = None
        self._patience: Timer | None = None

    # --- asked by the phone ---------------------------------------------------------------------------------

    def tell_hold(self, offer: SessionDescription) -> None:
        """Say beside the offer what it means, where it holds the far end or takes it back."""
        before = self._holds
        elements = self.hold_elements(offer)
        if self._holds != before:
            self._facility(*elements)

    def hold_elements(self, description: SessionDescription) -> tuple[AnyFacility, ...]:
        """The same for a message that goes to who may know nothing: nothing is said where nothing was ever held."""
        before = self._holds
        self._holds = description.audio is not None and not description.audio.direction.receives
        if self._holds:
            return (facilities.HoldNotify(),)
        return (facilities.RetrieveNotify(),) if before else ()

    def transfer(self, number: str) -> None:
        """Blind."""
        self._begin_transfer()
        self._initiate(facilities.TransferInitiate(parties.called(number)))

    def join(self, other: LegServices) -> None:
        """Attended: the PBX names the other call first."""
        transfer = self._begin_transfer()
        other.identify(lambda named: self._join_named(transfer, named))

    def cancel_transfer(self) -> None:
        """What the PBX was asked for it may still do; what it was not asked for yet it is not."""
        self._transfer = None

    def identify(self, named: Callable[[facilities.TransferIdentifyResult | None], None]) -> None:
        """Have the PBX name this call; `named` gets None where it does not."""
        self._named = named
        self._facility(facilities.TransferIdentify())

    def park(self, position: str) -> None:
        """At our own object of the PBX."""
        self._parking = position
        self._facility(facilities.Park(EndPoint(sip=self._around.user()), int(position) if position else None))
        self._start_patience()

    def stop(self, cause: Cause) -> None:
        """The call is over. A parked or transferred call ends well; what was asked of it otherwise has failed."""
        named, self._named = self._named, None
        if named is not None:
            named(None)
        if self._parking is not None:
            well = cause is Cause.NORMAL_CLEARING
            self._around.post(ParkResult(self._leg, None if well else cause, self._parking))
        self._settle()
        self._parking = self._transfer = None
        self._asked = 0

    def interrupt(self) -> None:
        """The call goes on, but the PBX has forgotten what was asked of it."""
        self._not_transferred(Cause.NETWORK_OUT_OF_ORDER)
        self.stop(Cause.NETWORK_OUT_OF_ORDER)

    # --- told by the PBX --------------------------------------------------------------------------------------

    def read_hold(self, elements: tuple[AnyFacility, ...]) -> None:
        """Only whether the far end holds us from now on: an offer in the same message is to be read by it."""
        for element in elements:
            if isinstance(element, _MOVES_HOLD):
                self.held_by_far_end = isinstance(element, facilities.HoldNotify)

    def receive(self, elements: tuple[AnyFacility, ...]) -> None:
        """Elements of a message of this call."""
        for element in elements:
            match element:
                case facilities.HoldNotify() | facilities.RetrieveNotify() | facilities.TransferComplete():
                    self._around.post(RemoteHeld(self._leg, isinstance(element, facilities.HoldNotify)))
                case facilities.RemoteHold():
                    self._facility(facilities.RemoteHoldResult())
                    self._obey(RemoteAction.HOLD)
                case facilities.RemoteRetrieve():
                    self._facility(facilities.RemoteRetrieveResult())
                    self._obey(RemoteAction.RETRIEVE)
                case facilities.RemoteControlElement():
                    self._controlled(element)
                case facilities.TransferIdentifyResult():
                    named, self._named = self._named, None
                    if named is not None:
                        named(element)
                case facilities.TransferInitiateResult() if self._asked:
                    self._answered(element)

    # --- steps ------------------------------------------------------------------------------------------------

    def _controlled(self, element: facilities.RemoteControlElement) -> None:
        action = ACTIONS.get(element.control)
        if action is None:
            self._around.tally.count("unknown control", element.control)
        else:
            self._obey(action, element.digit[:1])

    def _obey(self, action: RemoteAction, digit: str = "") -> None:
        self._around.post(RemoteControl(self._leg, action, digit))

    def _join_named(self, transfer: int, result: facilities.TransferIdentifyResult | None) -> None:
        if transfer != self._transfer:
            return
        if result is None or result.id is None or result.dst is None:
            self._not_transferred(Cause.FACILITY_REJECTED)
        else:
            self._initiate(facilities.TransferInitiate(result.dst, result.id))

    def _initiate(self, element: facilities.TransferInitiate) -> None:
        self._asked += 1
        self._facility(element)

    def _begin_transfer(self) -> int:
        self._transfer = next(self._transfers)
        self._start_patience()
        return self._transfer

    def _answered(self, result: facilities.TransferInitiateResult) -> None:
        """A failure is that of the newest: while one is under way a PBX refuses another at once."""
        self._asked -= 1
        if result.error or result.cause:
            self._not_transferred(_cause(result.cause))
            return
        withdrawn = self._transfer is None or self._asked > 0
        self._transfer, self._asked = None, 0
        self._settle()
        self._around.post(TransferResult(self._leg, withdrawn=withdrawn))

    def _start_patience(self) -> None:
        self._settle()
        self._patience = self._around.schedule.after(self._around.patience.service, self._unanswered)

    def _unanswered(self) -> None:
        self._not_transferred(Cause.RECOVERY_ON_TIMER_EXPIRY)
        if self._parking is not None:
            position, self._parking = self._parking, None
            self._around.post(ParkResult(self._leg, Cause.RECOVERY_ON_TIMER_EXPIRY, position))

    def _not_transferred(self, cause: Cause) -> None:
        if self._transfer is not None:
            self._transfer = None
            self._settle()
            self._around.post(TransferResult(self._leg, cause))

    def _settle(self) -> None:
        if self._patience is not None:
            self._patience.cancel()


def _cause(number: int | None) -> Cause:
    try:
        return Cause(number) if number else Cause.FACILITY_REJECTED
    except ValueError:
        return Cause.NORMAL_UNSPECIFIED
