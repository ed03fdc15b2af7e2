"""A phone of a few lines for the kiosk's socket: it sends what it is told and keeps what it gets."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app.model import wire
from app.model.commands import AnyCommand


class DummyPhone:
    """Serves any number of kiosks; `commands` are those that came."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commands: list[AnyCommand] = []
        self.connected = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._came = asyncio.Event()
        self.greeting: wire.Downward | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, str(self.path))

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        self._writers.clear()
        await self._server.wait_closed()
        self.connected.clear()
        self.path.unlink(missing_ok=True)

    def send(self, message: wire.Downward) -> None:
        self.send_bytes(wire.encode(message))

    def send_bytes(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    async def command(self) -> AnyCommand:
        """The next command that nobody has taken yet."""
        while not self.commands:
            self._came.clear()
            await asyncio.wait_for(self._came.wait(), 20)
        return self.commands.pop(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        if self.greeting is not None:
            writer.write(wire.encode(self.greeting))
        self.connected.set()
        splitter = wire.FrameSplitter()
        while data := await reader.read(4096):
            self.commands += [wire.decode_command(payload) for payload in splitter.feed(data)]
            self._came.set()
        writer.close()
