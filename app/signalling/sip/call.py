"""What an outgoing and an incoming call share: a leg's name, its one session, and its one end."""

from __future__ import annotations

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.party import Party
from app.model.session import SessionDescription
from app.model.signalling import (
    AnswerReceived,
    DigitSignalled,
    OfferReceived,
    OfferRefused,
    OfferWanted,
    Released,
    SignallingEvent,
    TransferRequested,
    TransferResult,
)
from app.signalling.sip.body import DescriptionWriter
from app.signalling.sip.dialog import Dialog
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.fields import NameAddr
from app.signalling.sip.kept import KeptDialog
from app.signalling.sip.message import Request, Response
from app.signalling.sip.quality_report import ReportedCall
from app.signalling.sip.refer import Referral
from app.signalling.sip.session import Refusal, Session
from app.signalling.sip.surroundings import Surroundings
from app.signalling.sip.uri import SipUri

ANONYMOUS_HOST = "anonymous.invalid"
"""Where those are who withhold their address (RFC 3323, 4.1.1.3)."""


class Call:
    """One leg. It posts events; after `Released` it says no more, though it may have to tidy up."""

    outgoing = False

    def __init__(self, leg: LegId, around: Surroundings) -> None:
        self.leg = leg
        self._around = around
        self._endpoint = around.endpoint
        self._writer = DescriptionWriter()
        self._session: Session | None = None
        self._released = False
        self._referral: Referral | None = None
        self.facts: ReportedCall | None = None
        """What a report on the call's voice says of the call, from its answer on."""

    # --- from the port, in a call that is connected ------------------------------------------------------

    def offer(self, description: SessionDescription) -> None:
        """Offer anew."""
        if self._session is not None:
            self._session.offer(description)

    def answer_offer(self, description: SessionDescription | None) -> None:
        """Answer the far end's offer."""
        if self._session is not None:
            self._session.answer_offer(description)

    def digit(self, digit: str) -> None:
        """Send a digit by INFO."""
        if self._session is not None:
            self._session.send_digit(digit)

    def refer(self, target: SipUri) -> None:
        """Ask the far end to call another in place of us."""
        if self._session is None or not self.established:
            self._say(TransferResult(self.leg, Cause.FACILITY_REJECTED))
        else:
            self._session.refer(NameAddr(target))

    def cancel_refer(self) -> None:
        """That is wanted no more."""
        if self._session is not None:
            self._session.cancel_refer()

    def take_referral(self) -> Referral | None:
        """Whom the far end wants called, who is called now; None where it wants nobody."""
        referral, self._referral = self._referral, None
        if referral is not None and self._session is not None:
            self._session.take_up_referral()
        return referral

    def tell_progress(self, status: int, reason: str) -> None:
        """How the call stands that the far end wants."""
        if self._session is not None:
            self._session.tell_progress(status, reason)

    def disconnect(self, cause: Cause) -> None:
        """End the leg in whatever state it is."""
        raise NotImplementedError

    @property
    def established(self) -> bool:
        """True from the answer on."""
        return self._session is not None and self._session.dialog.confirmed

    @property
    def dialog(self) -> Dialog | None:
        """The dialog of a call that is on."""
        return self._session.dialog if self._session is not None and self.established else None

    def holds(self, session: Session) -> bool:
        """Whether a session, perhaps of a branch that has not answered yet, is this call's."""
        return self._session is session

    def lost(self) -> None:
        """The way to the server is lost."""
        if self._session is not None:
            self._session.lose()

    def found(self) -> None:
        """It is there again."""
        if self._session is not None:
            self._session.found()

    def keep(self) -> KeptDialog | None:
        """What another process needs to go on with it; None before it is answered, or without its answer's time."""
        dialog = self.dialog
        if dialog is None or self.facts is None:
            return None
        return KeptDialog(
            leg=self.leg,
            outgoing=self.outgoing,
            call_id=dialog.call_id,
            local=str(dialog.local),
            remote=str(dialog.remote),
            target=str(dialog.target),
            route_set=tuple(map(str, dialog.route_set)),
            local_seq=dialog.local_seq,
            remote_seq=dialog.remote_seq,
            said=self._writer.last,
            answered_at=self.facts.began,
        )

    # --- from the session -------------------------------------------------------------------------------

    def offered(self, offer: SessionDescription) -> None:
        """The far end offers anew."""
        self._say(OfferReceived(self.leg, offer))

    def offer_wanted(self) -> None:
        """The far end wants an offer."""
        self._say(OfferWanted(self.leg))

    def answered(self, answer: SessionDescription) -> None:
        """The far end answered our offer."""
        self._say(AnswerReceived(self.leg, answer))

    def offer_refused(self, cause: Cause) -> None:
        """The far end refused our offer."""
        self._say(OfferRefused(self.leg, cause))

    def reconnected(self) -> None:
        """The far end was heard again."""
        self._around.watch.reconnected(self.leg)

    def not_reconnected(self, refusal: Refusal) -> None:
        """An offer of ours that was to take up the lost session came to nothing."""
        self._around.watch.not_reconnected(self.leg, refusal)

    def digit_received(self, digit: str) -> None:
        """A digit came by INFO."""
        self._say(DigitSignalled(self.leg, digit))

    def referred(self, referral: Referral) -> None:
        """The far end wants another called in its place."""
        self._referral = referral
        self._say(TransferRequested(self.leg, str(referral.target.without()), party_of(NameAddr(referral.target))))

    def transfer_ended(self, cause: Cause | None, text: str, withdrawn: bool) -> None:
        """The far end has been transferred, or has not."""
        self._say(TransferResult(self.leg, cause, text, withdrawn))

    def session_ended(self, cause: Cause, text: str) -> None:
        """The far end ended the session."""
        self._release(cause, text)

    # --- inside -----------------------------------------------------------------------------------------

    def _open_session(self, dialog: Dialog, *, owns_call_id: bool) -> Session:
        session = Session(self._endpoint, dialog, self, self._writer, self._close_session, owns_call_id=owns_call_id)
        self._around.sessions[dialog.key] = session
        return session

    def _note_answer(self, dialog: Dialog, *, incoming: bool) -> None:
        self.facts = ReportedCall(dialog, incoming, self._endpoint.wall_time())

    def _close_session(self, session: Session) -> None:
        self._around.sessions.pop(session.dialog.key, None)
        if self._session is session:
            self._session = None

    def _say(self, event: SignallingEvent) -> None:
        if not self._released:
            self._around.post(event)

    def _release(self, cause: Cause, text: str = "") -> None:
        """Say `Released`, once; the leg's name is free from now on."""
        if not self._released:
            self._say(Released(self.leg, cause, text))
            self._released = True
            self._around.forget(self.leg)


def party_of(address: NameAddr) -> Party:
    """The person an address names; a withheld one shows neither number nor name (RFC 3323, 4.1.1.3)."""
    uri = address.uri
    if not isinstance(uri, SipUri):
        return Party(name=address.display_name[:128], uri=str(uri)[:256])
    if uri.host == ANONYMOUS_HOST:
        return Party()
    return Party(number=uri.user_text[:128], name=address.display_name[:128], uri=str(uri.without())[:256])


def asserted_party(message: Request | Response) -> Party | None:
    """The identity the network vouches for (RFC 3325, 9.1), None where it names none.

    Only for messages of our own servers: anybody else could write this field.
    """
    try:
        addresses = message.addresses("P-Asserted-Identity")
    except HeaderError:
        return None
    if not addresses:
        return None
    return party_of(next((address for address in addresses if address.display_name), addresses[0]))
