"""Being told of waiting messages: a subscription to our own mailbox (RFC 3842, RFC 6665), and what comes unasked."""

from __future__ import annotations

from collections.abc import Callable

from app.model.services import Messages
from app.signalling.schedule import Timer
from app.signalling.sip.answers import respond
from app.signalling.sip.dialog import CSeqCounter, Dialog, new_call_id, new_tag
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.exchange import Exchange
from app.signalling.sip.fields import CSeq, NameAddr
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import TransportFailure, UnreachableUri
from app.signalling.sip.message import Request, Response
from app.signalling.sip.message_summary import SUMMARY, SummaryError, parse_summary
from app.signalling.sip.refer import Progress, event_of
from app.signalling.sip.server_transaction import ServerTransaction

EVENT = "message-summary"
EXPIRES = 3600
SHORTEST_REFRESH = 60.0
RETRY = 300.0
"""Seconds after which a server that was not able to answer is asked again."""
_NOT_NOW = frozenset({408, 480, 500, 502, 503, 504})
_FOR_GOOD = frozenset({"rejected", "noresource", "invariant"})


class MessageWatch:
    """Asks for the messages of our own address. `tell` gets what waits, each time that is news.

    A server that knows no such subscription is left in peace until `ask` is called again.
    """

    def __init__(self, endpoint: Endpoint, tell: Callable[[Messages], None]) -> None:
        self._endpoint = endpoint
        self._tell = tell
        self._last: Messages | None = None
        self._call_id = ""
        self._tag = ""
        self._cseq = CSeqCounter()
        self._dialog: Dialog | None = None
        self._asking: Exchange | None = None
        self._timer: Timer | None = None
        self._last_cseq = 0

    def ask(self) -> None:
        """Subscribe, or see whether the subscription there was still stands."""
        self._stop_timer()
        if self._asking is None and self._endpoint.ready:
            self._subscribe(EXPIRES)

    def stop(self) -> None:
        """Take the subscription back, and wait for nothing."""
        self._stop_timer()
        if self._asking is not None:
            self._asking.abandon()
            self._asking = None
        if self._dialog is not None:
            self._subscribe(0)
            self._dialog = None

    def notified(self, transaction: ServerTransaction) -> None:
        """A NOTIFY outside of calls: of our subscription, or of a server of ours that tells unasked."""
        request, endpoint = transaction.request, self._endpoint
        ours = request.call_id == self._call_id and request.to.tag == self._tag
        unasked = request.to.tag is None and endpoint.trusts(transaction.source)
        if event_of(request) != EVENT:
            respond(endpoint, transaction, 489, ("Allow-Events", EVENT))
        elif not ours and not unasked:
            respond(endpoint, transaction, 481)
        elif ours and request.cseq.number <= self._last_cseq:
            respond(endpoint, transaction, 500)
        else:
            self._take(transaction, ours=ours)

    # --- from the exchange ----------------------------------------------------------------------------------

    def provisional(self, response: Response) -> None:
        """The server thinks; nothing to do."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:
        """The server will tell, or not."""
        request = None if self._asking is None else self._asking.request
        self._asking = None
        if response.is_success and request is not None:
            self._subscribed(request, response)
        elif response.status == 481 and self._dialog is not None:
            self._dialog = None
            self.ask()
        else:
            self._dialog = None
            if failure is not None or response.status in _NOT_NOW:
                self._ask_after(RETRY)

    # --- inside ---------------------------------------------------------------------------------------------

    def _subscribed(self, request: Request, response: Response) -> None:
        granted = min(response.expires or EXPIRES, EXPIRES)
        try:
            self._dialog = self._dialog or Dialog.of_response(request, response)
        except HeaderError as error:
            self._endpoint.tally.count("malformed", str(error))
        self._ask_after(max(0.9 * granted, SHORTEST_REFRESH))

    def _take(self, transaction: ServerTransaction, *, ours: bool) -> None:
        request, endpoint = transaction.request, self._endpoint
        try:
            state = Progress.parse(request)
            messages = self._messages_in(request)
        except (HeaderError, SummaryError) as error:
            endpoint.tally.count("unusable message summary", str(error))
            respond(endpoint, transaction, 400)
            return
        respond(endpoint, transaction, 200, endpoint.contact)
        if ours:
            self._last_cseq = request.cseq.number
        if ours and state.over:
            self._stop_timer()
            self._dialog = None
            if state.why not in _FOR_GOOD:
                self._ask_after(SHORTEST_REFRESH)
        if messages is not None and messages != self._last:
            self._last = messages
            self._tell(messages)

    def _messages_in(self, request: Request) -> Messages | None:
        """None without a body, as a subscription begins where nothing is known yet."""
        if not request.body:
            return None
        content_type = request.content_type
        if content_type is None or content_type.type != SUMMARY:
            msg = f"only {SUMMARY} is understood"
            raise SummaryError(msg)
        return parse_summary(request.body, self._endpoint.domain)

    def _subscribe(self, expires: int) -> None:
        endpoint = self._endpoint
        headers = (
            ("Event", EVENT),
            ("Accept", SUMMARY),
            ("Expires", str(expires)),
            endpoint.contact,
            endpoint.identity,
        )
        dialog = self._dialog
        try:
            request = self._first(headers) if dialog is None else dialog.request("SUBSCRIBE", *headers)
            hop = endpoint.first_hop if dialog is None else endpoint.hop_of(request)
        except (UnreachableUri, HeaderError) as error:
            endpoint.tally.count("unreachable contact", str(error))
            self._dialog = None
            return
        next_cseq = self._cseq.next if dialog is None else dialog.next_cseq
        if expires:
            self._asking = Exchange(endpoint, request, hop, self, next_cseq)
            self._asking.start()
        else:
            Exchange(endpoint, request, hop, _Unheard(), next_cseq).start()

    def _first(self, headers: tuple[tuple[str, str], ...]) -> Request:
        """The request that begins a subscription."""
        endpoint = self._endpoint
        own = NameAddr(endpoint.address_of_record.uri)
        self._call_id, self._tag, self._last_cseq = new_call_id(), new_tag(), 0
        fixed = [
            ("Max-Forwards", "70"),
            *endpoint.routes,
            ("From", str(own.with_parameter("tag", self._tag))),
            ("To", str(own)),
            ("Call-ID", self._call_id),
            ("CSeq", str(CSeq(self._cseq.next(), "SUBSCRIBE"))),
        ]
        return Request("SUBSCRIBE", own.uri, headers=Headers([*fixed, *headers]))

    def _ask_after(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self._endpoint.schedule.after(seconds, self.ask)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Unheard:
    """What becomes of taking a subscription back does not matter: it runs out by itself."""

    def provisional(self, response: Response) -> None:
        """It is on its way."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:
        """It is taken back, or forgotten later."""
