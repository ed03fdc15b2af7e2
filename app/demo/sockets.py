"""The demo PBX's sockets: UDP and TCP on one port, TLS on another. It opens no connections itself."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable
from typing import Any

from app.signalling.sip.hop import Hop, Transport
from app.signalling.sip.stream import StreamConnection

MOST_CONNECTIONS = 64


class PbxSockets:
    """Hands every message that comes to `receive`, and sends on the ways that phones opened."""

    def __init__(self, address: str, port: int, tls_port: int, receive: Callable[[bytes, Hop], None]) -> None:
        self._address = address
        self._port = port
        self._tls_port = tls_port
        self._receive = receive
        self._datagrams: asyncio.DatagramTransport | None = None
        self._servers: list[asyncio.Server] = []
        self._streams: dict[int, StreamConnection] = {}
        self._numbers = itertools.count(1)

    async def start(self, tls: ssl.SSLContext) -> None:
        """Listen. Raises OSError when a port is taken."""
        loop = asyncio.get_running_loop()
        self._datagrams, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._receive), local_addr=(self._address, self._port)
        )
        plain = await loop.create_server(lambda: self._new_stream(Transport.TCP), self._address, self._port)
        safe = await loop.create_server(lambda: self._new_stream(Transport.TLS), self._address, self._tls_port, ssl=tls)
        self._servers += [plain, safe]

    async def stop(self) -> None:
        """Close everything."""
        for server in self._servers:
            server.close()
        for stream in list(self._streams.values()):
            stream.abort()
        if self._datagrams is not None:
            self._datagrams.close()
        await asyncio.sleep(0)

    def send(self, data: bytes, hop: Hop) -> bool:
        """Send one message; False where there is no way there."""
        if hop.transport.reliable:
            stream = self._streams.get(hop.connection)
            return stream is not None and stream.send(data)
        if self._datagrams is None:
            return False
        self._datagrams.sendto(data, (hop.host, hop.port))
        return True

    # --- from the streams -----------------------------------------------------------------------------

    def opened(self, stream: StreamConnection) -> None:
        """A phone connected."""
        if stream.hop is not None:
            self._streams[stream.hop.connection] = stream
        if len(self._streams) > MOST_CONNECTIONS:
            stream.abort()

    def received(self, data: bytes, hop: Hop) -> None:
        """A whole message came on a stream."""
        self._receive(data, hop)

    def broken(self, stream: StreamConnection, why: str) -> None:
        """A stream cannot be read any further; it is being closed."""

    def closed(self, stream: StreamConnection) -> None:
        """A phone's connection is gone."""
        if stream.hop is not None:
            self._streams.pop(stream.hop.connection, None)

    def _new_stream(self, transport: Transport) -> StreamConnection:
        number = next(self._numbers)
        return StreamConnection(self, lambda _stream, host, port: Hop(transport, host, port, number))


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, receive: Callable[[bytes, Hop], None]) -> None:
        self._receive = receive

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if data.strip(b"\r\n\0"):
            self._receive(data, Hop(Transport.UDP, str(addr[0]), int(addr[1])))
