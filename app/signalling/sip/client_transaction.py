"""Client transactions (RFC 3261, 17.1; RFC 6026 for INVITE): one request, sent until it is answered."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Protocol

from app.signalling.schedule import Schedule, Timer
from app.signalling.sip.fields import CSeq
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import Hop, TransportFailure
from app.signalling.sip.message import Request, Response
from app.signalling.sip.timers import Timers

Send = Callable[[bytes, Hop], None]


class ClientUser(Protocol):
    """Whoever made the request (RFC 3261's transaction user). After a timeout or failure nothing more comes."""

    def responded(self, response: Response) -> None:
        """A response that is not a mere repetition; a 2xx to INVITE comes each time it is received."""

    def timed_out(self) -> None:
        """Nobody answered in time (8.1.3.1: as if 408 had come)."""

    def failed(self, failure: TransportFailure) -> None:
        """The request could not be sent (8.1.3.1: as if 503 had come)."""


class ClientState(enum.Enum):
    """States of figures 5 (RFC 6026) and 6 (RFC 3261)."""

    CALLING = enum.auto()
    """Also Trying, for a request that is no INVITE."""
    PROCEEDING = enum.auto()
    COMPLETED = enum.auto()
    ACCEPTED = enum.auto()
    TERMINATED = enum.auto()


class ClientTransaction:
    """What both kinds share: the request, where it goes, and its end."""

    def __init__(
        self,
        request: Request,
        hop: Hop,
        send: Send,
        schedule: Schedule,
        user: ClientUser,
        ended: Callable[[], None],
        timers: Timers,
    ) -> None:
        self.request = request
        self.hop = hop
        self.state = ClientState.CALLING
        self._octets = request.encode()
        self._send = send
        self._schedule = schedule
        self._user = user
        self._ended = ended
        self._timers = timers
        self._retransmission: Timer | None = None
        self._deadline: Timer | None = None

    def start(self) -> None:
        """Send the request and wait. Timer A or E over UDP, timer B or F always."""
        self._deadline = self._schedule.after(self._timers.give_up, self._give_up)
        if not self.hop.transport.reliable:
            self._retransmit_after(self._timers.t1)
        self._send(self._octets, self.hop)

    def receive(self, response: Response) -> None:
        """A response that matched this transaction (17.1.3)."""
        raise NotImplementedError

    def fail(self, failure: TransportFailure) -> None:
        """The transport gave up on the hop (17.1.4)."""
        waiting = self.state in (ClientState.CALLING, ClientState.PROCEEDING)
        self.terminate()
        if waiting:
            self._user.failed(failure)

    def terminate(self) -> None:
        """Forget everything, without a word to the user."""
        if self.state is ClientState.TERMINATED:
            return
        self.state = ClientState.TERMINATED
        self._stop_timers()
        self._ended()

    def _retransmit_after(self, seconds: float) -> None:
        self._retransmission = self._schedule.after(seconds, lambda: self._retransmit(seconds))

    def _retransmit(self, waited: float) -> None:
        raise NotImplementedError

    def _give_up(self) -> None:
        self.terminate()
        self._user.timed_out()

    def _stop_timers(self) -> None:
        for timer in (self._retransmission, self._deadline):
            if timer is not None:
                timer.cancel()

    def _linger(self, state: ClientState, seconds: float) -> None:
        """Stay to deal with repetitions, then end; at once where the transport repeats nothing."""
        self.state = state
        self._stop_timers()
        if seconds:
            self._deadline = self._schedule.after(seconds, self.terminate)
        else:
            self.terminate()


class InviteClientTransaction(ClientTransaction):
    """RFC 3261, 17.1.1 with the Accepted state of RFC 6026, 7.2."""

    _ack: bytes | None = None

    def receive(self, response: Response) -> None:
        """A response that matched this transaction."""
        if self.state in (ClientState.CALLING, ClientState.PROCEEDING):
            self._receive_first(response)
        elif self.state is ClientState.ACCEPTED and response.is_success:
            self._user.responded(response)
        elif self.state is ClientState.COMPLETED and response.status >= 300 and self._ack is not None:
            self._send(self._ack, self.hop)

    def abandon_after(self, seconds: float) -> None:
        """A CANCEL was sent: if no final response comes in time, treat the INVITE as ended (RFC 3261, 9.1)."""
        if self.state in (ClientState.CALLING, ClientState.PROCEEDING):
            if self._deadline is not None:
                self._deadline.cancel()
            self._deadline = self._schedule.after(seconds, self._give_up)

    def _receive_first(self, response: Response) -> None:
        if response.is_provisional:
            if self.state is ClientState.CALLING:
                self.state = ClientState.PROCEEDING
                self._stop_timers()
        elif response.is_success:
            self._linger(ClientState.ACCEPTED, self._timers.give_up)
        else:
            self._ack = _ack_for(self.request, response).encode()
            self._send(self._ack, self.hop)
            self._linger(ClientState.COMPLETED, 0 if self.hop.transport.reliable else self._timers.absorb)
        self._user.responded(response)

    def _retransmit(self, waited: float) -> None:
        self._retransmit_after(2 * waited)
        self._send(self._octets, self.hop)


class NonInviteClientTransaction(ClientTransaction):
    """RFC 3261, 17.1.2."""

    def receive(self, response: Response) -> None:
        """A response that matched this transaction."""
        if self.state not in (ClientState.CALLING, ClientState.PROCEEDING):
            return
        if response.is_provisional:
            self.state = ClientState.PROCEEDING
        else:
            self._linger(ClientState.COMPLETED, 0 if self.hop.transport.reliable else self._timers.t4)
        self._user.responded(response)

    def _retransmit(self, waited: float) -> None:
        slowest = self._timers.t2
        self._retransmit_after(slowest if self.state is ClientState.PROCEEDING else min(2 * waited, slowest))
        self._send(self._octets, self.hop)


def _ack_for(invite: Request, response: Response) -> Request:
    """The ACK of a response that is no 2xx (17.1.1.3): same branch, the To of the response."""
    headers = [
        ("Via", str(invite.top_via)),
        ("Max-Forwards", "70"),
        *(("Route", value) for value in invite.headers.get_all("Route")),
        ("From", invite.headers.single("From")),
        ("To", response.headers.single("To")),
        ("Call-ID", invite.call_id),
        ("CSeq", str(CSeq(invite.cseq.number, "ACK"))),
    ]
    return Request("ACK", invite.uri, headers=Headers(headers))
