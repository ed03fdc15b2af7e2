"""The web socket that apps on the phone connect to: `ws://127.0.0.1:PORT/`, loopback only and therefore plain.

Nothing leaves the machine, so that TLS would protect from nobody. Who may come in: a program on the phone that proves
the token, and of web pages only those whose origin the settings name. Everything is limited: connections, the time to
log in, the size and rate of messages, and what an app leaves unread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import WSCloseCode, WSMsgType, web

from app.model.flags import LogFlag
from app.pbx.app_session import AppSession, Send
from app.pbx.pace import Pace
from app.surface.apps.place import HOST

log = logging.getLogger(LogFlag.SURFACE)

CONNECTIONS_MAX = 16
MESSAGE_BYTES_MAX = 32 * 1024
"""A description with all that is allowed in it is half as long."""
MESSAGES_PER_SECOND = 50
UNREAD_MAX = 256
"""Messages an app may leave unread."""
LOGIN_SECONDS = 10.0
"""From the connection to the login."""
HEARTBEAT_SECONDS = 20.0
"""How often an app is asked whether it lives; half of it is the time to answer."""
CLOSING_SECONDS = 1.0
"""How long an app has to say goodbye."""

_FAILED_LOGIN = "the login failed"
_SLOW = "too much was left unread"
_NO_LOGIN = "nobody logged in"


class AppServer:
    """Serves all apps. Belongs to the loop. `make_session` gets the way to the app; `origins` are asked each time."""

    def __init__(self, make_session: Callable[[Send], AppSession], origins: Callable[[], tuple[str, ...]]) -> None:
        self._make_session = make_session
        self._origins = origins
        self._http: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self.port = 0
        """Where it listens."""

    async def start(self, port: int) -> None:
        """Listen; 0 takes any free port. Raises OSError when the port is taken."""
        self._http = web.Server(self._serve, access_log=None, keepalive_timeout=LOGIN_SECONDS)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._door, HOST, port, start_serving=False)
        try:
            await self._listener.start_serving()
        except asyncio.CancelledError:
            self._listener.close()  # nobody would: the loop keeps what listens
            raise
        self.port = self._listener.sockets[0].getsockname()[1]
        log.info("apps may connect to ws://%s:%d/", HOST, self.port)

    async def stop(self) -> None:
        """Close the port and every connection; what apps held is given back."""
        if self._listener is None or self._http is None:
            return
        self._listener.close()
        connections = tuple(self._connections)
        await asyncio.gather(*(one.end(WSCloseCode.GOING_AWAY, "the service ends") for one in connections))
        await self._http.shutdown(CLOSING_SECONDS)
        self._listener = self._http = None

    def _door(self) -> asyncio.Protocol:
        http = self._http
        if http is None or len(http.connections) >= CONNECTIONS_MAX:
            log.warning("an app was turned away: %d connections are open", CONNECTIONS_MAX)
            return _Closed()
        handler = http()
        asyncio.get_running_loop().call_later(LOGIN_SECONDS, self._expect_login, handler)
        return handler

    def _expect_login(self, handler: web.RequestHandler) -> None:
        """Whoever has not logged in by now goes, be it in the middle of an HTTP header."""
        logged_in = any(one.handler is handler and one.session.app for one in self._connections)
        if not logged_in and handler.transport is not None:
            log.info("a connection of apps was cut: %s within %g s", _NO_LOGIN, LOGIN_SECONDS)
            handler.transport.abort()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        refusal = self._objection(request)
        if refusal is not None:
            return refusal
        socket = web.WebSocketResponse(
            max_msg_size=MESSAGE_BYTES_MAX, compress=False, heartbeat=HEARTBEAT_SECONDS, timeout=CLOSING_SECONDS
        )
        await socket.prepare(request)
        connection = _Connection(socket, request.protocol, self._make_session)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)
        return socket

    def _objection(self, request: web.BaseRequest) -> web.Response | None:
        """Why a request is no business of ours.

        A page of the web could reach loopback too: its browser names its origin, and where a name of its own leads
        here, that is another host.
        """
        origin = request.headers.get("Origin")
        if request.headers.get("Host") not in (f"{HOST}:{self.port}", f"localhost:{self.port}"):
            return _no(HTTPStatus.MISDIRECTED_REQUEST, f"Connect to ws://{HOST}:{self.port}/.")
        if origin is not None and origin not in self._origins():
            log.warning("a web page was turned away: its origin is not among apps.origins")
            return _no(HTTPStatus.FORBIDDEN, "This origin may not. Have it added to the setting apps.origins.")
        if request.path != "/" or request.headers.get("Upgrade", "").lower() != "websocket":
            return _no(
                HTTPStatus.NOT_FOUND, f"There is a web socket here, at ws://{HOST}:{self.port}/, and nothing else."
            )
        return None


class _Connection:
    """One app's end of the socket."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        handler: web.RequestHandler,
        make_session: Callable[[Send], AppSession],
    ) -> None:
        self.handler = handler
        self.session = make_session(self._queue)
        self._socket = socket
        self._unread: asyncio.Queue[str] = asyncio.Queue(UNREAD_MAX)

    async def serve(self) -> None:
        """Take messages until the app goes; then give back what it held."""
        writing = asyncio.create_task(self._write(), name="messages to an app")
        try:
            await self._read()
        finally:
            self.session.close()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)  # it may have ended before, with the connection

    async def end(self, code: WSCloseCode, why: str) -> None:
        """Close in good order, or without where the app does not answer."""
        self.session.close()
        await self._socket.close(code=code, message=why.encode())

    async def _read(self) -> None:
        pace = Pace(MESSAGES_PER_SECOND)
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                await self.end(WSCloseCode.UNSUPPORTED_DATA, "send text")
                return
            await pace.take()
            if not self.session.receive(message.data.encode()):
                await self._flush()
                await self.end(WSCloseCode.POLICY_VIOLATION, _FAILED_LOGIN)
                return

    async def _write(self) -> None:
        while True:
            text = await self._unread.get()
            await self._socket.send_str(text)
            self._unread.task_done()

    async def _flush(self) -> None:
        """Let what was said last go out."""
        try:
            await asyncio.wait_for(self._unread.join(), CLOSING_SECONDS)
        except TimeoutError:
            log.info("an app did not read why it could not log in")

    def _queue(self, text: str) -> None:
        try:
            self._unread.put_nowait(text)
        except asyncio.QueueFull:
            log.warning("an app was cut off: %s", _SLOW)
            if self.handler.transport is not None:
                self.handler.transport.abort()


class _Closed(asyncio.Protocol):
    """What a connection gets that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _no(status: HTTPStatus, words: str) -> web.Response:
    return web.Response(status=status, text=f"{words}\n", headers={"Connection": "close"})
