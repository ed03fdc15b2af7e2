"""An app on the phone that we might not have written: it knows docs/media-protocol.md and nothing of the phone's code.

It speaks through the `websockets` package, while the phone's end is aiohttp.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 15.0

Message = dict[str, Any]


class RequestFailed(Exception):
    """The phone answered with an error."""

    def __init__(self, result: Message) -> None:
        super().__init__(result.get("errorText", result))
        self.code = result.get("error")


class MediaApp:
    """One connection. Use as an asynchronous context manager, which logs in unless there is no token."""

    def __init__(self, port: int, token: str = "", name: str = "softphone", origin: str | None = None) -> None:
        self._url = f"ws://127.0.0.1:{port}/"
        self._token = token
        self._name = name
        self._origin = origin
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._results: dict[str, asyncio.Future[Message]] = {}
        self._news = asyncio.Condition()
        self._count = 0
        self.told: list[Message] = []
        """What the phone said of itself."""

    async def __aenter__(self) -> Self:
        headers = {} if self._origin is None else {"Origin": self._origin}
        self._socket = await connect(self._url, additional_headers=headers, open_timeout=PATIENCE)
        self._reading = asyncio.create_task(self._read())
        if self._token:
            assert await self.log_in(self._token), "the token was refused"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()
        await self._end_reading()

    async def drop(self) -> None:
        """Vanish without a word, as a program does that is killed."""
        self.socket.transport.abort()
        await self._end_reading()

    async def _end_reading(self) -> None:
        if self._reading is not None:
            await asyncio.wait([self._reading])

    @property
    def socket(self) -> ClientConnection:
        """The web socket."""
        assert self._socket is not None, "not connected"
        return self._socket

    async def log_in(self, token: str) -> bool:
        """AppChallenge and AppLogin; whether that was enough."""
        challenge = (await self.ask("AppChallenge"))["challenge"]
        text = ":".join((self._name, "", "", "", "", challenge, token))
        result = await self.ask("AppLogin", app=self._name, digest=hashlib.sha256(text.encode()).hexdigest())
        return result.get("ok") is True

    async def ask(self, mt: str, **fields: object) -> Message:
        """Send a request and wait for its result. Raises RequestFailed."""
        self._count += 1
        src = f"src{self._count}"
        self._results[src] = asyncio.get_running_loop().create_future()
        await self.send(json.dumps({"mt": mt, "src": src, **fields}))
        result = await asyncio.wait_for(self._results[src], PATIENCE)
        assert result["mt"] == f"{mt}Result", result
        if "error" in result:
            raise RequestFailed(result)
        return result

    async def send(self, text: str | bytes) -> None:
        """Send anything."""
        await self.socket.send(text)

    async def hears_of(self, mt: str, **fields: object) -> Message:
        """Wait until the phone has said this, and take it off the list."""
        async with asyncio.timeout(PATIENCE), self._news:
            while True:
                for message in self.told:
                    if message["mt"] == mt and fields.items() <= message.items():
                        self.told.remove(message)
                        return message
                await self._news.wait()

    async def closed(self) -> int | None:
        """Wait for the end of the connection; returns its code."""
        await asyncio.wait_for(self.socket.wait_closed(), PATIENCE)
        return self.socket.close_code

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                await self._take(json.loads(text))

    async def _take(self, message: Message) -> None:
        src = str(message.get("src"))
        if src in self._results and message["mt"].endswith("Result"):
            self._results.pop(src).set_result(message)
            return
        async with self._news:
            self.told.append(message)
            self._news.notify_all()
