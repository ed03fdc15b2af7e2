"""Server transactions (RFC 3261, 17.2; RFC 6026 for INVITE): one request, answered as often as it is repeated."""

from __future__ import annotations

import enum
from collections.abc import Callable

from app.signalling.schedule import Schedule, Timer
from app.signalling.sip.client_transaction import Send
from app.signalling.sip.hop import Hop, hop_of_via
from app.signalling.sip.message import Request, Response, response_to
from app.signalling.sip.timers import Timers

TRYING_AFTER = 0.2
"""How long an INVITE may stay unanswered before 100 goes out by itself (17.2.1)."""


class ServerState(enum.Enum):
    """States of figures 7 (RFC 6026) and 8 (RFC 3261)."""

    TRYING = enum.auto()
    PROCEEDING = enum.auto()
    COMPLETED = enum.auto()
    CONFIRMED = enum.auto()
    ACCEPTED = enum.auto()
    TERMINATED = enum.auto()


class ServerTransaction:
    """What both kinds share: the request, the way back, the last response, and the end."""

    def __init__(
        self, request: Request, source: Hop, send: Send, schedule: Schedule, ended: Callable[[], None], timers: Timers
    ) -> None:
        self.request = request
        self.source = source
        self.state = ServerState.TRYING
        self._hop = hop_of_via(request.top_via, source)
        self._send = send
        self._schedule = schedule
        self._ended = ended
        self._timers = timers
        self._last: bytes | None = None
        self._timer: Timer | None = None
        self._retransmission: Timer | None = None

    @property
    def answered(self) -> bool:
        """True once a final response went out, or the transaction ended without one."""
        return self.state not in (ServerState.TRYING, ServerState.PROCEEDING)

    def respond(self, response: Response) -> None:
        """Send a response; ignored where the state allows none any more."""
        raise NotImplementedError

    def receive(self, request: Request) -> None:
        """A repetition of the request, or the ACK of an INVITE (17.2.3)."""
        raise NotImplementedError

    def terminate(self) -> None:
        """Forget everything."""
        if self.state is ServerState.TERMINATED:
            return
        self.state = ServerState.TERMINATED
        self._stop_timers()
        self._ended()

    def _transmit(self, response: Response) -> None:
        self._last = response.encode()
        self._send(self._last, self._hop)

    def _repeat(self) -> None:
        if self._last is not None:
            self._send(self._last, self._hop)

    def _stop_timers(self) -> None:
        for timer in (self._timer, self._retransmission):
            if timer is not None:
                timer.cancel()

    def _end_after(self, seconds: float) -> None:
        self._stop_timers()
        if seconds:
            self._timer = self._schedule.after(seconds, self.terminate)
        else:
            self.terminate()


class InviteServerTransaction(ServerTransaction):
    """RFC 3261, 17.2.1 with the Accepted state of RFC 6026, 7.1.

    In Accepted the user repeats its 2xx through `respond` until the ACK comes, which reaches the user, not us.
    """

    on_cancel: Callable[[Request], None] | None = None
    """Whoever serves the INVITE hears here that it was cancelled before it was answered (9.2); then nobody does."""

    @property
    def accepted(self) -> bool:
        """True after a 2xx, while its ACK may come."""
        return self.state is ServerState.ACCEPTED

    def start(self) -> None:
        """Send 100 soon, unless a response goes out before."""
        self.state = ServerState.PROCEEDING
        self._timer = self._schedule.after(TRYING_AFTER, lambda: self.respond(response_to(self.request, 100)))

    def respond(self, response: Response) -> None:
        """Send a response. Timers G (retransmission), H (no ACK came) and L (end of Accepted)."""
        if self.state is ServerState.ACCEPTED and response.is_success:
            self._transmit(response)
        if self.state is not ServerState.PROCEEDING:
            return
        self._stop_timers()
        self._transmit(response)
        if not response.is_provisional:
            self.on_cancel = None
        if response.is_success:
            self.state = ServerState.ACCEPTED
            self._end_after(self._timers.give_up)
        elif not response.is_provisional:
            self.state = ServerState.COMPLETED
            self._end_after(self._timers.give_up)
            if not self.source.transport.reliable:
                self._retransmit_after(self._timers.t1)

    def receive(self, request: Request) -> None:
        """The INVITE again, or the ACK of our final response. Timer I absorbs further ACKs."""
        if request.method != "ACK":
            if self.state in (ServerState.PROCEEDING, ServerState.COMPLETED):
                self._repeat()
        elif self.state is ServerState.COMPLETED:
            self.state = ServerState.CONFIRMED
            self._end_after(0 if self.source.transport.reliable else self._timers.t4)

    def _retransmit_after(self, seconds: float) -> None:
        self._retransmission = self._schedule.after(seconds, lambda: self._retransmit(seconds))

    def _retransmit(self, waited: float) -> None:
        self._retransmit_after(min(2 * waited, self._timers.t2))
        self._repeat()


class NonInviteServerTransaction(ServerTransaction):
    """RFC 3261, 17.2.2."""

    def respond(self, response: Response) -> None:
        """Send a response; timer J answers repetitions of the request after the final one."""
        if self.answered:
            return
        self._transmit(response)
        if response.is_provisional:
            self.state = ServerState.PROCEEDING
        else:
            self.state = ServerState.COMPLETED
            self._end_after(0 if self.source.transport.reliable else self._timers.give_up)

    def receive(self, request: Request) -> None:  # noqa: ARG002 - a repetition says nothing new
        """The request again."""
        self._repeat()
