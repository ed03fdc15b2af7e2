"""A call that comes in (RFC 3261, 13.3): rung, answered, refused, or taken back by its caller."""

from __future__ import annotations

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.session import SessionDescription
from app.model.signalling import SetupIndicated
from app.signalling.schedule import Timer
from app.signalling.sip.answers import respond
from app.signalling.sip.call import Call, asserted_party, party_of
from app.signalling.sip.cause import cause_of_reason, reason_of, status_of, text_of_reason
from app.signalling.sip.dialog import Dialog, new_tag
from app.signalling.sip.errors import SdpError
from app.signalling.sip.fields import NameAddr
from app.signalling.sip.message import Request, response_to
from app.signalling.sip.server_transaction import InviteServerTransaction
from app.signalling.sip.surroundings import Surroundings
from app.signalling.sip.uri import SipUri

RING_AGAIN = 60.0
"""180 is repeated this often, lest a proxy gives the call up (13.3.1.1)."""


class IncomingCall(Call):
    """One call from an INVITE that passed all inspections. `start` announces it."""

    def __init__(self, leg: LegId, around: Surroundings, transaction: InviteServerTransaction) -> None:
        super().__init__(leg, around)
        self._transaction = transaction
        self._tag = new_tag()
        self._timers: list[Timer] = []
        self._rung: Timer | None = None
        transaction.on_cancel = self._cancelled

    def start(self, offer: SessionDescription | None, replaces: LegId | None) -> None:
        """Announce the call, which is to take the place of the leg that it `replaces`.

        Raises `HeaderError` where the INVITE cannot begin a dialog.
        """
        request = self._transaction.request
        self._session = self._open_session(Dialog.of_request(request, self._tag), owns_call_id=False)
        trusted = self._endpoint.trusts(self._transaction.source)
        calling = (asserted_party(request) if trusted else None) or party_of(request.from_)
        self._say(
            SetupIndicated(
                leg=self.leg,
                line=self._endpoint.config.line,
                calling=calling,
                called=party_of(request.to),
                offer=offer,
                alert_info=", ".join(request.headers.get_all("Alert-Info"))[:256],
                replaces=replaces,
            )
        )
        if request.expires:
            self._timers.append(self._endpoint.schedule.after(request.expires, self._expired))

    def alert(self) -> None:
        """Ring: 180, and again every minute."""
        if self._transaction.answered:
            return
        self._transaction.respond(
            response_to(self._transaction.request, 180, to_tag=self._tag, headers=(self._endpoint.contact,))
        )
        if self._rung is not None:
            self._rung.cancel()
        self._rung = self._endpoint.schedule.after(RING_AGAIN, self.alert)

    def connect(self, description: SessionDescription) -> None:
        """Answer: 200 with our answer, or with our offer where the INVITE had none."""
        if self._session is None or self._transaction.answered:
            return
        try:
            body = self._writer.write(description)
        except SdpError:
            self.disconnect(Cause.INCOMPATIBLE_DESTINATION)
            return
        self._stop_timers()
        self._note_answer(self._session.dialog, incoming=True)
        self._session.accept(self._transaction, body, expects_answer=not self._transaction.request.body)

    def deflect(self, target: SipUri) -> None:
        """Send the caller elsewhere (302, and RFC 5806 for why)."""
        if self._transaction.answered:
            return
        here = NameAddr(self._endpoint.address_of_record.uri).with_parameter("reason", "deflection")
        self._refuse(302, ("Contact", str(NameAddr(target))), ("Diversion", str(here)))
        self._release(Cause.NORMAL_CLEARING)

    def disconnect(self, cause: Cause) -> None:
        """Refuse, or end what was answered."""
        if not self._transaction.answered:
            self._refuse(status_of(cause), ("Reason", reason_of(cause)))
        elif self._session is not None:
            self._session.bye(cause)
        self._release(cause)

    def session_ended(self, cause: Cause, text: str) -> None:
        """BYE came, perhaps while it still rang (15.1.2)."""
        if not self._transaction.answered:
            self._refuse(487)
        super().session_ended(cause, text)

    # --- inside -----------------------------------------------------------------------------------------

    def _cancelled(self, cancel: Request) -> None:
        self._refuse(487)
        self._release(cause_of_reason(cancel) or Cause.NORMAL_CLEARING, text_of_reason(cancel))

    def _expired(self) -> None:
        """The caller's own limit passed (Expires, 13.3.1)."""
        self._refuse(487)
        self._release(Cause.NO_ANSWER)

    def _refuse(self, status: int, *headers: tuple[str, str]) -> None:
        self._stop_timers()
        respond(self._endpoint, self._transaction, status, *headers, to_tag=self._tag)
        if self._session is not None:
            self._session.drop()

    def _stop_timers(self) -> None:
        for timer in (*self._timers, *([self._rung] if self._rung else ())):
            timer.cancel()
