"""The sockets of one line: UDP, TCP and TLS on asyncio (RFC 3261, 18). Everything runs on the phone's main thread."""

from __future__ import annotations

import asyncio
import errno
import itertools
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

from app.security.tls import explain
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.datagrams import Datagrams
from app.signalling.sip.hop import FailureKind, Hop, Transport, TransportFailure
from app.signalling.sip.resolver import Resolver
from app.signalling.sip.stream import BURST, MESSAGES_A_SECOND, StreamConnection, TokenBucket
from app.signalling.tally import Tally

CONNECT_TIMEOUT = 10.0
USELESS_AFTER = 32.0
"""Seconds after which a connection that somebody opened to us, and never said anything on, is closed."""
MAX_ACCEPTED = 16
MAX_QUEUED = 64
_BIND_ATTEMPTS = 16


class PortTaken(OSError):
    """The local SIP port is in use by another program; set another one."""


class Transports:
    """Sends and receives. `receive` gets each message, `unreachable` what did not get out, `lost` streams that end.

    Our own servers, which `trusts` knows, and strangers have limits of their own: no stranger can crowd a server out.
    Nothing is ever called back from inside `send`.
    """

    def __init__(
        self,
        config: SipLineConfig,
        resolver: Resolver,
        tally: Tally,
        trusts: Callable[[Hop], bool],
        receive: Callable[[bytes, Hop], None],
        unreachable: Callable[[Hop, TransportFailure], None],
        lost: Callable[[Hop], None],
    ) -> None:
        self._config = config
        self._resolver = resolver
        self._tally = tally
        self._trusts = trusts
        self._receive = receive
        self._unreachable = unreachable
        self._lost = lost
        self._port = config.local_port
        self._datagrams: dict[int, Datagrams] = {}
        self._servers: list[asyncio.Server] = []
        self._streams: dict[int, StreamConnection] = {}
        self._by_address: dict[Hop, StreamConnection] = {}
        self._waiting: dict[Hop, list[bytes]] = {}
        self._accepted: set[StreamConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._buckets = {trusted: TokenBucket(MESSAGES_A_SECOND, BURST) for trusted in (True, False)}

    @property
    def port(self) -> int:
        """The port we listen on; a TLS line listens nowhere and only names the default one."""
        return self._port or self._config.transport.default_port

    def prefer(self, port: int) -> None:
        """Open this port, where the settings leave the choice and it is free."""
        if not self._config.local_port:
            self._port = port

    async def start(self) -> None:
        """Open the sockets: UDP and TCP on one port (18.2.1), for a TLS line none. Raises `PortTaken`."""
        if self._config.transport is Transport.TLS:
            return
        for attempt in range(_BIND_ATTEMPTS):
            try:
                await self._listen()
            except OSError as error:
                self._close_sockets()
                if error.errno != errno.EADDRINUSE:
                    raise
                if self._config.local_port or attempt == _BIND_ATTEMPTS - 1:
                    msg = f"port {self._port} is in use by another program; set another local SIP port"
                    raise PortTaken(errno.EADDRINUSE, msg) from error
                self._port = 0
            else:
                return

    async def stop(self) -> None:
        """Close everything and wait until it is closed."""
        for task in list(self._tasks):
            task.cancel()
        for stream in list(self._streams.values()):
            stream.close()
        self._close_sockets()
        # Two turns of the loop let asyncio call connection_lost on what was closed.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for stream in list(self._streams.values()):
            stream.abort()

    def send(self, data: bytes, hop: Hop) -> None:
        """Send one message to a neighbour, over an open connection where there is one."""
        if not hop.transport.reliable:
            known = self._resolver.known(hop.host)
            if known:
                self._send_datagram(data, hop, known[0])
            else:
                self._spawn(self._resolve_and_send(data, hop))
            return
        stream = self._stream_to(hop)
        if stream is not None:
            if not stream.send(data):
                self._fail_soon(hop, TransportFailure(FailureKind.OVERLOADED, f"{hop} reads nothing"))
        elif hop.connection:
            self._tally.count("connection gone", str(hop))
            self._fail_soon(hop, TransportFailure(FailureKind.CLOSED, f"{hop} closed the connection"))
        else:
            self._connect_and_send(data, hop)

    # --- datagrams ----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        host = self._config.local_address
        hosts = [host] if host else ["0.0.0.0", *(["::"] if socket.has_ipv6 else [])]  # noqa: S104 - a phone answers on every network
        for address in hosts:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                sock = _bound(family, socket.SOCK_DGRAM, address, self._port, self._config.dscp)
                self._datagrams[family] = Datagrams(sock, self._datagram)
                self._port = self._datagrams[family].port
                sock = _bound(family, socket.SOCK_STREAM, address, self._port, self._config.dscp)
                self._servers.append(await loop.create_server(self._new_accepted, sock=sock, backlog=MAX_ACCEPTED))
            except OSError as error:
                if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL) or host or family == socket.AF_INET:
                    raise

    def _datagram(self, data: bytes, host: str, port: int) -> None:
        if not data.strip(b"\r\n\0"):
            return
        hop = Hop(Transport.UDP, host, port)
        if self._buckets[self._trusts(hop)].take(asyncio.get_running_loop().time()):
            self._receive(data, hop)
        else:
            self._tally.count("too many messages", f"from {host}")

    def _send_datagram(self, data: bytes, hop: Hop, address: str) -> None:
        endpoint = self._datagrams.get(socket.AF_INET6 if ":" in address else socket.AF_INET)
        if endpoint is None:
            self._fail_soon(hop, TransportFailure(FailureKind.NO_NETWORK, f"no socket for {hop}"))
            return
        try:
            endpoint.send(data, address, hop.port)
        except OSError as error:
            self._fail_soon(hop, failure_of(error, hop))

    async def _resolve_and_send(self, data: bytes, hop: Hop) -> None:
        try:
            addresses = await self._resolver.resolve(hop.host)
        except OSError as error:
            self._unreachable(hop, failure_of(error, hop))
        else:
            self._send_datagram(data, hop, addresses[0])

    # --- streams ------------------------------------------------------------------------------------------

    def _stream_to(self, hop: Hop) -> StreamConnection | None:
        """An open connection to a neighbour: the one named, one under this address, or another to the same host.

        The last is for answers whose connection broke (18.2.2), and for TLS: a server's Contact often names another
        port than its clients connect to, and a second connection would bring nothing but another handshake.
        """
        found = self._streams.get(hop.connection) if hop.connection else self._by_address.get(hop)
        if found is None and (hop.connection or hop.transport is Transport.TLS):
            hosts = {hop.host, *self._resolver.known(hop.host)}
            same = (s for s in self._streams.values() if s.hop is not None and s.hop.transport is hop.transport)
            return next((s for s in same if s.hop is not None and s.hop.host in hosts), None)
        return found

    def _connect_and_send(self, data: bytes, hop: Hop) -> None:
        waiting = self._waiting.get(hop)
        if waiting is None:
            self._waiting[hop] = [data]
            self._spawn(self._connect(hop))
        elif len(waiting) < MAX_QUEUED:
            waiting.append(data)
        else:
            self._fail_soon(hop, TransportFailure(FailureKind.OVERLOADED, f"too much waits for {hop}"))

    async def _connect(self, hop: Hop) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                stream = await self._open(hop)
        except (OSError, _NoTlsSettings) as error:
            self._waiting.pop(hop, None)
            self._unreachable(hop, failure_of(error, hop))
            return
        for data in self._waiting.pop(hop, []):
            stream.send(data)

    async def _open(self, hop: Hop) -> StreamConnection:
        """Connect to the first address that answers; with TLS the certificate must bear the host's name."""
        loop = asyncio.get_running_loop()
        tls = self._config.tls if hop.transport is Transport.TLS else None
        if hop.transport is Transport.TLS and tls is None:
            raise _NoTlsSettings
        addresses = await self._resolver.resolve(hop.host)
        for position, address in enumerate(addresses):
            try:
                transport, stream = await loop.create_connection(
                    lambda: StreamConnection(self, self._number(hop.transport)),
                    address,
                    hop.port,
                    ssl=tls,
                    server_hostname=self._resolver.name_of(hop.host) if tls else None,
                    ssl_handshake_timeout=CONNECT_TIMEOUT if tls else None,
                    local_addr=(self._config.local_address, 0) if self._config.local_address else None,
                )
            except ssl.SSLError:
                raise
            except OSError:
                if position == len(addresses) - 1:
                    raise
            else:
                _mark(transport.get_extra_info("socket"), self._config.dscp)
                self._by_address[hop] = stream
                return stream
        raise OSError(errno.EHOSTUNREACH, "no address answered")

    def _new_accepted(self) -> StreamConnection:
        stream = StreamConnection(self, self._number(Transport.TCP))
        self._accepted.add(stream)
        asyncio.get_running_loop().call_later(USELESS_AFTER, self._close_useless, stream)
        return stream

    def _close_useless(self, stream: StreamConnection) -> None:
        if stream in self._accepted and not stream.useful:
            stream.abort()

    def _number(self, transport: Transport) -> Callable[[StreamConnection, str, int], Hop]:
        number = next(self._numbers)
        return lambda _stream, host, port: Hop(transport, host, port, number)

    # --- from the streams -----------------------------------------------------------------------------------

    def opened(self, stream: StreamConnection) -> None:
        """A connection is there, ours or the far end's."""
        if stream.hop is None:
            return
        self._streams[stream.hop.connection] = stream
        self._by_address.setdefault(stream.hop.address, stream)
        if stream in self._accepted and self._crowded(stream.hop):
            self._tally.count("too many connections", str(stream.hop))
            stream.abort()

    def _crowded(self, newcomer: Hop) -> bool:
        """Whether servers, or strangers, have one connection too many open now."""
        hops = [stream.hop for stream in self._accepted if stream.hop is not None]
        trusted = self._trusts(newcomer)
        return sum(self._trusts(hop) is trusted for hop in hops) > MAX_ACCEPTED

    def received(self, data: bytes, hop: Hop) -> None:
        """A whole message came on a stream."""
        self._receive(data, hop)

    def broken(self, stream: StreamConnection, why: str) -> None:
        """A stream cannot be read any further."""
        self._tally.count("broken stream", f"{why} from {stream.hop}")

    def closed(self, stream: StreamConnection) -> None:
        """A connection is gone: whoever waits for an answer on it hears so."""
        self._accepted.discard(stream)
        if stream.hop is None:
            return
        self._streams.pop(stream.hop.connection, None)
        for hop in [known for known, other in self._by_address.items() if other is stream]:
            del self._by_address[hop]
            self._unreachable(hop, TransportFailure(FailureKind.CLOSED, f"{hop} closed the connection"))
            self._lost(hop)

    # --- inside ---------------------------------------------------------------------------------------------

    def _fail_soon(self, hop: Hop, failure: TransportFailure) -> None:
        asyncio.get_running_loop().call_soon(self._unreachable, hop, failure)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _close_sockets(self) -> None:
        for endpoint in self._datagrams.values():
            endpoint.close()
        for server in self._servers:
            server.close()
        self._datagrams.clear()
        self._servers.clear()


class _NoTlsSettings(Exception):
    def __str__(self) -> str:
        return "This line is to speak TLS but trusts nobody yet"


def _bound(family: int, kind: int, address: str, port: int, dscp: int) -> socket.socket:
    """A socket of one family only, so that IPv4 and IPv6 can share a port number. What it accepts is marked too."""
    sock = socket.socket(family, kind)
    try:
        sock.settimeout(0)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _mark(sock, dscp)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock


def _mark(sock: socket.socket, dscp: int) -> None:
    """Have the network treat what this socket sends as its DSCP says (RFC 2474, 3)."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)


_NO_WAY = (errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EPERM)


def failure_of(error: Exception, hop: Hop) -> TransportFailure:
    """What an exception of the socket layer means."""
    detail = str(error) or type(error).__name__
    if isinstance(error, ssl.SSLError):
        problem = explain(error)
        return TransportFailure(FailureKind.NOT_TRUSTED, problem.reason, problem.advice)
    if isinstance(error, _NoTlsSettings):
        return TransportFailure(FailureKind.NOT_TRUSTED, detail, "Give the line a file of trusted certificates.")
    if isinstance(error, socket.gaierror):
        return TransportFailure(FailureKind.NAME_UNKNOWN, hop.host)
    if isinstance(error, TimeoutError):
        return TransportFailure(FailureKind.TIMED_OUT, f"no answer from {hop}")
    if isinstance(error, OSError) and error.errno in _NO_WAY:
        return TransportFailure(FailureKind.NO_NETWORK, detail)
    return TransportFailure(FailureKind.REFUSED, detail)
