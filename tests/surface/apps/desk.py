"""The Media Protocol over the call model and a media room of a few lines: no sockets, no engine."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from app.media.ice.gathering import IceServers
from app.media.server_urls import ServerUrl
from app.model.ids import StreamId
from app.model.media import MediaEvent
from app.pbx.app_session import AppSession
from app.settings.secret import Secret
from app.surface.apps.media_api import MediaRooms, MediaService
from app.surface.apps.media_messages import IceServer
from tests.calls.dummies import DeskPhone, DummyMedia

TOKEN = Secret("a token of the tests")
FAR = {
    "address": "192.0.2.9",
    "port": 40000,
    "codecs": [{"name": "PCMA", "payloadType": 8, "clockRate": 8000}],
}
"""The least a far end says."""

Message = dict[str, Any]


class ChannelMediaRoom(DummyMedia):
    """Remembers the servers of each stream."""

    def __init__(self) -> None:
        super().__init__()
        self.servers: dict[StreamId, IceServers | None] = {}

    def open(
        self, stream: StreamId, *, private: bool, emergency: bool = False, servers: IceServers | None = None
    ) -> None:
        super().open(stream, private=private, emergency=emergency)
        self.servers[stream] = servers


class Desk:
    """A phone with a service for apps."""

    def __init__(self) -> None:
        self.phone = DeskPhone(media=ChannelMediaRoom())
        self.asked: list[tuple[ServerUrl, IceServer]] = []
        self.finding = asyncio.Event()
        self.finding.set()
        self.video = True
        rooms = MediaRooms(self.phone.control, self.media, self._look_up, lambda: self.phone.now, lambda: self.video)
        self.service = MediaService(rooms)

    @property
    def media(self) -> ChannelMediaRoom:
        assert isinstance(self.phone.media, ChannelMediaRoom)
        return self.phone.media

    async def _look_up(self, asked: tuple[tuple[ServerUrl, IceServer], ...]) -> IceServers:
        self.asked += asked
        await self.finding.wait()
        return IceServers()

    async def settle(self) -> None:
        """Let everything that was begun come to its end."""
        for _ in range(5):
            await asyncio.sleep(0)
            events = tuple(self.media.events)
            self.phone.settle()
            for event in events:
                self.service.handle(event)
        self.service.refresh()

    async def happens(self, event: MediaEvent) -> None:
        """Something happens to a stream."""
        self.phone.say(event)
        self.service.handle(event)
        await self.settle()

    def app(self, name: str = "softphone") -> App:
        """An app that has logged in."""
        return App(self, name)


class App:
    """An app's end: what it sends and what it is told."""

    def __init__(self, desk: Desk, name: str) -> None:
        self._desk = desk
        self.said: list[Message] = []
        self.api = desk.service.make(name, self._hear)
        self._session = AppSession(lambda: TOKEN, lambda app, send: {"": self.api}, self._hear)
        self._session.app, self._session._apis = name, {"": self.api}

    def _hear(self, text: str) -> None:
        self.said.append(json.loads(text))

    async def send(self, message: Message | str) -> list[Message]:
        """Send a message; what the phone says then."""
        text = message if isinstance(message, str) else json.dumps(message)
        self.receive(text.encode())
        await self._desk.settle()
        return self.news()

    def receive(self, octets: bytes) -> None:
        """Send anything."""
        assert self._session.receive(octets)

    def news(self) -> list[Message]:
        """What was said since this was asked last."""
        said, self.said = self.said, []
        return said

    async def ask(self, mt: str, **fields: object) -> Message:
        """Send a request that has just its result."""
        (result,) = await self.send({"mt": mt, "src": "7", **fields})
        assert (result["mt"], result["src"]) == (f"{mt}Result", "7")
        return result

    async def error(self, mt: str, **fields: object) -> str:
        """Send a request that is refused; the words."""
        return str((await self.ask(mt, **fields))["errorText"])

    async def channel(self, name: str = "one") -> StreamId:
        """Have a channel with somebody at its other end; its stream."""
        before = set(self._desk.media.open_streams)
        assert "error" not in await self.ask("AllocChannel", channel=name)
        assert "error" not in await self.ask("SetRemoteAnswer", channel=name, description=FAR)
        (stream,) = self._desk.media.open_streams - before
        return stream

    def leave(self) -> None:
        """The connection is gone."""
        self._session.close()
