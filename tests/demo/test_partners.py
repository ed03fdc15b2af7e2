"""What each of the demo's partners does, without sockets, sound or clock."""

from __future__ import annotations

import pytest

from app.demo.partners import CALL_BACK_AFTER, GOODBYE, PARTNERS, Partners
from app.demo.voice import Voice
from app.model.cause import Cause
from app.model.ids import LegId, LineId
from app.model.party import Party
from app.model.session import SessionDescription
from app.model.signalling import CallOptions, Connected, OfferReceived, OfferWanted, Released, SetupIndicated
from app.signalling.schedule import Schedule

OFFER = SessionDescription(1, 1, "192.0.2.7")
OURS = SessionDescription(2, 1, "192.0.2.1")
LEG = LegId("in-1")


class Agent:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        self.asked.append(("setup", number))

    def alert(self, leg: LegId) -> None:
        self.asked.append(("alert", leg))

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        self.asked.append(("connect", leg))

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        self.asked.append(("answer_offer", description))

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        self.asked.append(("disconnect", cause))


class Voices:
    """Media that agrees to everything, or to nothing."""

    def __init__(self) -> None:
        self.open_legs: dict[LegId, Voice] = {}
        self.taken: list[LegId] = []
        self.agrees = True

    def open(self, leg: LegId, voice: Voice) -> None:
        self.open_legs[leg] = voice

    def offer(self, leg: LegId) -> SessionDescription | None:
        return OURS

    def answer(self, leg: LegId, offer: SessionDescription) -> SessionDescription | None:
        return OURS if self.agrees else None

    def take_answer(self, leg: LegId, answer: SessionDescription) -> None:
        self.taken.append(leg)

    def close(self, leg: LegId) -> None:
        self.open_legs.pop(leg, None)


class Exchange:
    """The partners between an agent and voices."""

    def __init__(self) -> None:
        self.schedule, self.agent, self.voices = Schedule(), Agent(), Voices()
        self.partners = Partners(self.agent, self.voices, self._later, lambda number: (f"sip:{number}@192.0.2.7",))

    def _later(self, seconds: float, work: object) -> None:
        assert callable(work)
        self.schedule.after(seconds, work)

    def call(self, number: str, offer: SessionDescription | None = OFFER) -> None:
        self.partners.handle(SetupIndicated(LEG, LineId("pbx"), Party("27"), Party(number), offer))

    def run(self, seconds: float) -> None:
        self.schedule.advance(self.schedule.now + seconds)


@pytest.mark.parametrize(("number", "cause"), [("102", Cause.USER_BUSY), ("999", Cause.UNALLOCATED_NUMBER)])
def test_who_takes_no_call_says_why(number: str, cause: Cause) -> None:
    exchange = Exchange()
    exchange.call(number)
    assert exchange.agent.asked == [("disconnect", cause)]


@pytest.mark.parametrize("number", ["100", "101", "103"])
def test_partner_answers_after_his_time(number: str) -> None:
    exchange = Exchange()
    exchange.call(number)
    rings = PARTNERS[number].rings
    if rings:
        exchange.run(rings - 0.1)
        assert exchange.agent.asked == [("alert", LEG)]
    exchange.run(0.2)
    assert exchange.agent.asked == [("alert", LEG), ("connect", LEG)]
    assert exchange.voices.open_legs[LEG] == PARTNERS[number].voice


def test_caller_who_gives_up_is_not_answered() -> None:
    exchange = Exchange()
    exchange.call("103")
    exchange.partners.handle(Released(LEG, Cause.NORMAL_CLEARING))
    exchange.run(10)
    assert exchange.agent.asked == [("alert", LEG)]
    assert exchange.voices.open_legs == {}


def test_call_without_a_common_codec_is_refused() -> None:
    exchange = Exchange()
    exchange.voices.agrees = False
    exchange.call("100")
    exchange.run(0)
    assert exchange.agent.asked[-1] == ("disconnect", Cause.BEARER_NOT_IMPLEMENTED)


def test_offers_in_a_call_are_answered_and_made() -> None:
    exchange = Exchange()
    exchange.call("100", None)
    exchange.run(0)
    exchange.partners.handle(OfferReceived(LEG, OFFER))
    exchange.partners.handle(OfferWanted(LEG))
    assert exchange.agent.asked[-2:] == [("answer_offer", OURS), ("answer_offer", OURS)]


def test_service_hangs_up_and_calls_back() -> None:
    exchange = Exchange()
    exchange.call("104")
    exchange.run(0)
    exchange.run(GOODBYE)
    exchange.partners.handle(Released(LEG, Cause.NORMAL_CLEARING))
    exchange.run(CALL_BACK_AFTER)
    assert exchange.agent.asked[-2:] == [("disconnect", Cause.NORMAL_CLEARING), ("setup", "sip:27@192.0.2.7")]
    (leg,) = exchange.voices.open_legs
    exchange.partners.handle(Connected(leg, OFFER))
    assert exchange.voices.taken == [leg]
