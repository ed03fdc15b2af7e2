"""Noticing that a server has gone, and keeping the way through a NAT open."""

from __future__ import annotations

from collections.abc import Callable

from app.signalling.schedule import Timer
from app.signalling.sip.dialog import first_cseq, new_call_id, new_tag
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.exchange import Exchange
from app.signalling.sip.fields import CSeq, NameAddr
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import TransportFailure
from app.signalling.sip.message import Request, Response
from app.signalling.sip.uri import SipUri


class KeepAlive:
    """Asks the server every few seconds whether it is there; the way through a NAT stays open by it.

    OPTIONS is answered by every server, whatever it answers (RFC 3261, 11); RFC 5626's pings only by some.
    """

    def __init__(self, endpoint: Endpoint, silent: Callable[[TransportFailure], None]) -> None:
        self._endpoint = endpoint
        self._silent = silent
        self._call_id = new_call_id()
        self._tag = new_tag()
        self._cseq = first_cseq()
        self._timer: Timer | None = None
        self._running = False

    def start(self) -> None:
        """Ask again and again, from one interval after now."""
        self.stop()
        self._running = self._endpoint.config.keep_alive > 0
        if self._running:
            self._timer = self._endpoint.schedule.after(self._endpoint.config.keep_alive, self._ask)

    def stop(self) -> None:
        """Ask no more."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def provisional(self, response: Response) -> None:
        """It is there."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:  # noqa: ARG002 - any answer will do
        """It is there, or it is not."""
        if not self._running or self._timer is not None:
            return
        if failure is None:
            self.start()
        else:
            self._silent(failure)

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
                    ("CSeq", str(CSeq(self._next_cseq(), "OPTIONS"))),
                    endpoint.contact,
                    endpoint.identity,
                ]
            ),
        )
        exchange = Exchange(endpoint, request, endpoint.first_hop, self, self._next_cseq)
        exchange.stop_retrying()
        exchange.start()

    def _next_cseq(self) -> int:
        self._cseq += 1
        return self._cseq
