"""One web socket: messages in and out, and the ways in which a connection can end or fall silent."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from typing import Protocol

import msgspec
from aiohttp import WSMsgType, web

from app.demo.myapps.errors import BadMessage
from app.demo.myapps.wire import MOST_BYTES, write

log = logging.getLogger(__name__)

MOST_QUEUED = 1000
"""Messages that wait for a slow reader; then the connection ends."""
MOST_COMPLAINTS = 100


class Talk(Protocol):
    """What is spoken over a link."""

    def receive(self, data: bytes) -> None:
        """Take a message. Raises BadMessage, which ends the connection."""

    def closed(self) -> None:
        """The connection is gone."""


class Link:
    """A web socket that sends in order and never makes its sender wait. On the loop's thread."""

    def __init__(self, request: web.Request, complain: Callable[[str], None]) -> None:
        self._socket = web.WebSocketResponse(max_msg_size=MOST_BYTES)
        self._request = request
        self._complain = complain
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(MOST_QUEUED)
        self._flowing = asyncio.Event()
        self._flowing.set()

    def send(self, message: msgspec.Struct, api: str = "", src: str = "") -> None:
        """Send a message after those before it."""
        try:
            self._queue.put_nowait(write(message, api, src))
        except asyncio.QueueFull:
            self.kill()

    def close(self) -> None:
        """End the connection properly, after all that waits has been sent."""
        try:
            self._queue.put_nowait(None)
        except asyncio.QueueFull:
            self.kill()

    def complain(self, text: str) -> None:
        """Note that the far end does what the documents do not allow."""
        self._complain(text)

    def kill(self) -> None:
        """End the connection by a reset (RST), unsent messages and all."""
        transport = self._request.transport
        if transport is not None:
            raw: socket.socket = transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

    def cut_off(self) -> None:
        """From now on nothing is read and nothing sent, and the connection stays."""
        self._flowing.clear()
        if isinstance(self._request.transport, asyncio.Transport):
            self._request.transport.pause_reading()

    async def run(self, talk: Talk) -> web.WebSocketResponse:
        """Speak until the connection ends."""
        await self._socket.prepare(self._request)
        writer = asyncio.create_task(self._write())
        try:
            await self._read(talk)
        finally:
            writer.cancel()
            talk.closed()
        return self._socket

    async def _read(self, talk: Talk) -> None:
        async for frame in self._socket:
            await self._flowing.wait()
            if frame.type is not WSMsgType.TEXT:
                self._complain(f"a frame of type {frame.type.name}")
                return
            try:
                talk.receive(frame.data.encode())
            except BadMessage as error:
                self._complain(str(error))
                await self._socket.close(code=1008)
                return

    async def _write(self) -> None:
        while (text := await self._queue.get()) is not None:
            await self._flowing.wait()
            try:
                await self._socket.send_str(text)
            except ConnectionError:
                return
        await self._socket.close()
