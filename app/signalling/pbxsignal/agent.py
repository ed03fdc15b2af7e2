"""The core of a PbxSignal line, sans-IO: texts and time in, texts, deadlines and events out."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable

from app.model.cause import Cause
from app.model.flags import LogFlag
from app.model.ids import LegId
from app.model.services import DiversionKind
from app.model.session import SessionDescription
from app.model.signalling import CallOptions, DiversionRefused, Released, SignallingEvent
from app.signalling.pbxsignal import facilities, messages, parties
from app.signalling.pbxsignal.call import Call
from app.signalling.pbxsignal.call_table import CallTable
from app.signalling.pbxsignal.codec import CallMessage, read_message, write_message
from app.signalling.pbxsignal.config import Patience, PbxSignalConfig
from app.signalling.pbxsignal.diversions import Diverter
from app.signalling.pbxsignal.errors import MessageMalformed
from app.signalling.pbxsignal.facilities import AnyFacility
from app.signalling.pbxsignal.interrogation import Interrogation
from app.signalling.pbxsignal.kept import KeptLine
from app.signalling.pbxsignal.messages import API, NO_CHANNEL, AnySignal, DiversionResult, RegisterResult
from app.signalling.pbxsignal.recovery import Recovery
from app.signalling.pbxsignal.registration import RegistrationClient
from app.signalling.pbxsignal.service_calls import PROCEDURES, ServiceCall, Told, ToldCalls, pick_up_refused
from app.signalling.pbxsignal.surroundings import Surroundings
from app.signalling.pbxsignal.watching import Watching
from app.signalling.schedule import Schedule
from app.signalling.tally import Tally

CALLS_MAX = 32
"""Calls at once with media, and of ours without; the PBX's further ones are released as congestion."""


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
        self._table = CallTable()
        self._leg_numbers = itertools.count(1)
        self._registration = RegistrationClient(
            config.line,
            config.hardware_id,
            schedule,
            patience,
            lambda register: self._send(write_message(register)),
            post,
            self._registered,
            lambda: self._recovery.waits,
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
        self._told = Told(self._around, self.interrogate, self._table.identified)
        self._told_calls = ToldCalls(self._around)
        self._watching = Watching(config.colleagues, self._around, self._table.next_number)
        self._interrogation = Interrogation(schedule, self._interrogate)
        self._diverter = Diverter(self._around, lambda message: send(write_message(message)), self.interrogate)
        self._recovery = Recovery(self._around, self._table)

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
        """It is gone, and perhaps with it the PBX's knowledge of our calls."""
        self._linked = False
        self._told_calls.link_down()
        self._watching.link_down()
        self._registration.link_down(reason)
        self._diverter.link_down()
        self._recovery.link_down()

    def moved(self) -> None:
        """Our own address is another than before."""
        self._recovery.moved()

    def try_again(self) -> None:
        """A person thinks that registering will work now."""
        self._registration.try_again()

    def close(self) -> None:
        """End all calls; who closes the connection then ends the registration with it."""
        for call in tuple(self._table.legs.values()):
            call.release(Cause.NORMAL_CLEARING)

    def receive(self, text: bytes) -> None:
        """One message of the PBX, whatever it is."""
        try:
            message = read_message(text)
        except MessageMalformed as error:
            self.tally.count("malformed", str(error))
            return
        if isinstance(message, RegisterResult):
            self._registration.receive(message)
        elif isinstance(message, DiversionResult):
            self._diverter.receive(message)
        elif message is None:
            self.tally.count("unknown message")
        elif message.sig is None:
            self._broken(message)
        else:
            self._receive(message.call, message.sig)

    # --- it outlives the process --------------------------------------------------------------------------------

    def keep(self) -> KeptLine:
        """What another process needs to go on with the calls that were answered."""
        return KeptLine(tuple(filter(None, (call.keep() for call in self._table.legs.values()))))

    def resume(self, kept: KeptLine) -> None:
        """Have the calls of a process that died, and take them up when we are registered. Before `link_up`."""
        for one in kept.calls[:CALLS_MAX]:
            call = Call(one.leg, 0, self._around, self)
            call.resume_kept(one)
            self._table.legs[one.leg] = call
            self._recovery.resumed(call)

    def has(self, leg: LegId) -> bool:
        """Whether a leg is there."""
        return leg in self._table.legs

    # --- the signalling port --------------------------------------------------------------------------------------

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        """SETUP. Between two connections it waits until we are registered again."""
        if not self._registration.up and not number:
            self._post(Released(leg, Cause.NETWORK_OUT_OF_ORDER))
            return
        call = self._new_call(leg, self._table.next_number())
        call.setup(number, offer, options)
        if not self._registration.up and leg in self._table.legs:
            self._recovery.lose(call)

    def information(self, leg: LegId, digits: str) -> None:
        """INFORMATION."""
        if leg in self._table.legs:
            self._table.legs[leg].information(digits)

    def alert(self, leg: LegId, *, waiting: bool) -> None:
        """ALERTING."""
        if leg in self._table.legs:
            self._table.legs[leg].alert(waiting=waiting)

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        """CONNECT."""
        if leg in self._table.legs:
            self._table.legs[leg].connect(description)

    def offer(self, leg: LegId, offer: SessionDescription) -> None:
        """A new offer."""
        if leg in self._table.legs:
            self._table.legs[leg].offer(offer)

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        """The answer to the far end's offer."""
        if leg in self._table.legs:
            self._table.legs[leg].answer_offer(description)

    def digit(self, leg: LegId, digit: str) -> None:
        """DTMF by signalling."""
        if leg in self._table.legs:
            self._table.legs[leg].digit(digit)

    def deflect(self, leg: LegId, number: str) -> None:
        """Send a call that rings here elsewhere."""
        if leg in self._table.legs:
            self._table.legs[leg].deflect(number)

    def transfer(self, leg: LegId, number: str) -> None:
        """Blind transfer."""
        if leg in self._table.legs:
            self._table.legs[leg].services.transfer(number)

    def cancel_transfer(self, leg: LegId) -> None:
        """A transfer that was asked for is wanted no more."""
        if leg in self._table.legs:
            self._table.legs[leg].services.cancel_transfer()

    def join(self, leg: LegId, other: LegId) -> None:
        """Attended transfer."""
        if leg in self._table.legs and other in self._table.legs:
            self._table.legs[leg].services.join(self._table.legs[other].services)

    def park(self, leg: LegId, position: str) -> None:
        """Park the far end."""
        if leg in self._table.legs:
            self._table.legs[leg].services.park(position)

    def pick_up(self, call: str) -> None:
        """Take a call of the group."""
        self._ask(facilities.PickRequest(call_id=call, picking=messages.EndPoint(sip=self._config.user())))

    def divert(self, kind: DiversionKind, number: str) -> None:
        """Set a diversion, or take it back."""
        if self._linked:
            self._diverter.divert(kind, number)
        else:
            self._post(DiversionRefused(self._config.line, kind, Cause.NETWORK_OUT_OF_ORDER))

    def interrogate(self) -> None:
        """Ask for diversions and waiting messages."""
        if self._linked:
            self._interrogation.wanted()

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        """DISCONNECT."""
        if leg in self._table.legs:
            self._recovery.ending(self._table.legs[leg], cause)
            self._table.legs[leg].release(cause)

    def reconnect(self, leg: LegId, offer: SessionDescription) -> None:
        """Take a lost call up."""
        if leg in self._table.legs:
            self._recovery.reconnect(self._table.legs[leg], offer)

    # --- what calls tell --------------------------------------------------------------------------------------------

    def gone(self, call: Call) -> None:
        """Nothing of a call is left."""
        self._table.forget(call)
        self._recovery.gone(call)

    def lost(self, call: Call) -> None:
        """The PBX has lost its far end."""
        self._recovery.lose(call)

    def back(self, call: Call) -> None:
        """It is as good as before."""
        self._recovery.back(call)

    # --- steps ----------------------------------------------------------------------------------------------------

    def _receive(self, number: int, signal: AnySignal) -> None:
        elements = facilities.read_facilities(signal.fty)
        self._told.receive(elements)
        call = self._table.numbered.get(number)
        if isinstance(signal, messages.Setup):
            self._set_up(number, signal, elements)
        elif call is not None:
            call.receive(signal, elements)
        elif self._watching.takes(number, signal):
            pass  # its facilities have said it all
        elif number in self._told_calls:
            self._told_calls.receive(number, signal)
        else:
            self.tally.count("stray message", type(signal).__name__)

    def _set_up(self, number: int, setup: messages.Setup, elements: tuple[AnyFacility, ...]) -> None:
        """A call of the PBX: negative, and none that there is already."""
        if number >= 0 or number in self._table.numbered or number in self._told_calls:
            self.tally.count("setup out of place", str(number))
        elif setup.channel == NO_CHANNEL:
            self._told_calls.take(number)
        elif len(self._table.numbered) >= CALLS_MAX:
            self.tally.count("too many calls")
            self._release(number, Cause.CONGESTION)
        elif (name := _name_of_replaced(elements)) is not None:
            rings = self._recovery.replace(number, setup, elements, name)
            if rings is not None:
                self._indicate(number, setup, elements, replaces=rings)
        else:
            self._indicate(number, setup, elements)

    def _indicate(
        self, number: int, setup: messages.Setup, elements: tuple[AnyFacility, ...], replaces: Call | None = None
    ) -> None:
        names = (LegId(f"{self._config.line}-{place}") for place in self._leg_numbers)
        call = self._new_call(next(name for name in names if name not in self._table.legs), number)
        call.indicate(setup, elements, replaces)

    def _broken(self, message: CallMessage) -> None:
        """Fields of it cannot be read: a setup is refused, an ending counts all the same (Q.931, 5.8.6)."""
        self.tally.count("malformed", f"the fields of {message.broken}")
        if message.broken == "setup" and message.call < 0 and message.call not in self._table.numbered:
            self._release(message.call, Cause.INVALID_MESSAGE)
        elif message.broken == "rel":
            self._receive(message.call, messages.Rel())
        elif message.broken == "disc":
            self._receive(message.call, messages.Disc())
        elif message.broken == "conn" and isinstance(call := self._table.numbered.get(message.call), Call):
            call.answered_unreadably()

    def _interrogate(self) -> None:
        """A question that is out already will be answered by what is true then."""
        served = messages.EndPoint(sip=self._config.user())
        out = [call.element for call in self._table.numbered.values() if isinstance(call, ServiceCall)]
        questions: tuple[AnyFacility, ...] = (
            *(facilities.DiversionInterrogate(procedure, served) for procedure in PROCEDURES.values()),
            facilities.MessagesInterrogate(served),
        )
        for question in questions:
            if question not in out:
                self._ask(question)

    def _ask(self, element: AnyFacility) -> None:
        if self._linked and len(self._table.numbered) < CALLS_MAX:
            number = self._table.next_number()
            self._table.numbered[number] = ServiceCall(number, element, self._around, self._service_ended)
        else:
            pick_up_refused(self._around, element, Cause.NETWORK_OUT_OF_ORDER)

    def _service_ended(self, call: ServiceCall, cause: Cause | None) -> None:
        self._table.numbered.pop(call.number, None)
        pick_up_refused(self._around, call.element, cause)

    def _new_call(self, leg: LegId, number: int) -> Call:
        call = Call(leg, number, self._around, self)
        self._table.numbered[number] = self._table.legs[leg] = call
        return call

    def _registered(self) -> None:
        self._watching.registered()
        self._recovery.registered()

    def _release(self, number: int, cause: Cause) -> None:
        self._send_signal(number, messages.Rel(cau=parties.cause_element(cause)))

    def _send_signal(self, number: int, signal: AnySignal) -> None:
        if self._registration.up:
            self._send(write_message(messages.Signaling(api=API, call=number, sig=signal)))


def _name_of_replaced(elements: tuple[AnyFacility, ...]) -> str | None:
    """The name of the call that a setup takes the place of."""
    info = facilities.first(elements, facilities.ReconnectInfo)
    return None if info is None else str(info.id)
