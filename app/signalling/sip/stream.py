"""One TCP or TLS connection that carries SIP (RFC 3261, 18; RFC 5626, 3.5.1 for its keep-alive)."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable
from typing import Protocol

from app.signalling.sip.errors import FramingError
from app.signalling.sip.hop import Hop
from app.signalling.sip.parser import PING, PONG, StreamFramer

MAX_UNSENT = 256 * 1024
"""Octets a peer may leave unread before its connection is given up."""
MESSAGES_A_SECOND = 200
BURST = 400
FRAMES_A_TURN = 32
"""Messages and pings taken from one connection before the loop sees to everybody else, within 10 ms."""
SILENCE = 30_000
"""Milliseconds without a sign of life after which the system gives a connection up."""


class TokenBucket:
    """How many messages may come: `rate` a second for long, `burst` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Take one; False when none is left."""
        self._refill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def overdraw(self, now: float, count: int) -> float:
        """Take `count` for what was taken already; returns the seconds to wait until the debt is paid."""
        self._refill(now)
        self._tokens -= count
        return max(0.0, -self._tokens / self._rate)

    def _refill(self, now: float) -> None:
        elapsed = 0.0 if self._at is None else now - self._at
        self._at = now
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate)


class StreamUser(Protocol):
    """Who owns the connections."""

    def opened(self, stream: StreamConnection) -> None:
        """The connection is there; `hop` is set."""

    def received(self, data: bytes, hop: Hop) -> None:
        """One whole message."""

    def broken(self, stream: StreamConnection, why: str) -> None:
        """The far end broke the rules of the stream; it is being closed."""

    def closed(self, stream: StreamConnection) -> None:
        """The connection is gone."""


class StreamConnection(asyncio.Protocol):
    """Frames what comes, answers pings, and slows a peer that sends more than anybody needs to."""

    def __init__(self, user: StreamUser, hop_of: Callable[[StreamConnection, str, int], Hop]) -> None:
        self._user = user
        self._hop_of = hop_of
        self._framer = StreamFramer()
        self._bucket = TokenBucket(MESSAGES_A_SECOND, BURST)
        self._transport: asyncio.Transport | None = None
        self.hop: Hop | None = None
        """The far end as it really is, with the connection's number."""
        self.useful = False
        """True once a whole message came."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection (with TLS: the handshake) is done."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream connection needs a stream transport")
        self._transport = transport
        _watch_for_silence(transport.get_extra_info("socket"))
        peer = transport.get_extra_info("peername") or ("", 0)
        self.hop = self._hop_of(self, str(peer[0]), int(peer[1]))
        self._user.opened(self)

    def data_received(self, data: bytes) -> None:
        """asyncio: octets came."""
        self._read(data)

    def _read(self, data: bytes) -> bool:
        """Take what is whole; False when some of it, and the far end, may have to wait for a later turn of the loop."""
        taken = 0
        try:
            for frame in itertools.islice(self._framer.feed(data), FRAMES_A_TURN):
                self._take(frame)
                taken += 1
        except FramingError as error:
            self._user.broken(self, str(error))
            self.close()
            return False
        debt = self._bucket.overdraw(asyncio.get_running_loop().time(), taken)
        if debt or taken == FRAMES_A_TURN:
            self._rest(debt)
            return False
        return True

    def _take(self, frame: bytes) -> None:
        if frame == PING:
            self.send(PONG)
        elif frame != PONG and self.hop is not None:
            self.useful = True
            self._user.received(frame, self.hop)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it went does not change what follows
        """asyncio: it is gone."""
        self._transport = None
        self._user.closed(self)

    def send(self, data: bytes) -> bool:
        """Send octets; False where the connection is closing or the peer reads nothing."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return False
        if transport.get_write_buffer_size() > MAX_UNSENT:
            transport.abort()
            return False
        transport.write(data)
        return True

    def close(self) -> None:
        """Close after what was sent has gone out."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _rest(self, seconds: float) -> None:
        if self._transport is not None:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(seconds, self._resume)

    def _resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing() and self._read(b""):
            self._transport.resume_reading()


def _watch_for_silence(sock: socket.socket | None) -> None:
    """Have the system notice a peer that is gone without a word."""
    if sock is None:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE)
