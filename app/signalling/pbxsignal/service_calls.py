"""Calls without media, which carry a service: what the phone asks of the PBX, and what the PBX tells (H.450.5, .7)."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from app.model import pbx_guesses
from app.model.cause import Cause
from app.model.services import Diversion, DiversionKind, GroupCall, GroupCallState, Messages
from app.model.signalling import (
    DiversionsChanged,
    GroupCallChanged,
    GroupCallGone,
    MessageWaiting,
    PickUpRefused,
)
from app.signalling.pbxsignal import facilities, messages, parties
from app.signalling.pbxsignal.facilities import AnyFacility
from app.signalling.pbxsignal.messages import NO_CHANNEL, AnySignal
from app.signalling.pbxsignal.surroundings import Surroundings
from app.signalling.schedule import Timer

BEARER_NONE = "a880"
"""The bearer capability that the vendor recommends without media."""
TOLD_CALLS_MAX = 32
LONGEST_CALL_SECONDS = 10_000_000
"""Nobody's call is older, whatever the PBX says."""
PROCEDURES: MappingProxyType[DiversionKind, str] = MappingProxyType(
    {
        DiversionKind.ALWAYS: "ALWAYS",
        DiversionKind.BUSY: "BUSY",
        DiversionKind.NO_ANSWER: "NO_ANSWER",
    }
)
_KINDS = {procedure: kind for kind, procedure in PROCEDURES.items()}


class Told:
    """What the PBX tells of services, in whatever message it comes, as events of the line."""

    def __init__(
        self, around: Surroundings, diversions_stale: Callable[[], None], is_ours: Callable[[str], bool]
    ) -> None:
        self._around = around
        self._stale = diversions_stale
        self._is_ours = is_ours
        self._diversions: dict[DiversionKind, str] = {}

    def receive(self, elements: tuple[AnyFacility, ...]) -> None:
        """Elements of any message."""
        for element in elements:
            match element:
                case facilities.MessagesActivate():
                    self._messages(element)
                case facilities.MessagesInterrogateResult(sub=facilities.WaitingMessages() as waiting):
                    self._messages(waiting)
                case facilities.MessagesDeactivate() | facilities.MessagesInterrogateResult():
                    self._around.post(MessageWaiting(self._around.line, Messages()))
                case facilities.GroupIndicationOn():
                    self._group_call(element)
                case facilities.GroupIndicationOff():
                    gone = None if element.clear_all else element.call_id
                    self._around.post(GroupCallGone(self._around.line, gone))
                case facilities.DiversionInterrogateResult() if not element.error:
                    self._diverted(element)
                case facilities.DivertingLeg4(nominated=None, redirecting=None):
                    self._stale()

    def _messages(self, element: facilities.MessagesActivate | facilities.WaitingMessages) -> None:
        centre = parties.party_of(element.message_center, "", self._around.facts())
        count = max(0, min(element.number or 0, 9999))
        self._around.post(MessageWaiting(self._around.line, Messages(waiting=True, new=count, number=centre.number)))

    def _group_call(self, element: facilities.GroupIndicationOn) -> None:
        if not self._concerns_us(element):
            self._around.post(GroupCallGone(self._around.line, element.call_id))
            return
        facts = self._around.facts()
        place = element.parked_to_alerting or element.member
        position = "" if element.park_position is None else parties.shown(str(element.park_position))
        state = GroupCallState.PARKED if _parked(element) else _state(element)
        call = GroupCall(
            id=element.call_id,
            state=state,
            member=parties.party_of(place, element.name_id_alerting, facts),
            caller=parties.party_of(element.parked_calling, element.name_id_calling, facts),
            position=position,
            seconds=max(0, min(element.duration or 0, LONGEST_CALL_SECONDS)),
        )
        self._around.post(GroupCallChanged(self._around.line, call))

    def _concerns_us(self, element: facilities.GroupIndicationOn) -> bool:
        """Whether it can be ours: parked by anybody, or on its way to a colleague; nothing that we are in already."""
        user = self._around.user()
        if pbx_guesses.GROUP_CALL_IS_A_LEG and self._is_ours(element.call_id.lower()):
            return False
        if element.parked_calling is not None and element.parked_calling.sip == user:
            return False
        at_us = element.member is not None and element.member.sip == user
        return _parked(element) or (element.inbound_call is not False and not at_us)

    def _diverted(self, element: facilities.DiversionInterrogateResult) -> None:
        facts = self._around.facts()
        asked = _KINDS.get(element.procedure)
        for answered in _KINDS.values() if asked is None else (asked,):
            self._diversions.pop(answered, None)
        for entry in element.list[: len(_KINDS)]:
            kind = _KINDS.get(entry.procedure)
            number = parties.party_of(entry.diverted_to, "", facts).number
            if kind is not None and number:
                self._diversions[kind] = number
        diversions = tuple(Diversion(kind, self._diversions[kind]) for kind in PROCEDURES if kind in self._diversions)
        self._around.post(DiversionsChanged(self._around.line, diversions))


class ToldCalls:
    """The PBX's calls that bring it: taken, and kept until the PBX ends them.

    It may keep some for as long as we are registered, for presence. Of too many the oldest is released.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._numbers: dict[int, None] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._numbers

    def take(self, number: int) -> None:
        """A new one."""
        if len(self._numbers) >= TOLD_CALLS_MAX:
            self._release(next(iter(self._numbers)))
        self._numbers[number] = None
        self._around.send(number, _ANSWERS[pbx_guesses.SERVICE_ANSWER]())

    def receive(self, number: int, signal: AnySignal) -> None:
        """A message of one of them."""
        if isinstance(signal, messages.Disc):
            self._release(number)
        elif isinstance(signal, messages.Rel):
            del self._numbers[number]

    def link_down(self) -> None:
        """The connection to the PBX broke."""
        self._numbers.clear()

    def _release(self, number: int) -> None:
        del self._numbers[number]
        self._around.send(number, messages.Rel(cau=parties.cause_element(Cause.NORMAL_CLEARING)))


_ANSWERS: dict[str, type[messages.Conn] | type[messages.Accept]] = {"conn": messages.Conn, "accept": messages.Accept}


class ServiceCall:
    """One of ours. It ends with its result, with the PBX's release, or when nobody answers."""

    def __init__(
        self,
        number: int,
        element: AnyFacility,
        around: Surroundings,
        ended: Callable[[ServiceCall, Cause | None], None],
    ) -> None:
        self.number = number
        self.element = element
        self._around = around
        self._ended = ended
        self._over = False
        self._patience: Timer = around.schedule.after(around.patience.service, self._unanswered)
        setup = messages.Setup(
            bc=BEARER_NONE,
            cd=messages.EndPoint(sip=around.user()),
            channel=NO_CHANNEL,
            complete=True,
            fty=facilities.write_facilities(element),
        )
        around.send(number, setup)

    def receive(self, signal: AnySignal, elements: tuple[AnyFacility, ...]) -> None:
        """A message of it."""
        if isinstance(signal, messages.Rel | messages.Disc):
            if isinstance(signal, messages.Disc):
                self._around.send(self.number, messages.Rel(cau=parties.cause_element(Cause.NORMAL_CLEARING)))
            self._end(parties.cause_of(signal.cau))
        elif any(isinstance(element, _RESULTS) for element in elements):
            self._around.send(self.number, messages.Rel(cau=parties.cause_element(Cause.NORMAL_CLEARING)))
            self._end(None)

    def abandon(self) -> None:
        """The connection to the PBX broke."""
        self._end(Cause.NETWORK_OUT_OF_ORDER)

    def _unanswered(self) -> None:
        self._around.send(self.number, messages.Rel(cau=parties.cause_element(Cause.RECOVERY_ON_TIMER_EXPIRY)))
        self._end(Cause.RECOVERY_ON_TIMER_EXPIRY)

    def _end(self, cause: Cause | None) -> None:
        if not self._over:
            self._over = True
            self._patience.cancel()
            self._ended(self, cause)


_RESULTS = (facilities.DiversionInterrogateResult, facilities.MessagesInterrogateResult)


def pick_up_refused(around: Surroundings, element: AnyFacility, cause: Cause | None) -> None:
    """Say that a pick-up came to nothing; where it went well, the PBX has called us meanwhile."""
    if isinstance(element, facilities.PickRequest) and cause not in (None, Cause.NORMAL_CLEARING):
        around.post(PickUpRefused(around.line, element.call_id or "", cause or Cause.NORMAL_UNSPECIFIED))


def _parked(element: facilities.GroupIndicationOn) -> bool:
    return element.park_position is not None or _word(element.sig_call_state) == "parked"


def _state(element: facilities.GroupIndicationOn) -> GroupCallState:
    connected = _word(element.sig_call_state) in ("connected", "conn", "active")
    return GroupCallState.CONNECTED if connected else GroupCallState.ALERTING


def _word(state: str | int | None) -> str:
    return state.lower() if isinstance(state, str) else ""
