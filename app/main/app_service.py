"""Keeps the service for apps as the settings have it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from app.calls.control import CallControl
from app.diagnostics.notices import NoticeBoard
from app.main.app_servers import AppServers
from app.main.retry import keep_trying
from app.model.media import MediaEvent
from app.model.snapshot import Notice, Severity
from app.pbx.app_session import Api, AppSession, Send
from app.settings.store import SettingsStore
from app.surface.apps.client_apis import APIS, PROVIDED, ClientApis, PhoneFacts
from app.surface.apps.media_api import ChannelMedia, MediaRooms, MediaService
from app.surface.apps.place import HOST

if TYPE_CHECKING:
    from app.surface.apps.server import AppServer

SERVICE_NOTICE = "apps.service"


class AppService:
    """What the phone does for apps on it; nothing unless the settings switch it on. Belongs to the loop."""

    def __init__(
        self,
        settings: SettingsStore,
        calls: CallControl,
        media: ChannelMedia,
        notices: NoticeBoard,
        phone: PhoneFacts,
    ) -> None:
        self._settings = settings
        self._notices = notices
        self._media = MediaService(
            MediaRooms(
                calls, media, AppServers().look_up, time.monotonic, lambda: settings.current.switch("video.enabled")
            )
        )
        self._apis = ClientApis(phone)
        self._server: AppServer | None = None
        self._news = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self._forget: Callable[[], None] | None = None

    @property
    def port(self) -> int | None:
        """Where it listens; None while it does not."""
        return None if self._server is None else self._server.port

    def start(self) -> None:
        """Do as the settings say, now and whenever they change."""
        self._forget = self._settings.subscribe("apps", lambda _: self._news.set())
        self._keeping = asyncio.create_task(self._keep(), name="service for apps")

    async def stop(self) -> None:
        """Let apps go, and give back what they held."""
        if self._forget is not None:
            self._forget()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        await self._close()

    def handle(self, event: MediaEvent) -> None:
        """The media room tells."""
        self._media.handle(event)

    def refresh(self) -> None:
        """Something visible changed."""
        self._media.refresh()
        self._apis.refresh()

    # --- steps ----------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        while True:
            self._news.clear()
            opening = asyncio.create_task(self._open())
            try:
                await self._news.wait()
            finally:  # also when this ends: nothing may open the port after it is closed
                opening.cancel()
                await asyncio.wait([opening])
            await self._close()

    async def _open(self) -> None:
        settings = self._settings.current
        self._notices.clear(SERVICE_NOTICE)
        if not settings.switch("apps.service"):
            return
        if not settings.secret("apps.token"):
            self._tell("Apps cannot log in: they have no token.", "Set apps.token, and give it to the apps.")
            return
        await self._try(self._listen)

    async def _try(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except OSError as error:
            self._failed(error)
            await keep_trying(work, self._failed)
            self._notices.clear(SERVICE_NOTICE)

    async def _listen(self) -> None:
        make_server = await asyncio.to_thread(_load_server)
        server = make_server(self._session, lambda: self._settings.current.words("apps.origins"))
        await server.start(self._settings.current.number("apps.port"))
        self._server = server

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.stop()

    def _session(self, send: Send) -> AppSession:
        return AppSession(
            lambda: self._settings.current.secret("apps.token"),
            self._make_apis,
            send,
            PROVIDED,
        )

    def _make_apis(self, app: str, send: Send) -> Mapping[str, Api]:
        return {"": self._media.make(app, send), **dict.fromkeys(APIS, self._apis.make(send))}

    def _failed(self, error: OSError) -> None:
        port = self._settings.current.number("apps.port")
        self._tell(
            f"Apps cannot connect: {HOST}:{port} cannot be opened ({error.strerror or error}).",
            "Choose another apps.port, or end what uses it; it is tried again.",
        )

    def _tell(self, text: str, advice: str) -> None:
        self._notices.post(Notice(SERVICE_NOTICE, Severity.WARNING, text, advice))


def _load_server() -> type[AppServer]:
    """In a worker: the library it is made with takes longer to load than the loop may stand still."""
    from app.surface.apps.server import AppServer

    return AppServer
