"""The user agent of one line, without sockets or clock: octets and time in, octets, events and deadlines out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeVar

import msgspec

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.quality import QualityReport, Severity
from app.model.session import SessionDescription
from app.model.signalling import (
    CallOptions,
    LineChanged,
    MessageWaiting,
    Registration,
    Released,
    SignallingEvent,
    TransferResult,
)
from app.signalling.schedule import Schedule
from app.signalling.sip.answers import answer_options, inspect, refuse_method, respond, unsupported_media_type
from app.signalling.sip.body import BodyRefused, session_in
from app.signalling.sip.call import ANONYMOUS_HOST, Call
from app.signalling.sip.client_transaction import Send
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.dialog import Dialog, DialogKey
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.errors import HeaderError, MessageError, UriError
from app.signalling.sip.headers import split_list
from app.signalling.sip.hop import Hop, TransportFailure, hop_of_via
from app.signalling.sip.incoming import IncomingCall
from app.signalling.sip.keep_alive import KeepAlive
from app.signalling.sip.kept import KeptLine
from app.signalling.sip.message import Request, Response, response_to
from app.signalling.sip.message_watch import MessageWatch
from app.signalling.sip.outgoing import OutgoingCall
from app.signalling.sip.parser import parse_message
from app.signalling.sip.publication import Publisher
from app.signalling.sip.quality_report import ReportedCall, write_report
from app.signalling.sip.recovery import Recovery
from app.signalling.sip.refer import Referral
from app.signalling.sip.registration import BackOff, RegistrationClient
from app.signalling.sip.replaces import Replaces
from app.signalling.sip.resumed import ResumedCall
from app.signalling.sip.server_transaction import InviteServerTransaction, ServerTransaction
from app.signalling.sip.session import Session
from app.signalling.sip.surroundings import Surroundings
from app.signalling.sip.timers import Timers
from app.signalling.sip.uri import SipUri, parse_uri

MAX_CALLS = 16
"""Legs at a time; a call that comes in beyond them finds the line busy."""
_IN_DIALOG_ONLY = frozenset({"BYE", "UPDATE", "INFO", "PRACK"})
_T = TypeVar("_T")


class UserAgent:
    """All of one line but its sockets and its clock. Every method runs on the phone's main thread and never blocks.

    `send` puts octets on the wire and reports a failure later through `unreachable`. `post` gets every event; it
    must not call back into the agent.
    """

    def __init__(
        self,
        config: SipLineConfig,
        send: Send,
        schedule: Schedule,
        post: Callable[[SignallingEvent], None],
        timers: Timers | None = None,
        back_off: BackOff | None = None,
    ) -> None:
        self.endpoint = Endpoint(config, send, schedule, self, timers or Timers())
        self._post = post
        self._calls: dict[LegId, Call] = {}
        self._sessions: dict[DialogKey, Session] = {}
        self._ended: dict[LegId, ReportedCall] = {}
        """Calls whose voice may still be reported on."""
        self._early: dict[LegId, tuple[str, SessionDescription, CallOptions]] = {}
        """Calls for help that were set up before the way to the server was looked for."""
        self._left: dict[LegId, Referral] = {}
        """Whom far ends named that hung up before our offer was ready: the call they wanted may still be made."""
        collector = config.quality_collector
        self._publisher = None if collector is None else Publisher(self.endpoint, collector)
        self._messages = MessageWatch(self.endpoint, lambda messages: post(MessageWaiting(config.line, messages)))
        self._keep_alive = KeepAlive(self.endpoint, self._server_silent, lambda: bool(self._calls))
        self._recovery = Recovery(self.endpoint, post, self._calls, self._sessions)
        self._around = Surroundings(self.endpoint, self._sessions, post, self._forget, self._recovery)
        self.registration = RegistrationClient(
            self.endpoint,
            self._registration_changed,
            back_off,
            bound=self._recovery.bound,
            urgent=lambda: self._recovery.urgent,
        )

    # --- from whoever owns the sockets --------------------------------------------------------------------

    def route_found(self, local: tuple[str, int], servers: frozenset[str]) -> None:
        """Where we stand (address and port), and the addresses of our servers. Registers when this is news.

        What was set up before goes out.
        """
        before = self.endpoint.local_address
        news = self.endpoint.route_found(local, servers)
        if before not in (None, local[0]):
            self._recovery.way_lost(moved=True)
        if news or self.registration.routeless:
            self.registration.start()
            self._keep_alive.start()
        early, self._early = self._early, {}
        for leg, call in early.items():
            self.setup(leg, *call)

    def no_route(self, failure: TransportFailure) -> None:
        """The server's name cannot be found, or there is no network."""
        self.registration.no_route(failure)
        early, self._early = self._early, {}
        for leg in early:
            self._post(Released(leg, Cause.NETWORK_OUT_OF_ORDER, self.registration.state.reason))

    def receive(self, data: bytes, source: Hop) -> None:
        """One message as it came from the wire, whatever it holds."""
        try:
            message = parse_message(data)
        except MessageError as error:
            self.endpoint.tally.count("malformed", f"{error} from {source}")
            self._answer_malformed(error, source)
            return
        if isinstance(message, Response):
            self.endpoint.layer.receive_response(message)
        else:
            stamped = message.headers.replace_first("Via", _first_stamped(message, source))
            self.endpoint.layer.receive_request(msgspec.structs.replace(message, headers=stamped), source)

    def unreachable(self, hop: Hop, failure: TransportFailure) -> None:
        """What was sent to `hop` did not get there."""
        self.endpoint.layer.fail(hop, failure)

    def connection_lost(self, hop: Hop) -> None:
        """A stream to `hop` has ended."""
        if hop.address == self.endpoint.first_hop:
            self._recovery.way_lost(moved=False)
            self.registration.connection_lost()

    def close(self, closed: Callable[[], None]) -> None:
        """End all calls, take the registration back, then call `closed`."""
        self._keep_alive.stop()
        self._messages.stop()
        self._recovery.close()
        for leg in tuple(self._early):
            self.disconnect(leg, Cause.NORMAL_CLEARING)
        for call in list(self._calls.values()):
            call.disconnect(Cause.NORMAL_CLEARING)
        self.registration.close(closed)

    # --- it outlives the process ----------------------------------------------------------------------------

    def keep(self, port: int) -> KeptLine:
        """What another process needs to go on with the calls that were answered."""
        dialogs = tuple(filter(None, (call.keep() for call in self._calls.values())))
        return KeptLine(dialogs, self.endpoint.contact_user, port)

    def resume(self, kept: KeptLine) -> None:
        """Have the calls of a process that died, and take them up with the first binding. Before `route_found`."""
        self.endpoint.contact_user = kept.contact_user
        for dialog in kept.dialogs[:MAX_CALLS]:
            try:
                call = ResumedCall(dialog, self._around)
            except (HeaderError, UriError) as error:
                self.endpoint.tally.count("malformed", str(error))
            else:
                self._calls[dialog.leg] = call
                self._recovery.resumed(dialog.leg)

    def has(self, leg: LegId) -> bool:
        """Whether a leg is there."""
        return leg in self._calls

    # --- the signalling port ------------------------------------------------------------------------------

    def interrogate(self) -> None:
        """Ask for waiting messages."""
        if self.endpoint.config.message_waiting:
            self._messages.ask()

    def setup(self, leg: LegId, number: str, offer: SessionDescription, options: CallOptions) -> None:
        """Call `number`, or the SIP URI it is."""
        target = self._target(number)
        if leg in self._calls:
            return
        if target is None:
            self._post(Released(leg, Cause.INVALID_NUMBER_FORMAT))
        elif not self.endpoint.ready and options.emergency and not self.registration.routeless:
            self._early[leg] = (number, offer, options)
        elif not self.endpoint.ready:
            self._post(Released(leg, Cause.NETWORK_OUT_OF_ORDER, self.registration.state.reason))
        else:
            call = OutgoingCall(leg, self._around)
            referrer = None if options.referred is None else self._calls.get(options.referred)
            referral = self._take_referral(options.referred)
            self._admit(call)
            if referral is not None:
                told = None if referrer is None else referrer.tell_progress
                call.start(referral.target.without(), offer, options, referral.headers, told)
            else:
                insists = options.replaces is not None and self._recovery.may_be_forgotten(options.replaces)
                call.start(target, offer, options, self._replacing(options.replaces), insists=insists)

    def alert(self, leg: LegId) -> None:
        """Ring."""
        call = self._calls.get(leg)
        if isinstance(call, IncomingCall):
            call.alert()

    def deflect(self, leg: LegId, number: str) -> None:
        """Send who calls elsewhere."""
        call, target = self._calls.get(leg), self._target(number)
        if isinstance(call, IncomingCall):
            if target is None:
                call.disconnect(Cause.INVALID_NUMBER_FORMAT)
            else:
                call.deflect(target)

    def connect(self, leg: LegId, description: SessionDescription) -> None:
        """Answer."""
        call = self._calls.get(leg)
        if isinstance(call, IncomingCall):
            call.connect(description)

    def offer(self, leg: LegId, offer: SessionDescription) -> None:
        """Offer anew."""
        call = self._calls.get(leg)
        if call is not None:
            call.offer(offer)

    def answer_offer(self, leg: LegId, description: SessionDescription | None) -> None:
        """Answer the far end's offer."""
        call = self._calls.get(leg)
        if call is not None:
            call.answer_offer(description)

    def digit(self, leg: LegId, digit: str) -> None:
        """Send a digit by INFO."""
        call = self._calls.get(leg)
        if call is not None:
            call.digit(digit)

    def transfer(self, leg: LegId, number: str) -> None:
        """Have the far end of a leg call `number` (RFC 5589, 6)."""
        call, target = self._calls.get(leg), self._target(number)
        if call is not None and target is not None:
            call.refer(target)
        elif call is not None:
            self._post(TransferResult(leg, Cause.INVALID_NUMBER_FORMAT))

    def join(self, leg: LegId, other: LegId) -> None:
        """Have the far end of a leg take our place in `other` (RFC 5589, 7)."""
        call, consultation = self._calls.get(leg), self._calls.get(other)
        dialog = None if consultation is None else consultation.dialog
        if call is not None and dialog is not None:
            call.refer(Replaces.of_dialog(dialog).added_to(self._address_of_far_end(dialog)))
        elif call is not None:
            self._post(TransferResult(leg, Cause.FACILITY_REJECTED))

    def cancel_transfer(self, leg: LegId) -> None:
        """A transfer that was asked for is wanted no more."""
        call = self._calls.get(leg)
        if call is not None:
            call.cancel_refer()

    def report_quality(self, leg: LegId, report: QualityReport, alert: Severity | None) -> None:
        """Tell the collector how the voice of a leg was, or is."""
        running = self._calls.get(leg)
        call = self._ended.pop(leg, None) if running is None else running.facts
        if call is not None and self._publisher is not None and self.endpoint.ready:
            now = self.endpoint.wall_time()
            self._publisher.publish(write_report(call, report, now, self.endpoint.config.user_agent, alert))

    def disconnect(self, leg: LegId, cause: Cause) -> None:
        """End a leg."""
        call = self._calls.get(leg)
        if self._early.pop(leg, None) is not None:
            self._post(Released(leg, cause))
        elif call is not None:
            self._recovery.ending(leg)
            call.disconnect(cause)

    # --- from the transaction layer -------------------------------------------------------------------------

    def requested(self, transaction: ServerTransaction) -> None:
        """A new request: for a dialog, for a new one, or for nobody (RFC 3261, 8.2 and 12.2.2)."""
        request = transaction.request
        if request.method == "CANCEL":
            self._cancel(transaction)
        elif request.to.tag is not None:
            session = self._sessions.get(_dialog_key(request))
            if session is None and request.method == "NOTIFY":
                self._messages.notified(transaction)
            elif session is None:
                respond(self.endpoint, transaction, 481)
            else:
                session.requested(transaction)
        elif self._admitted(transaction):
            self._serve(transaction)

    def acknowledged(self, ack: Request, source: Hop) -> None:
        """The ACK of one of our 2xx."""
        session = self._sessions.get(_dialog_key(ack))
        if session is None:
            self.endpoint.tally.count("stray ACK", f"from {source}")
        else:
            session.acknowledged(ack)

    # --- requests outside a dialog ---------------------------------------------------------------------------

    def _admitted(self, transaction: ServerTransaction) -> bool:
        """Whether a request is meant for us, comes from somebody who may ask, and asks for nothing we lack."""
        request, endpoint = transaction.request, self.endpoint
        uri = request.uri
        if not isinstance(uri, SipUri):
            respond(endpoint, transaction, 416)
        elif not endpoint.trusts(transaction.source) and uri.user != endpoint.contact_user:
            # Neither our server nor told of our contact by it: the callers of ghost calls are of this kind.
            endpoint.tally.count("wrong address", f"{request.method} from {transaction.source}")
            respond(endpoint, transaction, 403)
        elif endpoint.layer.find_merged(request):
            respond(endpoint, transaction, 482)
        else:
            return inspect(endpoint, transaction)
        return False

    def _serve(self, transaction: ServerTransaction) -> None:
        method = transaction.request.method
        if isinstance(transaction, InviteServerTransaction):
            self._invited(transaction)
        elif method == "OPTIONS":
            answer_options(self.endpoint, transaction)
        elif method == "NOTIFY":
            self._messages.notified(transaction)
        elif method == "REFER":
            respond(self.endpoint, transaction, 403)  # only who is in a call with us sends us elsewhere
        elif method in _IN_DIALOG_ONLY:
            respond(self.endpoint, transaction, 481)
        else:
            refuse_method(self.endpoint, transaction)

    def _invited(self, transaction: InviteServerTransaction) -> None:
        try:
            offer = session_in(transaction.request)
        except BodyRefused as refusal:
            self.endpoint.tally.count("unusable offer", str(refusal))
            if refusal.status == 415:
                unsupported_media_type(self.endpoint, transaction)
            else:
                respond(self.endpoint, transaction, refusal.status)
            return
        try:
            replaces = Replaces.in_request(transaction.request)
        except HeaderError as error:
            self.endpoint.tally.count("malformed", str(error))
            respond(self.endpoint, transaction, 400)
            return
        replaced = None if replaces is None else self._find_replaced(replaces)
        if isinstance(replaced, int):
            respond(self.endpoint, transaction, replaced)
            return
        if len(self._calls) >= MAX_CALLS:
            respond(self.endpoint, transaction, 486)
            return
        leg = LegId(f"{self.endpoint.config.line}-{secrets.token_hex(6)}")
        call = IncomingCall(leg, self._around, transaction)
        try:
            call.start(offer, replaced)
        except HeaderError as error:
            self.endpoint.tally.count("malformed", str(error))
            respond(self.endpoint, transaction, 400)
        else:
            self._admit(call)

    def _find_replaced(self, replaces: Replaces) -> LegId | int:
        """The leg whose dialog an INVITE is to replace, or with what to refuse it (RFC 3891, 3)."""
        session = self._sessions.get(replaces.key)
        leg = next((leg for leg, call in self._calls.items() if session is not None and call.holds(session)), None)
        if session is None or (leg is None and not session.over):
            return 481
        if leg is None or session.over:
            return 603
        if session.dialog.confirmed:
            return 486 if replaces.early_only else leg
        return leg if self._calls[leg].outgoing else 481  # who rings here is not ours to replace

    def _take_referral(self, leg: LegId | None) -> Referral | None:
        """Whom the far end of a leg, which may be gone, wants called."""
        if leg is None:
            return None
        call = self._calls.get(leg)
        return self._left.pop(leg, None) if call is None else call.take_referral()

    def _replacing(self, leg: LegId | None) -> tuple[tuple[str, str], ...]:
        """What tells the far end of a leg that a new call takes its place."""
        call = None if leg is None else self._calls.get(leg)
        dialog = None if call is None else call.dialog
        return () if dialog is None else (("Replaces", str(Replaces.of_dialog(dialog))),)

    def _cancel(self, transaction: ServerTransaction) -> None:
        invite = self.endpoint.layer.find_invite(transaction.request)
        if invite is None:
            respond(self.endpoint, transaction, 481)
            return
        respond(self.endpoint, transaction, 200)
        if not invite.answered and invite.on_cancel is not None:
            invite.on_cancel(transaction.request)

    # --- inside ------------------------------------------------------------------------------------------------

    def _answer_malformed(self, error: MessageError, source: Hop) -> None:
        if error.request is None:
            return
        try:
            via = error.request.top_via.with_source(source.host, source.port)
            response = response_to(error.request, error.status, error.reason, to_tag=secrets.token_hex(8))
        except HeaderError:
            return
        self.endpoint.send(response.encode(), hop_of_via(via, source))

    def _admit(self, call: Call) -> None:
        self._calls[call.leg] = call
        if len(self._calls) == 1 and self.registration.state.registration is Registration.UP:
            self._keep_alive.start()  # by the interval of a call

    def _registration_changed(self, event: LineChanged) -> None:
        self._post(event)
        self._recovery.registration_changed(event.registration)

    def _server_silent(self, failure: TransportFailure) -> None:
        self.registration.server_silent(failure)
        self._keep_alive.start()

    def _target(self, number: str) -> SipUri | None:
        """What a person dialled, as an address: a SIP URI, user@host, or a number of our own domain."""
        text = number.strip()
        if not text:
            return None
        if text.lower().startswith(("sip:", "sips:")) or "@" in text:
            return _parsed(text if text.lower().startswith("sip") else f"sip:{text}")
        return self.endpoint.uri_of(text)

    def _address_of_far_end(self, dialog: Dialog) -> SipUri:
        """Where others reach who is there. In our own domain the port is ours: From and To may have lost it."""
        known = dialog.remote.uri
        if not isinstance(known, SipUri) or known.host == ANONYMOUS_HOST:
            return dialog.target.without("method")
        ours = known.host == self.endpoint.domain and known.port is None and known.scheme != "tel"
        return self.endpoint.uri_of(known.user_text) if ours else known.without("method")

    def _forget(self, leg: LegId) -> None:
        call = self._calls.pop(leg, None)
        self._recovery.forget(leg)
        if call is not None and call.facts is not None:
            self._ended[leg] = call.facts
            _keep_newest(self._ended)
        referral = None if call is None else call.take_referral()
        if referral is not None:
            self._left[leg] = referral
            _keep_newest(self._left)


def _keep_newest(table: dict[LegId, _T]) -> None:
    while len(table) > MAX_CALLS:
        del table[next(iter(table))]


def _first_stamped(request: Request, source: Hop) -> str:
    """The first Via line with its topmost hop stamped (18.2.1), further hops on the same line kept."""
    first = request.vias[0].with_source(source.host, source.port)
    line = split_list(request.headers.get("Via") or "")
    return ", ".join([str(first), *line[1:]])


def _dialog_key(request: Request) -> DialogKey:
    return DialogKey(request.call_id, request.to.tag or "", request.from_.tag or "")


def _parsed(text: str) -> SipUri | None:
    try:
        uri = parse_uri(text)
    except UriError:
        return None
    return uri if isinstance(uri, SipUri) else None
