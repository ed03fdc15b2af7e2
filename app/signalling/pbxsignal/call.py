"""One call with media, from its setup to its release, in the states of Q.931 (innovaphone SDK 14r1, Signal)."""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec

from app.model import pbx_guesses
from app.model.cause import Cause
from app.model.ids import LegId
from app.model.party import Party
from app.model.session import SessionDescription
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    CallOptions,
    Connected,
    DigitSignalled,
    Disconnected,
    MoreDigitsWanted,
    OfferReceived,
    OfferRefused,
    OfferWanted,
    PartyChanged,
    Proceeding,
    Progress,
    Released,
    SetupIndicated,
    SignallingEvent,
)
from app.signalling.pbxsignal import facilities, messages, parties
from app.signalling.pbxsignal.errors import ChannelsUnusable
from app.signalling.pbxsignal.exchange import Answered, MediaExchange, Offered, Outcome, Refused, Said, Wanted
from app.signalling.pbxsignal.facilities import AnyFacility
from app.signalling.pbxsignal.leg_services import LegServices
from app.signalling.pbxsignal.messages import MEDIA_CHANNEL, AnySignal, MediaSignal
from app.signalling.pbxsignal.surroundings import Surroundings
from app.signalling.schedule import Timer

BEARER_VOICE = "8090a2"
"""The bearer capability that the vendor recommends with media."""
_RECEIVES = frozenset("0123456789*#ABCD")


class State(enum.Enum):
    """Q.931, 2.1.1, seen from the user."""

    INITIATED = 1
    OVERLAP_SENDING = 2
    PROCEEDING = 3
    DELIVERED = 4
    PRESENT = 6
    RECEIVED = 7
    ACTIVE = 10
    DISCONNECTED = 12
    RELEASED = 19


_EARLY = frozenset({State.INITIATED, State.OVERLAP_SENDING, State.PROCEEDING, State.DELIVERED})
_RINGING = frozenset({State.PRESENT, State.RECEIVED})


class Call:
    """One call. `gone` is called once, when nothing of it is left."""

    def __init__(self, leg: LegId, number: int, around: Surroundings, gone: Callable[[Call], None]) -> None:
        self.leg = leg
        self.number = number
        self.state = State.INITIATED if number > 0 else State.PRESENT
        self._around = around
        self._gone = gone
        self._exchange = MediaExchange(around.guid, caller=number > 0)
        self._party = Party()
        self._preview: SessionDescription | None = None
        self._answered = False
        """The far end has answered, and only its description is missing."""
        self._silence: Timer | None = None
        self._patience: Timer | None = None
        self.services = LegServices(leg, around, self._facility)

    # --- from the port ----------------------------------------------------------------------------------------

    def setup(self, number: str, offer: SessionDescription, options: CallOptions) -> None:
        """Begin it. Without a number more digits follow."""
        self._party = Party(number=number)
        said = self._offer(offer)
        if said is None:
            self.release(Cause.INCOMPATIBLE_DESTINATION)
            return
        cg = messages.EndPoint(num=pbx_guesses.RESTRICTED) if options.anonymous else None
        setup = messages.Setup(
            bc=BEARER_VOICE,
            cg=cg,
            cd=parties.called(number),
            complete=bool(number) or None,
            channel=MEDIA_CHANNEL,
            channels_cmd=said.command,
            channels=said.channels,
        )
        self._send(setup)
        self._silence = self._around.schedule.after(self._around.patience.setup, self._unheard)

    def information(self, digits: str) -> None:
        """More digits of the number."""
        if self.state is State.OVERLAP_SENDING:
            self._party = msgspec.structs.replace(self._party, number=self._party.number + digits)
            self._send(messages.Info(cd=parties.called(digits)))

    def alert(self, *, waiting: bool) -> None:
        """It rings, or knocks."""
        if self.state is State.PRESENT:
            self.state = State.RECEIVED
            told = facilities.write_facilities(facilities.CallWaiting()) if waiting else ()
            self._send(messages.Alert(fty=told))

    def connect(self, description: SessionDescription) -> None:
        """Answer it."""
        if self.state not in _RINGING:
            return
        said = self._answer(description) if self._exchange.owes else self._offer(description)
        if said is None:
            self.release(Cause.INCOMPATIBLE_DESTINATION)
            return
        self.state = State.ACTIVE
        carried = said if isinstance(said, Said) else None
        self._send(
            messages.Conn(
                channel=MEDIA_CHANNEL,
                channels_cmd=None if carried is None else carried.command,
                channels=messages.NOTHING if carried is None else carried.channels,
            )
        )
        if isinstance(said, Offered):
            self._say(OfferReceived(self.leg, said.offer, prevails=True))

    def offer(self, description: SessionDescription) -> None:
        """Offer anew."""
        if self.state is not State.ACTIVE:
            return
        self.services.tell_hold(description)
        waited = self._exchange.owes
        said = self._offer(description)
        if said is not None:
            self._send(messages.Channels(channels_cmd=said.command, channels=said.channels))
        elif not waited and not self._exchange.waits:
            self._say(OfferRefused(self.leg, Cause.INCOMPATIBLE_DESTINATION))

    def answer_offer(self, description: SessionDescription | None) -> None:
        """Answer what the far end offers or wants."""
        said = self._answer(description)
        if isinstance(said, Offered):
            self._say(OfferReceived(self.leg, said.offer, prevails=True))
        elif said is not None:
            self._send(messages.Channels(channels_cmd=said.command, channels=said.channels))

    def digit(self, digit: str) -> None:
        """DTMF, where media cannot carry it."""
        if self.state is State.ACTIVE:
            self._send(messages.Info(cd=messages.EndPoint(num=digit)))

    def release(self, cause: Cause) -> None:
        """End it, whatever its state."""
        if self.state is not State.RELEASED:
            self._send(messages.Rel(cau=parties.cause_element(cause)))
            self._end(cause)

    def abandon(self, cause: Cause) -> None:
        """It is gone without a word: the connection to the PBX broke."""
        self._end(cause)

    # --- from the PBX -------------------------------------------------------------------------------------------

    def indicate(self, setup: messages.Setup, elements: tuple[AnyFacility, ...]) -> None:
        """A call comes in."""
        facts = self._around.facts()
        name = facilities.first(elements, facilities.NameIdentification)
        self._party = parties.party_of(setup.cg, "" if name is None else name.name, facts)
        picked = facilities.first(elements, facilities.PickExecute)
        self.services.read_hold(elements)
        outcome = self._take(setup)
        event = SetupIndicated(
            leg=self.leg,
            line=self._around.line,
            calling=self._party,
            called=parties.party_of(setup.cd, "", facts),
            offer=outcome.offer if isinstance(outcome, Offered) else None,
            picked="" if picked is None else picked.call_id,
        )
        self._say(event)
        self.services.receive(elements)

    def receive(self, signal: AnySignal, elements: tuple[AnyFacility, ...]) -> None:
        """A message of the call after its setup."""
        self._heard()
        self._name(elements)
        self.services.read_hold(elements)
        match signal:
            case messages.Rel():
                self._end(parties.cause_of(signal.cau), signal.dsp or "")
            case messages.Disc():
                self._disconnected(parties.cause_of(signal.cau), signal.dsp or "", tone=bool(signal.inband_info))
            case messages.Info():
                self._informed(signal)
            case messages.Conn():
                self._connected(signal)
            case messages.Channels():
                self._media(self._take(signal))
            case messages.SetupAck() | messages.CallProc() | messages.Progress() | messages.Alert():
                if self.state in _EARLY:
                    self._on_the_way(signal, elements)
        if self.state is not State.RELEASED:
            self.services.receive(elements)

    def answered_unreadably(self) -> None:
        """The far end answered in words that cannot be read: left alone, it would ring here for ever."""
        self._heard()
        if self.state in _EARLY:
            self.release(Cause.INVALID_MESSAGE)

    # --- steps ------------------------------------------------------------------------------------------------

    def _on_the_way(
        self,
        signal: messages.SetupAck | messages.CallProc | messages.Progress | messages.Alert,
        elements: tuple[AnyFacility, ...],
    ) -> None:
        match signal:
            case messages.SetupAck():
                self._media(self._take(signal))
                self.state = State.OVERLAP_SENDING
                self._say(MoreDigitsWanted(self.leg))
            case messages.CallProc():
                self.state = State.PROCEEDING
                self._say(Proceeding(self.leg))
                self._media(self._take(signal))
            case messages.Progress():
                self._media(self._take(signal))
                cause = None if signal.cau is None else parties.cause_of(signal.cau)
                self._say(Progress(self.leg, self._preview, cause))
            case messages.Alert():
                self.state = State.DELIVERED
                self._media(self._take(signal))
                in_band = self._preview if signal.inband_info else None
                waiting = facilities.first(elements, facilities.CallWaiting) is not None
                self._say(Alerting(self.leg, in_band, self._party, waiting))

    def _connected(self, signal: messages.Conn) -> None:
        if self.state not in _EARLY:
            return
        self._answered = True
        self._media(self._take(signal))
        if self.state in _EARLY and self._exchange.waits:
            self._await_answer()  # its description may yet come, but not for ever
        elif self.state in _EARLY and self._answered:
            self._through()

    def _through(self) -> None:
        """Answered, and its media is settled."""
        self._answered = False
        self.state = State.ACTIVE
        self._say(Connected(self.leg, self._preview, self._party))

    def _media(self, outcome: Outcome | None) -> None:
        """What a message meant for the media, told to the call model."""
        match outcome:
            case Offered():
                self._preview = None
                self._say(OfferReceived(self.leg, outcome.offer, prevails=True))
            case Wanted():
                self._say(OfferWanted(self.leg))
            case Answered() if self.state is State.ACTIVE:
                self._say(AnswerReceived(self.leg, outcome.answer))
            case Answered():
                self._preview = outcome.answer
                if self._answered:
                    self._through()
                else:
                    self._say(Progress(self.leg, outcome.answer))
            case Refused() if self.state is State.ACTIVE:
                self._say(OfferRefused(self.leg, outcome.cause))
            case Refused():
                self.release(outcome.cause)

    def _disconnected(self, cause: Cause, text: str, *, tone: bool) -> None:
        if self.state is State.DISCONNECTED:
            return
        self.state = State.DISCONNECTED
        self._say(Disconnected(self.leg, cause, tone, text))

    def _informed(self, signal: messages.Info) -> None:
        digits = (signal.cd.num if signal.cd is not None else None) or ""
        if self.state is State.ACTIVE:
            for digit in digits[:64]:
                if digit in _RECEIVES:
                    self._say(DigitSignalled(self.leg, digit))

    def _name(self, elements: tuple[AnyFacility, ...]) -> None:
        """Who is at the other end, where the message says so."""
        before = self._party
        name = facilities.first(elements, facilities.NameIdentification)
        if name is not None:
            named = parties.party_of(None, name.name, self._around.facts())
            self._party = msgspec.structs.replace(self._party, name=named.name)
        moved = facilities.first(elements, facilities.TransferComplete)
        if moved is not None:
            self._party = parties.party_of(moved.remote, moved.remote_name, self._around.facts())
        diverted = facilities.first(elements, facilities.DivertingLeg1)
        if diverted is not None and diverted.nominated is not None and self.state in _EARLY:
            self._party = parties.party_of(diverted.nominated, "", self._around.facts())
        if self._party != before:
            self._say(PartyChanged(self.leg, self._party))

    def _facility(self, *elements: AnyFacility) -> None:
        self._send(messages.Facility(fty=facilities.write_facilities(*elements)))

    # --- media ------------------------------------------------------------------------------------------------

    def _take(self, signal: MediaSignal) -> Outcome | None:
        self._exchange.held = self.services.held_by_far_end
        try:
            outcome = self._exchange.take(signal)
        except ChannelsUnusable as error:
            self._around.tally.count("unusable offer", str(error))
            if not isinstance(signal, messages.Setup):
                self._send(messages.Channels(channels_cmd=pbx_guesses.REFUSAL))
            return None
        if self._patience is not None and not self._exchange.waits:
            self._patience.cancel()
        return outcome

    def _offer(self, description: SessionDescription) -> Said | None:
        try:
            said = self._exchange.offer(description)
        except ChannelsUnusable as error:
            self._around.tally.count("unusable description", str(error))
            return None
        if said is not None and (self.number < 0 or self.state is State.ACTIVE):
            self._await_answer()
        return said

    def _answer(self, description: SessionDescription | None) -> Said | Offered | None:
        try:
            said = self._exchange.answer(description)
        except ChannelsUnusable as error:
            self._around.tally.count("unusable description", str(error))
            return self._exchange.answer(None)
        if self._exchange.waits:
            self._await_answer()
        return said

    def _await_answer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = self._around.schedule.after(
            self._around.patience.answer, lambda: self._media(self._exchange.expired())
        )

    # --- the end ------------------------------------------------------------------------------------------------

    def _heard(self) -> None:
        if self._silence is not None:
            self._silence.cancel()

    def _unheard(self) -> None:
        """The PBX says nothing at all of our setup."""
        self.release(Cause.RECOVERY_ON_TIMER_EXPIRY)

    def _end(self, cause: Cause, text: str = "") -> None:
        if self.state is State.RELEASED:
            return
        self.state = State.RELEASED
        self.services.stop(cause)
        for timer in (self._silence, self._patience):
            if timer is not None:
                timer.cancel()
        self._around.post(Released(self.leg, cause, text))
        self._gone(self)

    def _say(self, event: SignallingEvent) -> None:
        if self.state is not State.RELEASED:
            self._around.post(event)

    def _send(self, signal: AnySignal) -> None:
        self._around.send(self.number, signal)
