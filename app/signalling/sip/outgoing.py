"""A call we make (RFC 3261, 13.2): forks, early media, redirection, and a CANCEL that crosses the answer."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import SessionDescription
from app.model.signalling import Alerting, CallOptions, Connected, Proceeding, Progress
from app.signalling.sip.acknowledgement import Acknowledgement
from app.signalling.sip.body import SDP, BodyRefused, session_in
from app.signalling.sip.call import ANONYMOUS_HOST, Call, asserted_party
from app.signalling.sip.cause import cause_of, reason_of, text_of_reason
from app.signalling.sip.dialog import CSeqCounter, Dialog, new_call_id, new_tag
from app.signalling.sip.endpoint import ACCEPT, ALLOW, SUPPORTED
from app.signalling.sip.errors import HeaderError, SdpError
from app.signalling.sip.exchange import Exchange
from app.signalling.sip.fields import CSeq, NameAddr
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import FailureKind, TransportFailure
from app.signalling.sip.message import Request, Response
from app.signalling.sip.session import Session
from app.signalling.sip.surroundings import Surroundings
from app.signalling.sip.uri import SipUri

MAX_REDIRECTIONS = 5
MAX_EARLY_DIALOGS = 12
"""Branches of one fork beyond these are not followed before they answer."""
NOT_ACCEPTABLE = frozenset({488, 606})
"""Not this session, but perhaps another (RFC 3261, 21.4.26 and 21.6.4)."""
ANONYMOUS = NameAddr(SipUri(ANONYMOUS_HOST, user="anonymous"), "Anonymous")


class _Branch:
    """One branch of a forked call: its session and the description its 1xx brought."""

    def __init__(self, session: Session, acknowledgement: Acknowledgement) -> None:
        self.session = session
        self.acknowledgement = acknowledgement
        self.preview: SessionDescription | None = None


class OutgoingCall(Call):
    """One call to `target`. `start` sends the INVITE."""

    outgoing = True

    def __init__(self, leg: LegId, around: Surroundings) -> None:
        super().__init__(leg, around)
        self._branches: dict[str, _Branch] = {}
        """By the tag of their dialog, as long as its session lives."""
        self._acknowledgements: dict[str, Acknowledgement] = {}
        """Of the dialogs that answered; a 2xx may come again when its session is over."""
        self._won = False
        self._exchange: Exchange | None = None
        """Until the first final response; it knows us, and two that know each other are not freed by themselves."""
        self._invited: Request | None = None
        """The INVITE that got a final response."""
        self._proceeding = False
        self._rang = False
        self._cancel: str | None = None
        self._withdrawn = False
        self._rejoins = self._insists = False
        self._tell_progress: Callable[[int, str], None] | None = None
        self._otherwise: SessionDescription | None = None
        """What is left to offer where what was offered is not taken."""
        self._targets: list[SipUri] = []
        self._tried: list[SipUri] = []
        self._cseq = CSeqCounter()

    def start(
        self,
        target: SipUri,
        offer: SessionDescription,
        options: CallOptions,
        extra: tuple[tuple[str, str], ...] = (),
        tell_progress: Callable[[int, str], None] | None = None,
        *,
        insists: bool = False,
    ) -> None:
        """Send the INVITE with our offer and `extra` header fields; `tell_progress` hears each status and its words.

        Who `insists` calls all the same where nobody knows the dialog that the call was to replace.
        """
        self._rejoins, self._insists = options.replaces is not None, insists
        self._tell_progress = tell_progress
        try:
            body = self._writer.write(offer)
        except SdpError:
            self._release(Cause.INCOMPATIBLE_DESTINATION)
            return
        self._otherwise = offer.otherwise
        endpoint = self._endpoint
        caller = ANONYMOUS if options.anonymous else endpoint.address_of_record
        privacy = (("Privacy", "id"), ("P-Preferred-Identity", str(endpoint.address_of_record)))
        headers = [
            ("Max-Forwards", "70"),
            *endpoint.routes,
            ("From", str(caller.with_parameter("tag", new_tag()))),
            ("To", str(NameAddr(target))),
            ("Call-ID", new_call_id()),
            ("CSeq", str(CSeq(self._cseq.next(), "INVITE"))),
            endpoint.contact,
            *(privacy if options.anonymous else ()),
            ("Allow", ALLOW),
            ("Accept", ACCEPT),
            ("Supported", SUPPORTED),
            endpoint.identity,
            *extra,
            SDP,
        ]
        self._invite(Request("INVITE", target, headers=Headers(headers), body=body))

    def disconnect(self, cause: Cause) -> None:
        """Hang up: BYE when connected, CANCEL before."""
        if self._session is not None:
            self._session.bye(cause)
        else:
            self._take_back(cause)
        self._release(cause)

    def withdraw(self, cause: Cause) -> None:
        """Take the INVITE back; the leg stays until `disconnect`, because another is about to take its place."""
        self._withdrawn = True
        self._take_back(cause)

    # --- from the exchange ------------------------------------------------------------------------------

    def provisional(self, response: Response) -> None:
        """100 to 199: the call is on its way, rings, or already says something."""
        self._tell(response)
        if not self._proceeding:
            self._proceeding = True
            self._say(Proceeding(self.leg))
            if self._cancel is not None:
                self._send_cancel()
        if response.status == 100 or self._cancel is not None or self._won:
            return
        branch = self._early_branch(response)
        if branch is None:
            return
        self._preview(branch, response)
        if response.status == 180:
            self._rang = True
            self._say(Alerting(self.leg, branch.preview, asserted_party(response)))
        elif branch.preview is not None:
            self._say(Progress(self.leg, branch.preview))
        if self._exchange is not None:
            branch.acknowledgement.write(self._exchange.request)

    def final(self, response: Response, failure: TransportFailure | None) -> None:
        """The call was answered, perhaps by several, or came to nothing."""
        if self._exchange is not None:
            self._invited, self._exchange = self._exchange.request, None
        if response.is_success:
            self._tell(response)
            self._answered_by(response)
        elif not self._won:
            for branch in list(self._branches.values()):
                branch.session.drop()
            if self._withdrawn:
                return
            if failure is not None:
                self._tell(response)
                self._release(_cause_of_failure(failure), failure.detail)
            elif self._cancel is not None or not self._try_again(response):
                self._tell(response)
                self._release(self._cause_of_refusal(response), text_of_reason(response) or response.reason[:128])

    def session_ended(self, cause: Cause, text: str) -> None:
        """The dialog that won has ended; an early one that ends says nothing about the others."""
        if self._won:
            super().session_ended(cause, text)

    def holds(self, session: Session) -> bool:
        """Whether a session is this call's, or one of its branches'."""
        return super().holds(session) or any(branch.session is session for branch in self._branches.values())

    def _tell(self, response: Response) -> None:
        if self._tell_progress is not None:
            self._tell_progress(response.status, response.reason)

    def _close_session(self, session: Session) -> None:
        super()._close_session(session)
        self._branches = {tag: branch for tag, branch in self._branches.items() if branch.session is not session}

    def _cause_of_refusal(self, response: Response) -> Cause:
        """A proxy whose patience ended while it rang sends 408 too (16.8); then it was a person who did not answer."""
        if self._rejoins and response.status == 481:
            return Cause.NORMAL_CLEARING  # the far end knows nothing of the lost call: it has hung up
        cause = cause_of(response)
        return Cause.NO_ANSWER if self._rang and cause is Cause.RECOVERY_ON_TIMER_EXPIRY else cause

    # --- branches ---------------------------------------------------------------------------------------

    def _early_branch(self, response: Response) -> _Branch | None:
        tag = response.to.tag
        if tag is None or self._exchange is None:
            return None
        known = self._branches.get(tag)
        if known is not None or len(self._branches) >= MAX_EARLY_DIALOGS:
            return known
        try:
            return self._open_branch(self._exchange.request, response)
        except HeaderError:
            return None

    def _open_branch(self, invite: Request, response: Response) -> _Branch:
        """Raises `HeaderError` where the response can begin no dialog."""
        dialog = Dialog.of_response(invite, response)
        branch = _Branch(self._open_session(dialog, owns_call_id=True), Acknowledgement(self._endpoint, dialog))
        self._branches[response.to.tag or ""] = branch
        return branch

    def _preview(self, branch: _Branch, response: Response) -> None:
        try:
            branch.preview = session_in(response) or branch.preview
        except BodyRefused as refusal:
            self._endpoint.tally.count("unusable early media", str(refusal))

    def _answered_by(self, response: Response) -> None:
        acknowledgement = self._acknowledgements.get(response.to.tag or "")
        if acknowledgement is not None:
            acknowledgement.send()
            return
        branch = self._confirmed_branch(response)
        if branch is None:
            self._release(Cause.PROTOCOL_ERROR)
        elif self._won or self._cancel is not None:
            branch.session.bye(Cause.NORMAL_CLEARING)
        else:
            self._won = True
            self._session = branch.session
            self._connect(branch, response)

    def _confirmed_branch(self, response: Response) -> _Branch | None:
        """The branch that answered, acknowledged. None where its 2xx leads nowhere."""
        tag = response.to.tag or ""
        branch = self._branches.get(tag)
        if self._invited is None:
            return None
        try:
            if branch is None:
                branch = self._open_branch(self._invited, response)
            branch.session.dialog.confirm(response)
        except HeaderError as error:
            self._endpoint.tally.count("malformed", str(error))
            return None
        branch.acknowledgement.write(self._invited)
        branch.acknowledgement.send()
        self._acknowledgements[tag] = branch.acknowledgement
        return branch

    def _connect(self, branch: _Branch, response: Response) -> None:
        self._drop_others(branch)
        try:
            answer = session_in(response) or branch.preview
        except BodyRefused:
            answer = branch.preview
        if answer is None:
            branch.session.bye(Cause.INCOMPATIBLE_DESTINATION)
            self._release(Cause.INCOMPATIBLE_DESTINATION)
            return
        self._note_answer(branch.session.dialog, incoming=False)
        self._say(Connected(self.leg, answer, asserted_party(response)))
        branch.session.confirm()

    def _drop_others(self, winner: _Branch) -> None:
        """Early dialogs that did not win are ended by whoever forked (13.2.2.4); a late 2xx opens its own again."""
        for branch in list(self._branches.values()):
            if branch is not winner:
                branch.session.drop()

    # --- sending ----------------------------------------------------------------------------------------

    def _invite(self, request: Request) -> None:
        self._proceeding = False
        self._exchange = Exchange(self._endpoint, request, self._endpoint.first_hop, self, self._cseq.next)
        self._exchange.start()

    def _take_back(self, cause: Cause) -> None:
        """CANCEL, as soon as 9.1 allows it."""
        if self._exchange is not None and self._cancel is None:
            self._cancel = reason_of(cause)
            self._exchange.stop_retrying()
            if self._proceeding:
                self._send_cancel()

    def _send_cancel(self) -> None:
        if self._exchange is not None and self._cancel is not None:
            self._exchange.cancel(self._cancel)

    def _try_again(self, response: Response) -> bool:
        """Do what a refusal asks for; False where there is nothing to be done."""
        if 300 <= response.status < 400:
            return self._redirect(response)
        if response.status == 481 and self._insists:
            return self._call_plainly()
        return response.status in NOT_ACCEPTABLE and self._offer_otherwise()

    def _offer_otherwise(self) -> bool:
        """Offer what is left to a far end that took no such session. False where nothing is."""
        offer, old = self._otherwise, self._invited
        if offer is None or old is None:
            return False
        self._otherwise = offer.otherwise
        try:
            body = self._writer.write(offer)
        except SdpError as error:
            self._endpoint.tally.count("offer not sent", str(error))
            return False
        self._follow(old, _request_uri(old), body)
        return True

    def _call_plainly(self) -> bool:
        """Call as if there had been nothing before. False where that was done already."""
        old, self._insists = self._invited, False
        if old is None or "Replaces" not in old.headers:
            return False
        self._follow(msgspec.structs.replace(old, headers=old.headers.remove("Replaces")), _request_uri(old), old.body)
        return True

    def _redirect(self, response: Response) -> bool:
        """Follow a 3xx to the contact liked best that was not tried yet (8.1.3.4). False where there is none."""
        if self._invited is None:
            return False
        try:
            found = sorted(response.contacts, key=lambda contact: -contact.q)
        except HeaderError:
            found = []
        self._tried.append(_request_uri(self._invited))
        self._targets += [contact.uri.without("method") for contact in found if isinstance(contact.uri, SipUri)]
        while self._targets and len(self._tried) <= MAX_REDIRECTIONS:
            target = self._targets.pop(0)
            if target.scheme != "tel" and not any(target.equivalent_to(tried) for tried in self._tried):
                self._follow(self._invited, target, self._invited.body)
                return True
        return False

    def _follow(self, old: Request, target: SipUri, body: bytes) -> None:
        kept = (item for item in old.headers if item[0] not in ("Via", "Authorization", "Proxy-Authorization"))
        headers = Headers(kept).set("CSeq", CSeq(self._cseq.next(), "INVITE"))
        self._invite(msgspec.structs.replace(old, uri=target, headers=headers, body=body))


def _cause_of_failure(failure: TransportFailure) -> Cause:
    """Nobody answered, or nobody could be asked."""
    return Cause.RECOVERY_ON_TIMER_EXPIRY if failure.kind is FailureKind.TIMED_OUT else Cause.NETWORK_OUT_OF_ORDER


def _request_uri(request: Request) -> SipUri:
    if not isinstance(request.uri, SipUri):
        raise TypeError("an outgoing call always goes to a SIP URI")
    return request.uri
