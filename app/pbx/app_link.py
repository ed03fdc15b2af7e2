"""A logged-in connection to an app object of the PBX, where the user's session is, that comes back by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

import msgspec

from app.model.flags import LogFlag
from app.pbx.app_connection import AppConnection
from app.pbx.back_off import BackOff
from app.pbx.errors import LoginFailed, PbxError, Unreachable
from app.pbx.listeners import tell
from app.pbx.server_string import PbxAddress
from app.pbx.session_messages import AppGetLoginResult
from app.pbx.web_socket import Network, WebSocket

log = logging.getLogger(LogFlag.MAIN)

LOGIN_SECONDS = 10.0
"""From the open web socket to the app's word that the login is good."""


class Session(Protocol):
    """The user's session."""

    async def home(self) -> PbxAddress:
        """Where it is, as soon as it is up."""

    async def get_app_login(self, app: str, challenge: str) -> AppGetLoginResult:
        """A login to an app. Raises PbxError."""


class AppLink:
    """Belongs to the loop. Set `on_message`, `on_up` and `on_down` (which gets the reason) at once after it is made.

    Whoever made it is told by `stopped` that it is no more.
    """

    def __init__(
        self, app: str, session: Session, network: Network, back_off: BackOff, stopped: Callable[[AppLink], None]
    ) -> None:
        self.app = app
        self.on_message: Callable[[bytes], None] = lambda _: None
        self.on_up: Callable[[], None] = lambda: None
        self.on_down: Callable[[str], None] = lambda _: None
        self._session = session
        self._network = network
        self._back_off = back_off
        self._address: PbxAddress | None = None
        self._socket: WebSocket | None = None
        self._remote_address: str | None = None
        self._hurry = asyncio.Event()
        self.up = False
        self._task = asyncio.create_task(self._keep(), name=f"connection to the app {app}")
        self._task.add_done_callback(lambda _: stopped(self))

    @property
    def remote_address(self) -> str | None:
        """The numeric address of the PBX, or of the proxy before it, as of the last connection; None before any."""
        return self._remote_address

    def send(self, message: bytes | msgspec.Struct) -> None:
        """Send a message. While the link is not up it is lost: whoever sends starts anew at `on_up`."""
        if self.up and self._socket is not None:
            text = message if isinstance(message, bytes) else msgspec.json.encode(message)
            self._socket.send(text.decode())

    def moved(self, address: PbxAddress) -> None:
        """The session is up at this PBX, where the app has to be as well."""
        self._hurry.set()
        if self._socket is not None and address != self._address:
            self._socket.abort()

    def end(self) -> None:
        """Send what waits and end it for good, in a while; `on_down` is not called."""
        if not self._task.cancelling():
            self._task.cancel()

    async def stop(self) -> None:
        """End it and wait until it is gone."""
        self.end()
        await asyncio.wait([self._task])

    async def _keep(self) -> None:
        while True:
            self._address = await self._session.home()
            self._hurry.clear()
            try:
                async with await self._network.open(self._address.apps_url) as self._socket:
                    self._remote_address = self._socket.remote_address or self._remote_address
                    await self._log_in(self._socket)
            except PbxError as error:
                self._down(error)
            except Exception:  # whatever a listener does, the phone must not stay without the app
                log.exception("the connection to the app %s is given up", self.app)
                tell(self.on_down, "The connection is given up.")
            finally:
                self.up, self._socket = False, None
            await self._pause()

    async def _log_in(self, socket: WebSocket) -> None:
        """Log in and stay until the end, which is an error."""
        connection = AppConnection(socket.send)
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                connection.begin()
                while not connection.challenge:
                    connection.receive(await socket.receive())
                connection.log_in(await self._session.get_app_login(self.app, connection.challenge))
                while not connection.up:
                    connection.receive(await socket.receive())
        except TimeoutError as error:
            raise Unreachable(f"The app {self.app} does not answer the login.", "Have the PBX looked at.") from error
        log.info("logged in to the app %s", self.app)
        self._back_off.regain()
        self.up = True
        self.on_up()
        while True:
            text = await socket.receive()
            if connection.receive(text):
                self.on_message(text)

    def _down(self, error: PbxError) -> None:
        level = logging.WARNING if isinstance(error, LoginFailed) else logging.INFO
        log.log(level, "the app %s is not connected: %s %s", self.app, error, error.advice)
        tell(self.on_down, str(error))

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._back_off.lose()):
                await self._hurry.wait()
        except TimeoutError:
            return
