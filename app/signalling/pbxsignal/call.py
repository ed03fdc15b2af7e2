"""One call with media, from its setup to its release, in the states of Q.931 (innovaphone SDK 14r1, Signal)."""

from __future__ import annotations

import re
import secrets
from typing import Protocol

from app.model import pbx_guesses
from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import SessionDescription
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    CallOptions,
    ConferenceNamed,
    Connected,
    DigitSignalled,
    Disconnected,
    MoreDigitsWanted,
    OfferReceived,
    OfferRefused,
    OfferWanted,
    Proceeding,
    Progress,
    Released,
    SetupIndicated,
    SignallingEvent,
    SignallingLost,
)
from app.signalling.pbxsignal import facilities, media_messages, messages, parties
from app.signalling.pbxsignal.call_media import CallMedia
from app.signalling.pbxsignal.call_state import EARLY, RINGING, State
from app.signalling.pbxsignal.errors import ChannelsUnusable
from app.signalling.pbxsignal.exchange import Answered, MediaExchange, Offered, Outcome, Refused, Said, Wanted
from app.signalling.pbxsignal.facilities import AnyFacility
from app.signalling.pbxsignal.far_end import FarEnd
from app.signalling.pbxsignal.kept import KeptCall
from app.signalling.pbxsignal.leg_services import LegServices
from app.signalling.pbxsignal.messages import AnySignal, MediaSignal
from app.signalling.pbxsignal.names import Names
from app.signalling.pbxsignal.surroundings import Surroundings
from app.signalling.schedule import Timer

_GUID = re.compile("[0-9a-fA-F]{32}")
_RECEIVES = frozenset("0123456789*#ABCD")


class Owner(Protocol):
    """Who keeps a call."""

    def gone(self, call: Call) -> None:
        """Nothing of it is left."""

    def lost(self, call: Call) -> None:
        """The PBX has lost the far end: its messages have ended, its voice may go on."""

    def back(self, call: Call) -> None:
        """The far end's new setup, which took its place, is answered."""


class Call:
    """One call. It can lose its signalling: then its number is 0, until it is taken up under another."""

    def __init__(self, leg: LegId, number: int, around: Surroundings, owner: Owner) -> None:
        self.leg = leg
        self.number = number
        self.state = State.INITIATED if number > 0 else State.PRESENT
        self.offered: SessionDescription | None = None
        """The offer of our setup."""
        self.anonymous = False
        self.conference = ""
        """`confId`: the name of the conversation, at all its ends."""
        self.identity = ""
        """`callId`: the name of this leg of it."""
        self._around = around
        self._owner = owner
        self._media = CallMedia(around, caller=number > 0, send=self._send, expired=self._follow)
        self.far_end = FarEnd(leg, around, self._facility)
        self._preview: SessionDescription | None = None
        self._answered = False
        """The far end has answered, and only its description is missing."""
        self._conn_owed = False
        """The far end's setup took this call up, and waits for our conn."""
        self._silence: Timer | None = None
        self._course: Timer | None = None
        """Until when the PBX must say what becomes of a call that is on its way."""
        self.services = LegServices(leg, around, self._facility)

    @property
    def names(self) -> Names:
        """By which its ends find it again."""
        return self.far_end.names

    # --- from the port ----------------------------------------------------------------------------------------

    def setup(self, number: str, offer: SessionDescription, options: CallOptions) -> None:
        """Begin it. Without a number more digits follow."""
        self.far_end.dial(number)
        self.anonymous, self.offered = options.anonymous, offer
        said = self._media.offer(offer, awaited=False)
        if said is None:
            self.release(Cause.INCOMPATIBLE_DESTINATION)
            return
        self._identify(secrets.token_hex(16), secrets.token_hex(16))
        self._send(
            media_messages.setup(
                parties.called(number),
                said,
                (facilities.ReconnectInit(),),
                anonymous=options.anonymous,
                complete=bool(number),
                conference=self.conference,
                identity=self.identity,
            )
        )
        self._silence = self._around.schedule.after(self._around.patience.setup, self._unheard)

    def information(self, digits: str) -> None:
        """More digits of the number."""
        if self.state is State.OVERLAP_SENDING:
            self.far_end.dial(digits)
            self._send(messages.Info(cd=parties.called(digits)))

    def alert(self, *, waiting: bool) -> None:
        """It rings, or knocks."""
        if self.state is State.PRESENT:
            self.state = State.RECEIVED
            told = (*self.names.given(), *((facilities.CallWaiting(),) if waiting else ()))
            self._send(messages.Alert(fty=facilities.write_facilities(*told)))

    def deflect(self, number: str) -> None:
        """Have it ring elsewhere: the PBX takes it from us then."""
        if self.state in RINGING:
            self._facility(facilities.DiversionReroute(parties.called(number)))
            self._await_course(self._around.patience.service)

    def connect(self, description: SessionDescription) -> None:
        """Answer it."""
        if self.state not in RINGING:
            return
        self._stop_course()
        if not self.number:
            self.state = State.ACTIVE  # the caller will hear of it by his next setup
            return
        owes = self._media.owes
        said = self._media.answer(description) if owes else self._media.offer(description, awaited=True)
        if said is None:
            self.release(Cause.INCOMPATIBLE_DESTINATION)
            return
        self.state = State.ACTIVE
        carried = said if isinstance(said, Said) else None
        self._send(media_messages.conn(carried, self.names.given()))
        if isinstance(said, Offered):
            self._say(OfferReceived(self.leg, said.offer, prevails=True))

    def offer(self, description: SessionDescription) -> None:
        """Offer anew."""
        if self.state is not State.ACTIVE or not self.number:
            return
        self.services.tell_hold(description)
        owed = self._media.owes
        said = self._media.offer(description, awaited=True)
        if said is not None:
            self._send(media_messages.channels(said))
        elif not owed and not self._media.waits:
            self._say(OfferRefused(self.leg, Cause.INCOMPATIBLE_DESTINATION))

    def answer_offer(self, description: SessionDescription | None) -> None:
        """Answer what the far end offers or wants."""
        said = self._media.answer(description)
        if isinstance(said, Offered):
            self._say(OfferReceived(self.leg, said.offer, prevails=True))
        elif self._conn_owed:
            self._confirm(said, description)
        elif said is not None:
            self._send(media_messages.channels(said))

    def digit(self, digit: str) -> None:
        """DTMF, where media cannot carry it."""
        if self.state is State.ACTIVE and pbx_guesses.INFO_CARRIES_DTMF:
            self._send(messages.Info(cd=messages.EndPoint(num=digit)))

    def release(self, cause: Cause) -> None:
        """End it, whatever its state."""
        if self.state is not State.RELEASED:
            self._send(messages.Rel(cau=parties.cause_element(cause)))
            self._end(cause)

    def abandon(self, cause: Cause, text: str = "") -> None:
        """It is gone without a word: nobody would hear it."""
        self._end(cause, text)

    # --- from the PBX -------------------------------------------------------------------------------------------

    def indicate(self, setup: messages.Setup, elements: tuple[AnyFacility, ...], replaces: Call | None = None) -> None:
        """A call comes in, perhaps in place of one that rings already, whose names it goes by."""
        self.far_end.calling(setup, elements)
        picked = facilities.first(elements, facilities.PickExecute)
        if replaces is not None:
            self.far_end.names, replaces.far_end.names = replaces.names, self.names
        self.services.read_hold(elements)
        outcome = self._take(setup)
        event = SetupIndicated(
            leg=self.leg,
            line=self._around.line,
            calling=self.far_end.party,
            called=parties.party_of(setup.cd, "", self._around.facts()),
            offer=outcome.offer if isinstance(outcome, Offered) else None,
            replaces=None if replaces is None else replaces.leg,
            picked="" if picked is None else picked.call_id,
        )
        self._say(event)
        self._identify(setup.conference_id or "", setup.call_id or "")
        self.services.receive(elements)

    def receive(self, signal: AnySignal, elements: tuple[AnyFacility, ...]) -> None:
        """A message of the call after its setup."""
        self._heard()
        self.far_end.receive(elements, early=self.state in EARLY)
        self.services.read_hold(elements)
        match signal:
            case messages.Rel():
                self._released(signal, elements)
            case messages.Disc():
                self._disconnected(signal)
            case messages.Info():
                self._informed(signal)
            case messages.Conn():
                self._connected(signal)
            case messages.Channels():
                self._follow(self._take(signal))
            case messages.SetupAck() | messages.CallProc() | messages.Progress() | messages.Alert():
                if self.state in EARLY:
                    self._on_the_way(signal, elements)
        if self.state is not State.RELEASED:
            self.services.receive(elements)

    def answered_unreadably(self) -> None:
        """The far end answered in words that cannot be read: left alone, it would ring here for ever."""
        self._heard()
        if self.state in EARLY:
            self.release(Cause.INVALID_MESSAGE)

    # --- steps ------------------------------------------------------------------------------------------------

    def _on_the_way(
        self,
        signal: messages.SetupAck | messages.CallProc | messages.Progress | messages.Alert,
        elements: tuple[AnyFacility, ...],
    ) -> None:
        match signal:
            case messages.SetupAck():
                self._follow(self._take(signal))
                self.state = State.OVERLAP_SENDING
                self._say(MoreDigitsWanted(self.leg))
            case messages.CallProc():
                self.state = State.PROCEEDING
                self._await_course(self._around.patience.proceeding)
                self._say(Proceeding(self.leg))
                self._follow(self._take(signal))
            case messages.Progress():
                self._stop_course()
                self._follow(self._take(signal))
                cause = None if signal.cau is None else parties.cause_of(signal.cau)
                self._say(Progress(self.leg, self._preview, cause))
            case messages.Alert():
                self._stop_course()
                self.state = State.DELIVERED
                self._follow(self._take(signal))
                in_band = self._preview if signal.inband_info else None
                waiting = facilities.first(elements, facilities.CallWaiting) is not None
                self._say(Alerting(self.leg, in_band, self.far_end.party, waiting))

    def _connected(self, signal: messages.Conn) -> None:
        if self.state not in EARLY:
            return
        self._stop_course()
        self._answered = True
        self._follow(self._take(signal))
        if self.state in EARLY and self._media.waits:
            self._media.await_answer()  # its description may yet come, but not for ever
        elif self.state in EARLY and self._answered:
            self._through()

    def _released(self, signal: messages.Rel, elements: tuple[AnyFacility, ...]) -> None:
        cause = parties.cause_of(signal.cau)
        if facilities.first(elements, facilities.DivertingLeg4) is not None:
            cause = Cause.NORMAL_CLEARING  # it rings elsewhere now
        far_end_lost = cause in pbx_guesses.FAR_END_LOST
        gave_up = self._conn_owed and cause is not Cause.NORMAL_CLEARING  # what was to take this call up
        if self.state is State.ACTIVE and self.names and (far_end_lost or gave_up):
            self._owner.lost(self)
        else:
            self._end(cause, parties.shown(signal.dsp))

    def _disconnected(self, signal: messages.Disc) -> None:
        if self.state is State.DISCONNECTED:
            return
        self.state = State.DISCONNECTED
        self._stop_course()
        cause, tone = parties.cause_of(signal.cau), bool(signal.inband_info)
        self._say(Disconnected(self.leg, cause, tone, parties.shown(signal.dsp)))

    def _informed(self, signal: messages.Info) -> None:
        digits = (signal.cd.num if signal.cd is not None else None) or ""
        if self.state is State.ACTIVE and pbx_guesses.INFO_CARRIES_DTMF:
            for digit in digits[:64]:
                if digit in _RECEIVES:
                    self._say(DigitSignalled(self.leg, digit))

    def _identify(self, conference: str, identity: str) -> None:
        """Recordings are called by the conference, so that nothing but a name of the known kind will do."""
        if _GUID.fullmatch(identity):
            self.identity = identity.lower()
        if _GUID.fullmatch(conference):
            self.conference = conference.lower()
            self._say(ConferenceNamed(self.leg, self.conference, self.identity))

    def _facility(self, *elements: AnyFacility) -> None:
        self._send(messages.Facility(fty=facilities.write_facilities(*elements)))

    # --- media ------------------------------------------------------------------------------------------------

    def _take(self, signal: MediaSignal) -> Outcome | None:
        return self._media.take(signal, held=self.services.held_by_far_end)

    def _follow(self, outcome: Outcome | None) -> None:
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

    def _through(self) -> None:
        """Answered, and its media is settled."""
        self._answered = False
        self.state = State.ACTIVE
        self._say(Connected(self.leg, self._preview, self.far_end.party))

    # --- it outlives the process ----------------------------------------------------------------------------------

    def keep(self) -> KeptCall | None:
        """What another process needs to go on with it; None where it is not answered, or nobody could name it."""
        if self.state is not State.ACTIVE or not self.names:
            return None
        ours, theirs = self.names.keep()
        return KeptCall(self.leg, self.far_end.party, self.conference, self.identity, ours, theirs)

    def resume_kept(self, kept: KeptCall) -> None:
        """Be the call that another process has kept. Its signalling is lost."""
        self.state = State.ACTIVE
        self.conference, self.identity = kept.conference, kept.identity
        self.far_end.party = kept.party
        self.names.resume(kept.ours, kept.theirs)
        self._media.begin_anew()

    # --- lost and taken up ----------------------------------------------------------------------------------------

    @property
    def outlives_signalling(self) -> bool:
        """Whether it goes on without: not while digits or a tone are under way, nor where nobody could name it."""
        lasting = self.state is State.ACTIVE or self.state in EARLY - {State.OVERLAP_SENDING}
        return lasting or (self.state in RINGING and bool(self.names))

    @property
    def place(self) -> messages.EndPoint | None:
        """Whom a setup in its place would call; None for somebody who hides his number."""
        return self.far_end.place(early=self.state in EARLY)

    def lose(self) -> None:
        """Nobody knows its number any more."""
        self.number = 0
        self._conn_owed = self._answered = False
        self._stop_timers()
        self.services.interrupt()
        self._media.begin_anew()
        self._say(SignallingLost(self.leg))

    def taken_up(self, number: int, exchange: MediaExchange) -> None:
        """By a setup of ours, which has this number."""
        self.number = number
        self._media.adopt(exchange)

    def resume(self, outcome: Outcome | None, elements: tuple[AnyFacility, ...]) -> None:
        """The far end has answered that setup."""
        self.far_end.receive(elements, early=self.state in EARLY)
        self.services.read_hold(elements)
        self._follow(outcome)
        self.services.receive(elements)

    def replaced(self, number: int, setup: messages.Setup, elements: tuple[AnyFacility, ...]) -> bool:
        """By a setup of the far end's; it is answered as soon as the call model has taken its offer, or made one.

        False, and all is as before, where its offer cannot be read.
        """
        self.services.read_hold(elements)
        try:
            outcome = self._media.replace(setup, held=self.services.held_by_far_end)
        except ChannelsUnusable as error:
            self._around.tally.count("unusable offer", str(error))
            return False
        self._send(messages.Rel(cau=parties.cause_element(Cause.NORMAL_CLEARING)))
        self._stop_timers()
        self.number = number
        self._identify(setup.conference_id or "", setup.call_id or "")
        self._conn_owed = True
        self._follow(outcome)
        self.services.receive(elements)
        return True

    def _confirm(self, said: Said | None, description: SessionDescription | None) -> None:
        self._conn_owed = False
        elements = () if description is None else self.services.hold_elements(description)
        named = self.names.reference()
        if named is not None:
            elements = (*elements, named)
        self._send(media_messages.conn(said, elements))
        self._owner.back(self)

    # --- the end ------------------------------------------------------------------------------------------------

    def _heard(self) -> None:
        if self._silence is not None:
            self._silence.cancel()

    def _unheard(self) -> None:
        """The PBX says nothing at all of our setup, nothing more of it, or does not take the call that rings here."""
        self.release(Cause.RECOVERY_ON_TIMER_EXPIRY)

    def _await_course(self, seconds: float) -> None:
        self._stop_course()
        self._course = self._around.schedule.after(seconds, self._unheard)

    def _stop_course(self) -> None:
        if self._course is not None:
            self._course.cancel()

    def _end(self, cause: Cause, text: str = "") -> None:
        if self.state is State.RELEASED:
            return
        self.state = State.RELEASED
        self.services.stop(cause)
        self._stop_timers()
        self._around.post(Released(self.leg, cause, text))
        self._owner.gone(self)

    def _stop_timers(self) -> None:
        self._media.stop()
        for timer in (self._silence, self._course):
            if timer is not None:
                timer.cancel()

    def _say(self, event: SignallingEvent) -> None:
        if self.state is not State.RELEASED:
            self._around.post(event)

    def _send(self, signal: AnySignal) -> None:
        if self.number:
            self._around.send(self.number, signal)
