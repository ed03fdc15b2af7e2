"""Who can be called on the demo PBX, and what each does. Speaks Q.931 like the phone's own call model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from app.demo.voice import Media, Voice
from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import SessionDescription
from app.model.signalling import (
    AnswerReceived,
    CallOptions,
    Connected,
    OfferReceived,
    OfferWanted,
    Released,
    SetupIndicated,
    SignallingEvent,
)

CALL_BACK_NUMBER = "104"
CALL_BACK_NAME = "Call-back service"
CALL_BACK_AFTER = 6.0
GOODBYE = 1.0
"""Seconds of silence after a speech before the partner hangs up."""


class Partner(msgspec.Struct, frozen=True):
    """One extension: how long it rings, and what its voice does. Without a voice it is busy."""

    name: str
    rings: float = 0.0
    voice: Voice | None = None
    ends: bool = False
    """Hangs up after its speech."""


PARTNERS = {
    "100": Partner("Echo", voice=Voice(echo=True)),
    "101": Partner("Announcement", voice=Voice(piece="announcement", loop=True)),
    "102": Partner("Somebody busy"),
    "103": Partner("Colleague", rings=2.0, voice=Voice(piece="colleague", loop=True)),
    CALL_BACK_NUMBER: Partner(CALL_BACK_NAME, voice=Voice(), ends=True),
}


class Agent(Protocol):
    """The PBX's own side of the signalling."""

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        """Call somebody."""

    def alert(self, leg: LegId) -> None:
        """Ring."""

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        """Answer."""

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        """Answer an offer in a running call."""

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        """End a call."""


Later = Callable[[float, Callable[[], None]], None]
"""Has something done after some seconds."""


class Partners:
    """All calls of the demo PBX. `find` gives the addresses at which a number can be called."""

    def __init__(self, agent: Agent, media: Media, later: Later, find: Callable[[str], tuple[str, ...]]) -> None:
        self._agent = agent
        self._media = media
        self._later = later
        self._find = find
        self._calls: dict[LegId, Partner] = {}
        self._call_backs = 0

    def handle(self, event: SignallingEvent) -> None:
        """Take an event of the signalling."""
        match event:
            case SetupIndicated():
                self._called(event)
            case Connected(leg=leg, answer=answer) | AnswerReceived(leg=leg, answer=answer) if answer is not None:
                self._media.take_answer(leg, answer)
            case OfferReceived(leg=leg, offer=offer):
                self._agent.answer_offer(leg, self._media.answer(leg, offer))
            case OfferWanted(leg=leg):
                self._agent.answer_offer(leg, self._media.offer(leg))
            case Released(leg=leg):
                self._calls.pop(leg, None)
                self._media.close(leg)

    def _called(self, setup: SetupIndicated) -> None:
        partner = PARTNERS.get(setup.called.number)
        if partner is None:
            self._agent.disconnect(setup.leg, Cause.UNALLOCATED_NUMBER)
        elif partner.voice is None:
            self._agent.disconnect(setup.leg, Cause.USER_BUSY)
        else:
            self._calls[setup.leg] = partner
            self._agent.alert(setup.leg)
            self._later(partner.rings, lambda: self._answer(setup, partner))

    def _answer(self, setup: SetupIndicated, partner: Partner) -> None:
        if setup.leg not in self._calls or partner.voice is None:
            return
        leg = setup.leg
        self._media.open(leg, partner.voice)
        answer = self._media.offer(leg) if setup.offer is None else self._media.answer(leg, setup.offer)
        if answer is None:
            self._agent.disconnect(leg, Cause.BEARER_NOT_IMPLEMENTED)
            return
        self._agent.connect(leg, answer)
        if partner.ends:
            self._later(GOODBYE, lambda: self._agent.disconnect(leg, Cause.NORMAL_CLEARING))
            self._later(GOODBYE + CALL_BACK_AFTER, lambda: self._call_back(setup.calling.number))

    def _call_back(self, number: str) -> None:
        for address in self._find(number)[:1]:
            self._call_backs += 1
            leg = LegId(f"call-back-{self._call_backs}")
            self._calls[leg] = PARTNERS[CALL_BACK_NUMBER]
            self._media.open(leg, Voice(piece="callback", loop=True))
            offer = self._media.offer(leg)
            if offer is not None:
                self._agent.setup(leg, address, offer, CallOptions())
