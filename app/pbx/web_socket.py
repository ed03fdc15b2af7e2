"""One web socket to the PBX: opened within a deadline, through a proxy where one is set, and watched while it lives."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import weakref
from collections.abc import Collection
from typing import Self

import aiohttp
import msgspec
from aiohttp import hdrs
from yarl import URL

from app.pbx.app_message import write
from app.pbx.errors import Unreachable
from app.pbx.pace import Pace
from app.security.tls import explain
from app.settings.secret import Secret

LONGEST_FRAME = 1 << 20
"""Bytes of one message; whoever sends more is cut off."""
CONNECT_SECONDS = 5.0
"""From the name's look-up to the end of the web socket's handshake."""
PROBE_SECONDS = 6.0
"""After that much silence a ping goes out (RFC 6455, 5.5.2); half of it later without an answer the far end is gone."""
KEEP_ALIVE_SECONDS = 60.0
"""After that long without a message either way one says that the connection lives (SDK, AppWebsocket, KeepAlive)."""
MESSAGES_PER_SECOND = 2000
"""More are read later, and the PBX waits for us."""
_CLOSE_SECONDS = 1.0
"""For what waits to be sent, and once more for the far end's good-bye."""
_MOST_WAITING = 1000
"""Messages that the network has not taken yet: by then it takes none."""

_PROXY_WANTS_LOGIN = (407, 401)
"""The second is said by proxies that take the word for a server's (tinyproxy), to who logs in wrongly."""
_ADVICE_NETWORK = "Check the network, pbx.server and whether the PBX runs."
_ADVICE_HANDSHAKE = "Check pbx.server; a PBX that knows only old versions of TLS needs 'legacy' as pbx.tls_profile."
_ADVICE_PROXY = "Check pbx.proxy, pbx.proxy_user and pbx.proxy_password."


class Proxy(msgspec.Struct, frozen=True):
    """An HTTP proxy that lets `CONNECT` through (RFC 9110, 9.3.6). `place` is host:port."""

    place: str
    user: str = ""
    password: Secret = Secret("")

    @property
    def headers(self) -> dict[str, str]:
        """What it alone is told: a login where there is a user (Basic, RFC 7617)."""
        if not self.user:
            return {}
        return {hdrs.PROXY_AUTHORIZATION: aiohttp.encode_basic_auth(self.user, self.password.reveal(), "utf-8")}


class Network:
    """The way to the PBXes: TLS and a proxy. Belongs to the loop; close it."""

    def __init__(self, context: ssl.SSLContext, proxy: Proxy | None) -> None:
        self._proxy = proxy
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=0, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[_no_redirects()],
        )
        self._sockets: weakref.WeakSet[WebSocket] = weakref.WeakSet()

    def leave(self, gone: Collection[str]) -> None:
        """These own addresses are no more: what goes out from one of them would only fall silent."""
        for one in tuple(self._sockets):
            if one.local_address in gone:
                one.cut()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._session.close()

    async def open(self, url: str) -> WebSocket:
        """Connect. Raises Unreachable, in words for a person."""
        proxy = self._proxy
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                opened = WebSocket(
                    await self._session.ws_connect(
                        url,
                        proxy=None if proxy is None else f"http://{proxy.place}",
                        proxy_headers=None if proxy is None else proxy.headers,
                        heartbeat=PROBE_SECONDS,
                        max_msg_size=LONGEST_FRAME,
                        timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
                    )
                )
                self._sockets.add(opened)
                return opened
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _unreachable(URL(url).host or "", error) from error


class WebSocket:
    """An open connection. Messages are sent in order by a task of its own, so that `send` never waits."""

    def __init__(self, response: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = response
        self._pace = Pace(MESSAGES_PER_SECOND)
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(_MOST_WAITING)
        """None after the last."""
        self._sender = asyncio.create_task(self._send_all(), name="sender to the PBX")

    @property
    def local_address(self) -> str | None:
        """Our own numeric address; None when the connection is gone."""
        name = self._socket.get_extra_info("sockname")
        return None if name is None else str(name[0])

    @property
    def remote_address(self) -> str | None:
        """The numeric address of the PBX, or of the proxy before it; None when the connection is gone."""
        name = self._socket.get_extra_info("peername")
        return None if name is None else str(name[0])

    def send(self, text: str) -> None:
        """Send a message as soon as the network takes it; nobody hears of it if the connection goes before."""
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.abort()

    async def receive(self) -> bytes:
        """The next message; between any two the loop has a turn. Raises Unreachable when the connection is gone."""
        await self._pace.take()
        message = await self._socket.receive()
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            return message.data.encode() if isinstance(message.data, str) else bytes(message.data)
        raise _lost(message.data if message.type is aiohttp.WSMsgType.ERROR else None)

    def abort(self) -> None:
        """End it from outside: whoever receives gets Unreachable."""
        self._sender.cancel()

    def cut(self) -> None:
        """The same where the far end is out of reach: no good-bye is waited for."""
        wire = self._socket.get_extra_info("socket")
        if wire is not None:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
        self.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Send what waits and say good-bye; what the network does not take is given up after a second."""
        try:
            self._waiting.put_nowait(None)
            await asyncio.wait([self._sender], timeout=_CLOSE_SECONDS)
        except asyncio.QueueFull:
            pass  # the network has taken nothing for long
        finally:
            self._sender.cancel()
        await asyncio.wait([self._sender])

    async def _send_all(self) -> None:
        try:
            while (text := await self._next()) is not None:
                await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError):
            return
        finally:
            # Whoever reads learns by this that the connection is gone.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._socket.close(), _CLOSE_SECONDS)

    async def _next(self) -> str | None:
        try:
            return await asyncio.wait_for(self._waiting.get(), KEEP_ALIVE_SECONDS)
        except TimeoutError:
            return write("KeepAlive")


def _no_redirects() -> aiohttp.TraceConfig:
    """The handshake would follow a redirect, and so log in somewhere that no setting and no proof names."""

    async def refuse(_session: object, _context: object, redirect: aiohttp.TraceRequestRedirectParams) -> None:
        response = redirect.response
        response.close()
        raise aiohttp.WSServerHandshakeError(response.request_info, (), status=response.status)

    config = aiohttp.TraceConfig()
    config.on_request_redirect.append(refuse)
    return config


def _lost(reason: object) -> Unreachable:
    if isinstance(reason, aiohttp.WebSocketError):
        if reason.code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            return Unreachable("The PBX sends a message that is too long.", "Have the PBX's version looked at.")
        return Unreachable("The PBX sends what is no web socket's message.", "Have the PBX's version looked at.")
    if isinstance(reason, TimeoutError | aiohttp.ServerTimeoutError):
        return Unreachable("The PBX has fallen silent.", _ADVICE_NETWORK)
    return Unreachable("The PBX has closed the connection.", _ADVICE_NETWORK)


def _unreachable(host: str, error: Exception) -> Unreachable:
    if isinstance(error, TimeoutError):
        return Unreachable(f"{host} does not answer.", _ADVICE_NETWORK)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _not_trusted(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return _not_trusted(error.os_error)
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return Unreachable("The proxy cannot be reached.", _ADVICE_PROXY)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        if error.status in _PROXY_WANTS_LOGIN:
            return Unreachable("The proxy does not accept the name and password.", _ADVICE_PROXY)
        return Unreachable(f"The proxy does not connect to {host}: status {error.status}.", _ADVICE_PROXY)
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return Unreachable(f"{host} is no PBX: its status is {error.status}.", "Check pbx.server.")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Unreachable(f"The name {host} is not known.", _ADVICE_NETWORK)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionResetError):
        return Unreachable(f"{host} breaks the connection off as it begins.", _ADVICE_HANDSHAKE)
    return Unreachable(f"{host} cannot be reached.", _ADVICE_NETWORK)


def _not_trusted(error: Exception) -> Unreachable:
    if isinstance(error, ssl.SSLError):
        problem = explain(error)
        return Unreachable(f"{problem.reason.rstrip('.')}.", problem.advice)
    return Unreachable("No encrypted connection came about.", _ADVICE_NETWORK)
