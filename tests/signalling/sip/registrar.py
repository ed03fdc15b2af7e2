"""A registrar on real sockets that says yes to everything, and keeps what it heard."""

from __future__ import annotations

import asyncio
import ssl
from types import TracebackType
from typing import Any, Self

from app.signalling.sip.message import Message, Request, response_to
from app.signalling.sip.parser import PING, PONG, StreamFramer, parse_message


class Registrar:
    """Listens on UDP and TCP (or, with a context, TLS) of one port of 127.0.0.1."""

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._tls = tls
        self.port = port
        self.heard: list[tuple[str, Message]] = []
        self.pings = 0
        self.connections: list[_Stream] = []
        self.came = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Stream(self), "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        if self._tls is None:
            self._datagrams, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), local_addr=("127.0.0.1", self.port)
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.abort()
        if self._datagrams is not None:
            self._datagrams.close()
        await asyncio.sleep(0.02)

    def answer(self, data: bytes, over: str, peer: tuple[str, int]) -> bytes:
        message = parse_message(data)
        self.heard.append((over, message))
        self.came.set()
        if not isinstance(message, Request) or message.method == "ACK":
            return b""
        headers = [("Contact", value) for value in message.headers.get_all("Contact")]
        stamped = message.headers.replace_first("Via", message.top_via.with_source(*peer))
        stamped_request = Request(message.method, message.uri, headers=stamped)
        status = 200 if message.method in ("REGISTER", "OPTIONS") else 486
        return response_to(stamped_request, status, to_tag="r", headers=headers).encode()

    def requests(self, method: str) -> list[tuple[str, Request]]:
        return [(o, m) for o, m in self.heard if isinstance(m, Request) and m.method == method]

    async def until(self, method: str, count: int = 1) -> tuple[str, Request]:
        async with asyncio.timeout(15):
            while len(self.requests(method)) < count:
                self.came.clear()
                await self.came.wait()
        return self.requests(method)[-1]


class _Stream(asyncio.Protocol):
    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar
        self._framer = StreamFramer()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._registrar.connections.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._registrar.connections.remove(self)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        peer = self._transport.get_extra_info("peername")
        for frame in self._framer.feed(data):
            if frame in (PING, PONG):
                self._registrar.pings += 1
            else:
                self._transport.write(self._registrar.answer(frame, "stream", (peer[0], peer[1])))

    def send(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        answer = self._registrar.answer(data, "datagram", (addr[0], addr[1]))
        if answer:
            self._transport.sendto(answer, addr)
