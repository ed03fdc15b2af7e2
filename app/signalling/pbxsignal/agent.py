"""The core of a PbxSignal line, sans-IO: texts and time in, texts, deadlines and events out."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable

from app.model import pbx_guesses
from app.model.cause import Cause
from app.model.flags import LogFlag
from app.model.ids import LegId
from app.model.session import SessionDescription
from app.model.signalling import CallOptions, Released, SignallingEvent
from app.signalling.pbxsignal import facilities, messages, parties
from app.signalling.pbxsignal.call import Call
from app.signalling.pbxsignal.codec import CallMessage, read_message, write_message
from app.signalling.pbxsignal.config import Patience, PbxSignalConfig
from app.signalling.pbxsignal.errors import MessageMalformed
from app.signalling.pbxsignal.facilities import AnyFacility
from app.signalling.pbxsignal.messages import API, NO_CHANNEL, AnySignal, RegisterResult
from app.signalling.pbxsignal.registration import RegistrationClient
from app.signalling.pbxsignal.service_calls import PROCEDURES, ServiceCall, Told, pick_up_refused
from app.signalling.pbxsignal.surroundings import Surroundings
from app.signalling.schedule import Schedule
from app.signalling.tally import Tally

CALLS_MAX = 32
"""Calls of all kinds at once; the PBX's further ones are released as congestion."""


class PbxSignalAgent:
    """All calls of one line, and its registration. `send` gets whole messages, `post` every event."""

    def __init__(
        self,
        config: PbxSignalConfig,
        send: Callable[[bytes], None],
        schedule: Schedule,
        post: Callable[[SignallingEvent], None],
        patience: Patience | None = None,
    ) -> None:
        patience = patience or Patience()
        self.tally = Tally(schedule, LogFlag.PBX)
        self._config = config
        self._send = send
        self._post = post
        self._linked = False
        self._calls: dict[int, Call | ServiceCall] = {}
        self._legs: dict[LegId, Call] = {}
        self._told_calls: set[int] = set()
        """Calls of the PBX that only tell of services."""
        self._numbers = itertools.count(1)
        self._leg_numbers = itertools.count(1)
        self._registration = RegistrationClient(
            config.line,
            config.hardware_id,
            schedule,
            patience,
            lambda register: self._send(write_message(register)),
            post,
            self.interrogate,
        )
        self._around = Surroundings(
            line=config.line,
            user=config.user,
            guid=secrets.token_hex(16),
            schedule=schedule,
            patience=patience,
            tally=self.tally,
            send=self._send_signal,
            post=post,
            facts=lambda: self._registration.facts,
        )
        self._told = Told(self._around, self.interrogate)

    @property
    def facts(self) -> RegisterResult:
        """What the PBX told when it registered us last."""
        return self._registration.facts

    # --- the connection -----------------------------------------------------------------------------------------

    def link_up(self) -> None:
        """The connection to the PBX stands: register."""
        self._linked = True
        self._registration.link_up()

    def link_down(self, reason: str) -> None:
        """It is gone, and with it the PBX's knowledge of our calls."""
        self._linked = False
        self._told_calls.clear()
        for call in tuple(self._calls.values()):
            call.abandon(Cause.NETWORK_OUT_OF_ORDER)
        self._registration.link_down(reason)

    def try_again(self) -> None:
        """A person thinks that registering will work now."""
        self._registration.try_again()

    def close(self) -> None:
        """End all calls; who closes the connection then ends the registration with it."""
        for leg in tuple(self._legs.values()):
            leg.release(Cause.NORMAL_CLEARING)

    def receive(self, text: bytes) -> None:
        """One message of the PBX, whatever it is."""
        try:
            message = read_message(text)
        except MessageMalformed as error:
            self.tally.count("malformed", str(error))
            return
        if isinstance(message, RegisterResult):
            self._registration.receive(message)
        elif message is None:
            self.tally.count("unknown message")
        elif message.sig is None:
            self._broken(message)
        else:
            self._receive(message.call, message.sig)

    # --- the signalling port --------------------------------------------------------------------------------------

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        """SETUP."""
        if not self._linked:
            self._post(Released(leg, Cause.NETWORK_OUT_OF_ORDER))
            return
        call = self._new_call(leg, next(self._numbers))
        call.setup(number, offer, options)

    def information(self, leg: LegId, digits: str) -> None:
        """INFORMATION."""
        if leg in self._legs:
            self._legs[leg].information(digits)

    def alert(self, leg: LegId, *, waiting: bool) -> None:
        """ALERTING."""
        if leg in self._legs:
            self._legs[leg].alert(waiting=waiting)

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        """CONNECT."""
        if leg in self._legs:
            self._legs[leg].connect(description)

    def offer(self, leg: LegId, offer: SessionDescription) -> None:
        """A new offer."""
        if leg in self._legs:
            self._legs[leg].offer(offer)

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        """The answer to the far end's offer."""
        if leg in self._legs:
            self._legs[leg].answer_offer(description)

    def digit(self, leg: LegId, digit: str) -> None:
        """DTMF by signalling."""
        if leg in self._legs:
            self._legs[leg].digit(digit)

    def transfer(self, leg: LegId, number: str) -> None:
        """Blind transfer."""
        if leg in self._legs:
            self._legs[leg].services.transfer(number)

    def join(self, leg: LegId, other: LegId) -> None:
        """Attended transfer."""
        if leg in self._legs and other in self._legs:
            self._legs[leg].services.join(self._legs[other].services)

    def park(self, leg: LegId, position: str) -> None:
        """Park the far end."""
        if leg in self._legs:
            self._legs[leg].services.park(position)

    def pick_up(self, call: str) -> None:
        """Take a call of the group."""
        self._ask(facilities.PickRequest(call_id=call, picking=messages.EndPoint(sip=self._config.user())))

    def interrogate(self) -> None:
        """Ask for diversions and waiting messages."""
        self._told.forget_diversions()
        served = messages.EndPoint(sip=self._config.user())
        for procedure in PROCEDURES.values():
            self._ask(facilities.DiversionInterrogate(procedure, served))
        self._ask(facilities.MessagesInterrogate(served))

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        """DISCONNECT."""
        if leg in self._legs:
            self._legs[leg].release(cause)

    # --- steps ----------------------------------------------------------------------------------------------------

    def _receive(self, number: int, signal: AnySignal) -> None:
        elements = facilities.read_facilities(signal.fty)
        self._told.receive(elements)
        call = self._calls.get(number)
        if isinstance(signal, messages.Setup):
            self._set_up(number, signal, elements)
        elif call is not None:
            call.receive(signal, elements)
        elif number in self._told_calls:
            if isinstance(signal, messages.Rel | messages.Disc):
                self._told_calls.discard(number)
        else:
            self.tally.count("stray message", type(signal).__name__)

    def _set_up(self, number: int, setup: messages.Setup, elements: tuple[AnyFacility, ...]) -> None:
        """A call of the PBX: negative, and none that there is already."""
        if number >= 0 or number in self._calls or number in self._told_calls:
            self.tally.count("setup out of place", str(number))
        elif len(self._calls) + len(self._told_calls) >= CALLS_MAX:
            self.tally.count("too many calls")
            self._release(number, Cause.CONGESTION)
        elif setup.channel == NO_CHANNEL:
            self._told_calls.add(number)
            self._send_signal(number, _SERVICE_ANSWERS[pbx_guesses.SERVICE_ANSWER]())
        else:
            call = self._new_call(LegId(f"{self._config.line}-{next(self._leg_numbers)}"), number)
            call.indicate(setup, elements)

    def _broken(self, message: CallMessage) -> None:
        """Fields of it cannot be read: a setup is refused, an ending counts all the same (Q.931, 5.8.6)."""
        self.tally.count("malformed", f"the fields of {message.broken}")
        if message.broken == "setup" and message.call < 0 and message.call not in self._calls:
            self._release(message.call, Cause.INVALID_MESSAGE)
        elif message.broken == "rel":
            self._receive(message.call, messages.Rel())
        elif message.broken == "disc":
            self._receive(message.call, messages.Disc())
        elif message.broken == "conn" and isinstance(call := self._calls.get(message.call), Call):
            call.answered_unreadably()

    def _ask(self, element: AnyFacility) -> None:
        if self._linked and len(self._calls) < CALLS_MAX:
            number = next(self._numbers)
            self._calls[number] = ServiceCall(number, element, self._around, self._service_ended)
        else:
            pick_up_refused(self._around, element, Cause.NETWORK_OUT_OF_ORDER)

    def _service_ended(self, call: ServiceCall, cause: Cause | None) -> None:
        self._calls.pop(call.number, None)
        pick_up_refused(self._around, call.element, cause)

    def _new_call(self, leg: LegId, number: int) -> Call:
        call = Call(leg, number, self._around, self._gone)
        self._calls[number] = self._legs[leg] = call
        return call

    def _gone(self, call: Call) -> None:
        self._calls.pop(call.number, None)
        self._legs.pop(call.leg, None)

    def _release(self, number: int, cause: Cause) -> None:
        self._send_signal(number, messages.Rel(cau=parties.cause_element(cause)))

    def _send_signal(self, number: int, signal: AnySignal) -> None:
        if self._linked:
            self._send(write_message(messages.Signaling(api=API, call=number, sig=signal)))


_SERVICE_ANSWERS: dict[str, type[messages.Conn] | type[messages.Accept]] = {
    "conn": messages.Conn,
    "accept": messages.Accept,
}
