"""The session of one dialog: re-INVITE, UPDATE and REFER both ways, digits, BYE (RFC 3261, 12.2, 14, 15; RFC 3311)."""

from __future__ import annotations

import enum
import random
from collections.abc import Callable
from typing import Protocol

from app.model.cause import Cause
from app.model.session import SessionDescription
from app.signalling.schedule import Timer
from app.signalling.sip.acknowledgement import Acceptance
from app.signalling.sip.answers import answer_options, inspect, refuse_method, respond, unsupported_media_type
from app.signalling.sip.body import SDP, BodyRefused, DescriptionWriter, session_in
from app.signalling.sip.cause import cause_of, cause_of_reason, cause_of_status, reason_of, text_of_reason
from app.signalling.sip.dialog import TARGET_REFRESH, Dialog
from app.signalling.sip.digits import DigitSender, digit_in
from app.signalling.sip.endpoint import ALLOW, SUPPORTED, Endpoint
from app.signalling.sip.errors import HeaderError, SdpError
from app.signalling.sip.exchange import Exchange
from app.signalling.sip.fields import NameAddr
from app.signalling.sip.hop import TransportFailure, UnreachableUri
from app.signalling.sip.message import Request, Response, response_to
from app.signalling.sip.refer import Progress, Referral, ReferRefused, event_of
from app.signalling.sip.reoffer import Reoffer
from app.signalling.sip.server_transaction import InviteServerTransaction, ServerTransaction
from app.signalling.sip.transfer import Transferee, Transferor

_UNKNOWN = 481
"""The far end does not know the dialog (12.2.1.2)."""
_NOT_FOUND = frozenset({404, 410})
"""After a loss: somebody on the way knows the dialog no more, or no longer finds who it was with."""
BYE_KEPT = 1800.0
"""Seconds for which a BYE that cannot be sent is kept: nobody keeps a session longer without a word (RFC 4028, 4)."""


def _says_nothing(status: int) -> bool:
    """Whether a refusal only tells that this was not yet the time."""
    return status in (408, 480) or 500 <= status < 600


class Refusal(enum.Enum):
    """What became of an offer that was to take up a lost session."""

    NOT_YET = enum.auto()
    """Nobody answers, or says that it is too early."""
    NOT_FOUND = enum.auto()
    """Somebody on the way finds the far end no more."""
    UNKNOWN = enum.auto()
    """Who answers does not know the dialog (RFC 3261, 12.2.1.2)."""


class SessionUser(Protocol):
    """The call a session belongs to."""

    def offered(self, offer: SessionDescription) -> None:
        """The far end offers anew; `Session.answer_offer` follows."""

    def offer_wanted(self) -> None:
        """The far end wants an offer; `Session.answer_offer` follows."""

    def answered(self, answer: SessionDescription) -> None:
        """The far end's answer to our offer."""

    def offer_refused(self, cause: Cause) -> None:
        """Our offer was refused."""

    def reconnected(self) -> None:
        """The far end of a session that was lost was heard again."""

    def not_reconnected(self, refusal: Refusal) -> None:
        """An offer that was to take a lost session up came to nothing."""

    def digit_received(self, digit: str) -> None:
        """A digit came by INFO."""

    def referred(self, referral: Referral) -> None:
        """The far end wants another called; `Session.tell_progress` follows."""

    def transfer_ended(self, cause: Cause | None, text: str, withdrawn: bool) -> None:
        """What came of `Session.refer`; None when the far end has done it, perhaps though it was `withdrawn`."""

    def session_ended(self, cause: Cause, text: str) -> None:
        """The far end, or the loss of it, ended the session."""


class Session:
    """One INVITE usage of a dialog, early until `confirm`. Sans-IO; gone once `ended` was called."""

    def __init__(
        self,
        endpoint: Endpoint,
        dialog: Dialog,
        user: SessionUser,
        writer: DescriptionWriter,
        ended: Callable[[Session], None],
        *,
        owns_call_id: bool,
    ) -> None:
        self.dialog = dialog
        self._endpoint = endpoint
        self._user = user
        self._writer = writer
        self._ended = ended
        self._owns_call_id = owns_call_id
        self._over = False
        self._lost = False
        self._digits = DigitSender(endpoint, dialog, self._unknown)
        self._queued: SessionDescription | None = None
        self._reoffer: Reoffer | None = None
        self._glare: Timer | None = None
        self._pending: ServerTransaction | None = None
        self._acceptance: Acceptance | None = None
        self._expects_answer = False
        self._bye_cause: Cause | None = None
        self._kept: Timer | None = None
        self._transferors: list[Transferor] = []
        """The last is the one that counts; the far end may still tell of those before it."""
        self._transferee: Transferee | None = None
        self._referrals = 0

    # --- from the call --------------------------------------------------------------------------------

    def confirm(self) -> None:
        """The session is established; what was queued may go out."""
        self.dialog.confirmed = True
        self._advance()

    def accept(self, transaction: InviteServerTransaction, body: bytes, *, expects_answer: bool) -> None:
        """Send the 2xx of an INVITE and see it acknowledged. `expects_answer` when `body` is an offer."""
        headers = [self._endpoint.contact, ("Allow", ALLOW), ("Supported", SUPPORTED)]
        headers += [("Server", self._endpoint.config.user_agent), SDP]
        response = response_to(transaction.request, 200, to_tag=self.dialog.local.tag, headers=headers, body=body)
        self._expects_answer = expects_answer
        self._acceptance = Acceptance(self._endpoint, transaction, response, self._acknowledged, self._unacknowledged)
        self._acceptance.start()

    def offer(self, description: SessionDescription) -> None:
        """Offer anew as soon as the dialog is free for it; a newer offer replaces one that still waits."""
        self._queued = description
        self._advance()

    def answer_offer(self, description: SessionDescription | None) -> None:
        """Answer what is pending: the far end's offer, or its wish for one. None refuses by 488."""
        transaction, self._pending = self._pending, None
        if transaction is None or transaction.answered:
            return
        try:
            body = None if description is None else self._writer.write(description)
        except SdpError:
            body = None
        if body is None:
            respond(self._endpoint, transaction, 488)
        elif isinstance(transaction, InviteServerTransaction):
            self.accept(transaction, body, expects_answer=not transaction.request.body)
        else:
            headers = (self._endpoint.contact, ("Allow", ALLOW), SDP)
            transaction.respond(response_to(transaction.request, 200, headers=headers, body=body))
        self._advance()

    def send_digit(self, digit: str) -> None:
        """Send one DTMF digit by INFO."""
        if self.dialog.confirmed and not self._over:
            self._digits.send(digit)

    def refer(self, refer_to: NameAddr) -> None:
        """Ask the far end to call another; a newer wish replaces an older one."""
        self._transferors = [each for each in self._transferors if not each.over]
        for each in self._transferors:
            each.silence()
        transferor = Transferor(self._endpoint, self.dialog, self._user.transfer_ended)
        self._transferors.append(transferor)
        transferor.start(refer_to)

    def cancel_refer(self) -> None:
        """That is wanted no more."""
        if self._transferors:
            self._transferors[-1].withdraw()

    def take_up_referral(self) -> None:
        """The call that the far end wants is being made."""
        if self._transferee is not None:
            self._transferee.taken_up()

    def tell_progress(self, status: int, reason: str) -> None:
        """How the call stands that the far end wants."""
        if self._transferee is not None:
            self._transferee.tell(status, reason)

    def lose(self) -> None:
        """The way to the server is lost: nobody will answer what is under way, and no silence ends the session."""
        self._lost = True
        self._queued = None
        if self._glare is not None:
            self._glare.cancel()
        if self._reoffer is not None:
            self._reoffer.abandon()
            self._reoffer = None
        if self._acceptance is not None and self.dialog.confirmed and self._bye_cause is None:
            self._acceptance.stop()
            self._acceptance = None
            self._expects_answer = False

    def found(self) -> None:
        """All is as it was before."""
        self._lost = False

    def bye(self, cause: Cause) -> None:
        """End the session; the far end hears `cause`. Waits for the ACK of our 2xx first, as 15 demands.

        While the session is lost the BYE is kept, for `BYE_KEPT` seconds; `say_bye` sends it.
        """
        if self._over or self._bye_cause is not None:
            return
        if self._lost and self.dialog.confirmed:
            self._bye_cause = cause
            self._close()
            self._kept = self._endpoint.schedule.after(BYE_KEPT, lambda: self._ended(self))
        elif self._acceptance is not None:
            self._bye_cause = cause
        else:
            self._send_bye(cause)

    def say_bye(self) -> None:
        """Send the BYE that was kept, where there is one."""
        if self._kept is not None and self._kept.pending and self._bye_cause is not None:
            self._kept.cancel()
            self._send_bye(self._bye_cause)

    def drop(self) -> None:
        """Forget an early session that came to nothing; nothing is sent."""
        if not self._over:
            self._close()
            self._ended(self)

    @property
    def over(self) -> bool:
        """True once it has ended, though its BYE may still be under way."""
        return self._over

    # --- from the user agent --------------------------------------------------------------------------

    def requested(self, transaction: ServerTransaction) -> None:
        """A request inside the dialog (12.2.2)."""
        request = transaction.request
        if self._over:
            respond(self._endpoint, transaction, 200 if request.method == "BYE" else 481)
        elif not self.dialog.in_order(request):
            self._endpoint.tally.count("out of order", f"{request.method} {request.cseq.number}")
            respond(self._endpoint, transaction, 500)
        elif inspect(self._endpoint, transaction):
            self._serve(transaction)

    def acknowledged(self, ack: Request) -> None:
        """An ACK inside the dialog."""
        if self._acceptance is not None:
            self._acceptance.acknowledge(ack)

    # --- requests of the far end ----------------------------------------------------------------------

    def _serve(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if request.method in TARGET_REFRESH:
            self._offered(transaction)
        elif request.method == "BYE":
            respond(self._endpoint, transaction, 200)
            if self._transferors and self._transferors[-1].departing:
                self._transferors[-1].end(None)  # it goes with whom it was given
            self._finish(cause_of_reason(request) or Cause.NORMAL_CLEARING, text_of_reason(request))
        elif request.method == "INFO":
            self._informed(transaction)
        elif request.method == "REFER":
            self._referred(transaction)
        elif request.method == "NOTIFY":
            self._notified(transaction)
        elif request.method == "OPTIONS":
            answer_options(self._endpoint, transaction)
        else:
            refuse_method(self._endpoint, transaction)

    def _referred(self, transaction: ServerTransaction) -> None:
        """One call at a time can take the place of this one, and only once this one is on and by way of our server."""
        if not self._endpoint.trusts(transaction.source):
            self._endpoint.tally.count("referral of a stranger", f"from {transaction.source}")
            respond(self._endpoint, transaction, 403)
            return
        try:
            referral = Referral.parse(transaction.request)
        except ReferRefused as refusal:
            self._endpoint.tally.count("unusable referral", str(refusal))
            respond(self._endpoint, transaction, refusal.status)
            return
        if not self.dialog.confirmed or (self._transferee is not None and not self._transferee.over):
            respond(self._endpoint, transaction, 491)
            return
        quiet = (("Refer-Sub", "false"),) if referral.quiet else ()
        respond(self._endpoint, transaction, 202, self._endpoint.contact, *quiet)
        event = f"refer;id={transaction.request.cseq.number}" if self._referrals else "refer"
        self._transferee = Transferee(self._endpoint, self.dialog, event, quiet=referral.quiet)
        self._transferee.begin()
        self._referrals += not referral.quiet
        self._user.referred(referral)

    def _notified(self, transaction: ServerTransaction) -> None:
        """How a call stands that the far end was asked to make."""
        if event_of(transaction.request) != "refer":
            refuse_method(self._endpoint, transaction)
            return
        try:
            progress = Progress.parse(transaction.request)
        except HeaderError as error:
            self._endpoint.tally.count("malformed", str(error))
            respond(self._endpoint, transaction, 400)
            return
        transferor = self._told_of(progress)
        if transferor is None:
            respond(self._endpoint, transaction, 481)
        else:
            respond(self._endpoint, transaction, 200, self._endpoint.contact)
            transferor.notified(progress)

    def _told_of(self, progress: Progress) -> Transferor | None:
        """Which of our REFERs the far end speaks of. Only the first may go without a name (RFC 3515, 2.4.6)."""
        if progress.id:
            return next((each for each in self._transferors if each.has(progress.id)), None)
        running = [each for each in self._transferors if not each.over] or self._transferors[-1:]
        return running[0] if running else None

    def _offered(self, transaction: ServerTransaction) -> None:
        """A re-INVITE or UPDATE: one offer at a time in either direction (14.2; RFC 3311, 5.2)."""
        request = transaction.request
        try:
            offer = session_in(request)
        except BodyRefused as refusal:
            self._refuse_body(transaction, refusal.status)
            return
        if request.method == "UPDATE" and offer is None:
            self.dialog.refresh(request)
            respond(self._endpoint, transaction, 200, self._endpoint.contact, ("Allow", ALLOW))
        elif self._pending is not None:
            respond(self._endpoint, transaction, 500, ("Retry-After", str(random.randint(0, 10))))
        elif self._reoffer is not None or self._expects_answer or not self.dialog.confirmed:
            respond(self._endpoint, transaction, 491)
        else:
            self.dialog.refresh(request)
            self._pending = transaction
            if isinstance(transaction, InviteServerTransaction):
                transaction.on_cancel = self._cancelled
            if offer is None:
                self._user.offer_wanted()
            else:
                self._user.offered(offer)
            self._user.reconnected()

    def _refuse_body(self, transaction: ServerTransaction, status: int) -> None:
        if status == 415:
            unsupported_media_type(self._endpoint, transaction)
        else:
            respond(self._endpoint, transaction, status)

    def _cancelled(self, cancel: Request) -> None:  # noqa: ARG002 - why a re-INVITE was cancelled tells nobody anything
        """The far end takes its re-INVITE back; the session stays as it was."""
        transaction, self._pending = self._pending, None
        if transaction is not None:
            respond(self._endpoint, transaction, 487, to_tag=self.dialog.local.tag)
            self._advance()

    def _informed(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        try:
            digit = digit_in(request)
        except HeaderError:
            respond(self._endpoint, transaction, 400)
            return
        if digit is not None:
            respond(self._endpoint, transaction, 200)
            self._user.digit_received(digit)
        elif request.body:
            unsupported_media_type(self._endpoint, transaction)
        else:
            respond(self._endpoint, transaction, 200)

    # --- our 2xx --------------------------------------------------------------------------------------

    def _acknowledged(self, ack: Request) -> None:
        self._acceptance = None
        expected, self._expects_answer = self._expects_answer, False
        if self._bye_cause is not None:
            self._send_bye(self._bye_cause)
            return
        self.confirm()
        if not expected:
            return
        try:
            answer = session_in(ack)
        except BodyRefused:
            answer = None
        if answer is None:
            self._send_bye(Cause.INCOMPATIBLE_DESTINATION)
            self._finish(Cause.INCOMPATIBLE_DESTINATION)
        else:
            self._user.answered(answer)

    def _unacknowledged(self) -> None:
        """Nobody acknowledged our 2xx: end the session (13.3.1.4)."""
        self._acceptance = None
        self._send_bye(self._bye_cause or Cause.RECOVERY_ON_TIMER_EXPIRY)
        self._finish(Cause.RECOVERY_ON_TIMER_EXPIRY)

    # --- our offers -----------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Send the offer that waits, unless another offer or answer is under way."""
        busy = self._reoffer or self._pending or self._acceptance or (self._glare and self._glare.pending)
        if self._queued is None or busy or self._over or not self.dialog.confirmed:
            return
        description, self._queued = self._queued, None
        try:
            body = self._writer.write(description)
            self._reoffer = Reoffer(
                self._endpoint,
                self.dialog,
                body,
                lambda response, failure: self._reoffer_ended(description, response, failure),
            )
            self._reoffer.start()
        except (SdpError, UnreachableUri, HeaderError) as error:
            self._endpoint.tally.count("offer not sent", str(error))
            self._reoffer = None
            self._user.offer_refused(Cause.PROTOCOL_ERROR)

    def _reoffer_ended(
        self, description: SessionDescription, response: Response, failure: TransportFailure | None
    ) -> None:
        self._reoffer = None
        if self._over:
            return
        if response.status == 491 and failure is None:
            self._retry_after_glare(description)
            return
        if self._lost and (failure is not None or _says_nothing(response.status)):
            self._user.not_reconnected(Refusal.NOT_YET)
            return
        if self._lost and response.status in _NOT_FOUND:
            self._user.not_reconnected(Refusal.NOT_FOUND)
            return
        if failure is None and response.status == _UNKNOWN:
            self._unknown()
            return
        if response.is_success:
            self._take_answer(response)
        else:
            # A server that is silent for a while must not end a call whose media may run past it, so a timeout
            # is a refused offer here; 12.2.1.2 only says SHOULD.
            self._user.offer_refused(cause_of(response) if failure is None else cause_of_status(response.status))
        self._user.reconnected()
        self._advance()

    def _take_answer(self, response: Response) -> None:
        try:
            answer = session_in(response)
        except BodyRefused as refusal:
            self._endpoint.tally.count("unusable answer", str(refusal))
            answer = None
        if answer is None:
            self._user.offer_refused(Cause.PROTOCOL_ERROR)
        else:
            self._user.answered(answer)

    def _retry_after_glare(self, description: SessionDescription) -> None:
        """Both sides offered at once: wait as 14.1 says, the owner of the Call-ID longer, in steps of 10 ms."""
        wait = random.randint(210, 400) / 100 if self._owns_call_id else random.randint(0, 200) / 100
        if self._queued is None:
            self._queued = description
        self._glare = self._endpoint.schedule.after(wait, self._advance)

    # --- the end --------------------------------------------------------------------------------------

    def _send_bye(self, cause: Cause) -> None:
        self._close()
        endpoint = self._endpoint
        try:
            request = self.dialog.request("BYE", ("Reason", reason_of(cause)), endpoint.identity)
            hop = endpoint.hop_of(request)
        except (UnreachableUri, HeaderError) as error:
            endpoint.tally.count("unreachable contact", str(error))
            self._ended(self)
            return
        Exchange(endpoint, request, hop, self, self.dialog.next_cseq).start()

    def provisional(self, response: Response) -> None:
        """Of our BYE."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:  # noqa: ARG002 - over is over
        """Of our BYE: over, whatever it says (15.1.1)."""
        self._ended(self)

    def _unknown(self) -> None:
        """The far end does not know this dialog any more; of one that was lost that is no surprise."""
        if self._lost:
            self._user.not_reconnected(Refusal.UNKNOWN)
            return
        self._close()
        self._ended(self)
        self._user.session_ended(Cause.TEMPORARY_FAILURE, "")

    def _finish(self, cause: Cause, text: str = "") -> None:
        was_over = self._over
        self._close()
        if not was_over:
            self._ended(self)
        self._user.session_ended(cause, text)

    def _close(self) -> None:
        self._over = True
        self._queued = None
        self._digits.stop()
        if self._transferee is not None:
            self._transferee.stop()
        for timer in (self._glare, self._acceptance):
            if isinstance(timer, Timer):
                timer.cancel()
            elif timer is not None:
                timer.stop()
        self._acceptance = None
        pending, self._pending = self._pending, None
        if pending is not None and not pending.answered:
            respond(self._endpoint, pending, 487, to_tag=self.dialog.local.tag)
