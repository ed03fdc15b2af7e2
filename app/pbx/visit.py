"""One connection to one PBX: the login, within a time, then the session until that is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from app.model.pbx import SessionState
from app.pbx.errors import Unreachable
from app.pbx.myapps_login import Account, LoggedIn, MyAppsLogin, Outcome
from app.pbx.myapps_session import MyAppsSession, SessionEvent
from app.pbx.session_messages import CheckBuildResult, Disconnect, LogoutResult, StandbyBack
from app.pbx.web_socket import WebSocket

LOGIN_SECONDS = 10.0
"""From the open web socket to the end of the login."""
PERSON_SECONDS = 300.0
"""More, for a person who has to confirm it elsewhere."""

Ending: TypeAlias = StandbyBack | Disconnect | LogoutResult


class Visit:
    """Belongs to the loop. `told` gets what the PBX tells in the session, but its end."""

    def __init__(self, socket: WebSocket, account: Account, told: Callable[[SessionEvent], None]) -> None:
        self.login = MyAppsLogin(account, socket.send)
        self.session = MyAppsSession(socket.send, self._post)
        self._socket = socket
        self._told = told
        self._build: CheckBuildResult | None = None
        """Heard before the PBX has proved itself: told afterwards."""
        self._ending: Ending | None = None

    async def log_in(self, progress: Callable[[Visit], None]) -> Outcome:
        """Log in; `progress` is called after each message. Raises Unreachable."""
        try:
            async with asyncio.timeout(LOGIN_SECONDS) as limit:
                self.session.check_build()
                self.login.begin()
                progress(self)
                while self.login.outcome is None:
                    await self._hear(progress, limit)
        except TimeoutError as error:
            raise Unreachable("The PBX does not bring the login to its end.", "Have the PBX looked at.") from error
        if isinstance(self.login.outcome, LoggedIn):
            self.session.begin()
            if self._build is not None:
                self._told(self._build)
        return self.login.outcome

    async def stay(self) -> Ending:
        """Hand over what the PBX tells until it ends the session. Raises Unreachable when the connection is gone."""
        while self._ending is None:
            self.session.receive(await self._socket.receive())
        return self._ending

    async def _hear(self, progress: Callable[[Visit], None], limit: asyncio.Timeout) -> None:
        text = await self._socket.receive()
        before = self.login.state
        self.login.receive(text)
        self.session.receive(text)
        progress(self)
        if before is SessionState.LOGIN and self.login.state in (SessionState.SECOND_FACTOR, SessionState.OAUTH2):
            limit.reschedule(asyncio.get_running_loop().time() + PERSON_SECONDS)

    def _post(self, event: SessionEvent) -> None:
        if isinstance(event, StandbyBack | Disconnect | LogoutResult):
            self._ending = event
        elif isinstance(event, CheckBuildResult) and not isinstance(self.login.outcome, LoggedIn):
            self._build = event
        else:
            self._told(event)
