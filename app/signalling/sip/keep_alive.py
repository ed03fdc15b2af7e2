"""Noticing that a server has gone, and keeping the way through a NAT open."""

from __future__ import annotations

from collections.abc import Callable

from app.signalling.schedule import Timer
from app.signalling.sip.dialog import CSeqCounter, new_call_id, new_tag
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.exchange import Exchange
from app.signalling.sip.fields import CSeq, NameAddr
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import FailureKind, TransportFailure
from app.signalling.sip.message import Request, Response
from app.signalling.sip.uri import SipUri

IN_CALL_INTERVAL = 8.0
IN_CALL_PATIENCE = 8.0
"""Seconds: with a call on, who has lost his server should know it soon. A server may be slow once, and a few of the
repetitions over UDP may be lost, without its calls being thought lost."""


class KeepAlive:
    """Asks the server every few seconds whether it is there; the way through a NAT stays open by it.

    OPTIONS is answered by every server, whatever it answers (RFC 3261, 11); RFC 5626's pings only by some.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        silent: Callable[[TransportFailure], None],
        in_call: Callable[[], bool] = lambda: False,
    ) -> None:
        self._endpoint = endpoint
        self._silent = silent
        self._in_call = in_call
        self._call_id = new_call_id()
        self._tag = new_tag()
        self._cseq = CSeqCounter()
        self._timer: Timer | None = None
        self._patience: Timer | None = None
        self._asked: Exchange | None = None
        self._running = False

    def start(self) -> None:
        """Ask again and again, from one interval after now."""
        self.stop()
        interval = self._endpoint.config.keep_alive
        self._running = interval > 0
        if self._running:
            interval = min(interval, IN_CALL_INTERVAL) if self._in_call() else interval
            self._timer = self._endpoint.schedule.after(interval, self._ask)

    def stop(self) -> None:
        """Ask no more."""
        self._running = False
        for timer in (self._timer, self._patience):
            if timer is not None:
                timer.cancel()
        self._timer = None
        if self._asked is not None:
            self._asked.abandon()
            self._asked = None

    def provisional(self, response: Response) -> None:
        """It is there."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:  # noqa: ARG002 - any answer will do
        """It is there, or it is not."""
        self._asked = None
        if not self._running:
            return
        if self._patience is not None:
            self._patience.cancel()
        if failure is None:
            self.start()
        else:
            self._silent(failure)

    def _impatient(self) -> None:
        self.stop()
        self._silent(TransportFailure(FailureKind.TIMED_OUT))

    def _ask(self) -> None:
        self._timer = None
        endpoint = self._endpoint
        own = endpoint.address_of_record
        request = Request(
            "OPTIONS",
            SipUri(endpoint.domain, port=own.sip_uri.port),
            headers=Headers(
                [
                    ("Max-Forwards", "70"),
                    *endpoint.routes,
                    ("From", f"{own};tag={self._tag}"),
                    ("To", str(NameAddr(SipUri(endpoint.domain)))),
                    ("Call-ID", self._call_id),
                    ("CSeq", str(CSeq(self._cseq.next(), "OPTIONS"))),
                    endpoint.contact,
                    endpoint.identity,
                ]
            ),
        )
        self._asked = Exchange(endpoint, request, endpoint.first_hop, self, self._cseq.next)
        self._asked.stop_retrying()
        if self._in_call():
            self._patience = endpoint.schedule.after(IN_CALL_PATIENCE, self._impatient)
        self._asked.start()
