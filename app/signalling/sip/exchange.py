"""One request as its author sees it: sent, authenticated where a server asks, and answered exactly once.

Timeouts and transport failures become the 408 and 503 of RFC 3261, 8.1.3.1, together with what went wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from app.signalling.sip.client_transaction import ClientTransaction, InviteClientTransaction
from app.signalling.sip.digest import Outcome
from app.signalling.sip.endpoint import MAX_DATAGRAM, Endpoint
from app.signalling.sip.errors import DigestError, HeaderError
from app.signalling.sip.fields import CSeq
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import FailureKind, Hop, Transport, TransportFailure
from app.signalling.sip.message import Request, Response, response_to

MAX_ATTEMPTS = 5
"""Each proxy on the way may challenge once, and once more for a stale nonce."""


class ExchangeUser(Protocol):
    """The author of a request."""

    def provisional(self, response: Response) -> None:
        """A 1xx."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:
        """The final response. `failure` says why one of our own making stands for it.

        A 2xx to an INVITE comes each time it is received, and from each branch of a fork.
        """


class Exchange:
    """A request on its way. `next_cseq` numbers the request anew when it has to be sent again (22.2)."""

    def __init__(
        self, endpoint: Endpoint, request: Request, hop: Hop, user: ExchangeUser, next_cseq: Callable[[], int]
    ) -> None:
        self._endpoint = endpoint
        self._bare = request
        self._hop = hop
        self._user = user
        self._next_cseq = next_cseq
        self._attempts = 0
        self._may_retry = True
        self._enlarged = False
        self._transaction: ClientTransaction | None = None
        """Until it has its final response; it knows us, and two that know each other are not freed by themselves."""
        self.request = request
        """As it was last sent, with Via and credentials."""

    def start(self) -> Exchange:
        """Send it, with credentials if the server has asked for some before."""
        self._transmit(self._hop)
        return self

    def stop_retrying(self) -> None:
        """The author has lost interest: hand any refusal over as it is."""
        self._may_retry = False

    def abandon(self) -> None:
        """Forget the request, whatever may still come."""
        if self._transaction is not None:
            self._transaction.terminate()
            self._transaction = None

    def cancel(self, reason: str) -> None:
        """Take an INVITE back that has got a provisional response (9.1). A final response comes all the same."""
        transaction = self._transaction
        if isinstance(transaction, InviteClientTransaction):
            request = _cancel_of(transaction.request, reason)
            self._endpoint.layer.request(request, transaction.hop, _Unheard())
            transaction.abandon_after(self._endpoint.timers.give_up)

    # --- from the transaction -------------------------------------------------------------------------

    def responded(self, response: Response) -> None:
        """A response came."""
        if response.is_provisional:
            self._user.provisional(response)
            return
        self._transaction = None
        if not (response.status in (401, 407) and self._may_retry and self._authenticate(response)):
            self._user.final(response, None)

    def timed_out(self) -> None:
        """Nobody answered."""
        self._transaction = None
        failure = TransportFailure(FailureKind.TIMED_OUT, f"no answer from {self._hop}")
        self._user.final(response_to(self.request, 408), failure)

    def failed(self, failure: TransportFailure) -> None:
        """It could not be sent. What went over TCP only for its size is tried over UDP (18.1.1)."""
        self._transaction = None
        if self._enlarged and self._may_retry:
            self._enlarged = False
            self._send(self._endpoint.with_via(self._authorized(), Transport.UDP), self._hop)
        else:
            self._user.final(response_to(self.request, 503), failure)

    # --- inside ---------------------------------------------------------------------------------------

    def _authenticate(self, response: Response) -> bool:
        """Answer a challenge; False where that is impossible, pointless or unwise."""
        if self._attempts >= MAX_ATTEMPTS or not self._endpoint.trusts(self._hop):
            return False
        try:
            if self._endpoint.digest.learn(response, self.request) is Outcome.REJECTED:
                return False
        except (DigestError, HeaderError):
            return False
        headers = self._bare.headers.set("CSeq", CSeq(self._next_cseq(), self._bare.method))
        self._bare = msgspec.structs.replace(self._bare, headers=headers)
        self._transmit(self._hop)
        return True

    def _transmit(self, hop: Hop) -> None:
        self._attempts += 1
        request = self._endpoint.with_via(self._authorized(), hop.transport)
        self._enlarged = hop.transport is Transport.UDP and len(request.encode()) > MAX_DATAGRAM
        if self._enlarged:
            hop = Hop(Transport.TCP, hop.host, hop.port)
            request = self._endpoint.with_via(self._authorized(), hop.transport)
        self._send(request, hop)

    def _send(self, request: Request, hop: Hop) -> None:
        self.request = request
        layer = self._endpoint.layer
        self._transaction = (layer.invite if request.method == "INVITE" else layer.request)(request, hop, self)

    def _authorized(self) -> Request:
        """Only our own servers get our credentials."""
        digest = self._endpoint.digest
        return digest.authorize(self._bare) if self._endpoint.trusts(self._hop) else self._bare


def _cancel_of(invite: Request, reason: str) -> Request:
    """The CANCEL of an INVITE as it was sent (9.1): same branch, same number."""
    kept = ("Route", "From", "To", "Call-ID", "Max-Forwards")
    headers = [
        ("Via", str(invite.top_via)),
        *(item for item in invite.headers if item[0] in kept),
        ("CSeq", str(CSeq(invite.cseq.number, "CANCEL"))),
        ("Reason", reason),
    ]
    return Request("CANCEL", invite.uri, headers=Headers(headers))


class _Unheard:
    """What becomes of a CANCEL does not matter: the INVITE's own response tells (9.1)."""

    def responded(self, response: Response) -> None:
        """It was heard."""

    def timed_out(self) -> None:
        """It was not; the INVITE's own deadline ends the call."""

    def failed(self, failure: TransportFailure) -> None:
        """It was not; the INVITE fails by the same cause."""
