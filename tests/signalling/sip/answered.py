"""A running call between a phone and a peer of raw messages."""

from __future__ import annotations

from collections.abc import Iterable

from app.model.session import SessionDescription
from app.signalling.sip.message import Request
from tests.signalling.sip.network import Network, Peer, Phone, description


class AnsweredCall:
    """A call the peer made and we answered. `cseq` is that of the peer's last request in it."""

    def __init__(self) -> None:
        self.network = Network()
        self.peer = Peer(self.network)
        self.phone = Phone(self.network, "10.0.0.1", self.peer.address)
        self.peer.invite(self.phone, sdp=description())
        self.leg = self.phone.incoming
        self.phone.agent.connect(self.leg, description(self.phone.address))
        self.network.run(0.05)
        self.tag = self.peer.response(200).to.tag or ""
        self.cseq = 1
        self.ack()
        self.peer.received.clear()

    def ack(self, sdp: SessionDescription | None = None) -> None:
        """The peer acknowledges the answer to its last request."""
        self.ask("ACK", cseq=self.cseq, sdp=sdp)

    def ask(
        self,
        method: str,
        *,
        cseq: int | None = None,
        sdp: SessionDescription | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
    ) -> Request:
        """The peer's next request, or one with this number."""
        self.cseq = self.cseq + 1 if cseq is None else cseq
        return self.peer.invite(
            self.phone,
            method=method,
            cseq=self.cseq,
            branch=f"z9hG4bK{method}{self.cseq}",
            to_tag=self.tag,
            sdp=sdp,
            headers=headers,
            body=body,
        )
