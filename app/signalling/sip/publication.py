"""Voice quality reports on their way to a collector (RFC 6035; PUBLISH: RFC 3903)."""

from __future__ import annotations

from app.signalling.sip.dialog import CSeqCounter, new_call_id, new_tag
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.exchange import Exchange
from app.signalling.sip.fields import CSeq, NameAddr
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import Hop, TransportFailure, UnreachableUri
from app.signalling.sip.message import Request, Response
from app.signalling.sip.uri import SipUri

UNDER_WAY_MAX = 4
"""A collector that is silent must not gather more of them."""


class Publisher:
    """Sends reports to one collector. What it does with them changes nothing here; failures are counted."""

    def __init__(self, endpoint: Endpoint, collector: SipUri) -> None:
        self._endpoint = endpoint
        self._collector = collector
        self._under_way = 0

    def publish(self, body: bytes) -> None:
        """Send one report."""
        endpoint = self._endpoint
        if self._under_way >= UNDER_WAY_MAX:
            endpoint.tally.count("quality report dropped", f"{self._collector} is slow")
            return
        own = endpoint.address_of_record
        cseq = CSeqCounter()
        request = Request(
            "PUBLISH",
            self._collector,
            headers=Headers(
                [
                    ("Max-Forwards", "70"),
                    *endpoint.routes,
                    ("From", str(own.with_parameter("tag", new_tag()))),
                    ("To", str(NameAddr(self._collector))),
                    ("Call-ID", new_call_id()),
                    ("CSeq", str(CSeq(cseq.next(), "PUBLISH"))),
                    endpoint.contact,
                    ("Event", "vq-rtcpxr"),
                    endpoint.identity,
                    ("Content-Type", "application/vq-rtcpxr"),
                ]
            ),
            body=body,
        )
        try:
            hop = self._hop_of(request)
        except (UnreachableUri, HeaderError) as error:
            endpoint.tally.count("quality report dropped", str(error))
            return
        self._under_way += 1
        Exchange(endpoint, request, hop, self, cseq.next).start()

    def provisional(self, response: Response) -> None:
        """It is on its way."""

    def final(self, response: Response, failure: TransportFailure | None) -> None:
        """It is there, or lost: reports are not repeated."""
        self._under_way -= 1
        if failure is not None:
            self._endpoint.tally.count("quality report lost", failure.detail)
        elif not response.is_success:
            self._endpoint.tally.count("quality report refused", f"{response.status} {response.reason[:80]}")

    def _hop_of(self, request: Request) -> Hop:
        """Somebody of our own domain is asked for at our server, others where their address says."""
        collector = self._collector
        own = collector.host == self._endpoint.domain and collector.port is None
        return self._endpoint.first_hop if own else self._endpoint.hop_of(request)
