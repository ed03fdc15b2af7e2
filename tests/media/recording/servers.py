"""A web server that does what it should not: a few lines on a socket, told what to do with each connection."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable

Behaviour = Callable[[str, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What to do after the head of a request."""

OK = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


class Odd:
    """Behaves to each connection as `behaviours` say, in their order and the last for all that follow."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = list(behaviours)
        self.heads: list[str] = []
        self.url = ""
        self.tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        behave = self._behaviours[0] if len(self._behaviours) == 1 else self._behaviours.pop(0)
        try:
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await behave(self.heads[-1], reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # it went, or the test is over
        finally:
            writer.transport.abort()

    @property
    def logins(self) -> list[bool]:
        """Whether each request carried credentials."""
        return ["authorization:" in head.lower() for head in self.heads]


@contextlib.asynccontextmanager
async def odd(*behaviours: Behaviour) -> AsyncIterator[Odd]:
    """Such a server on loopback."""
    served = Odd(*behaviours)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        yield served
    finally:
        server.close()
        for task in served.tasks:
            task.cancel()
        await asyncio.gather(*served.tasks)


def answer(response: bytes, *, after_body: bool = True) -> Behaviour:
    """Take the body, or do not even wait for it, and say this."""

    async def behave(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if after_body:
            await take(head, reader)
        writer.write(response)
        await writer.drain()
        await reader.read()

    return behave


async def take(head: str, reader: asyncio.StreamReader) -> None:
    """The body, chunked or of the length that the head tells."""
    length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
    if length is not None:
        await reader.readexactly(int(length[1]))
        return
    while (size := int(await reader.readline(), 16)) > 0:
        await reader.readexactly(size + 2)
    await reader.readline()


async def stall(_head: str, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take nothing, say nothing."""
    await asyncio.sleep(3600)


async def close_half_way(_head: str, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take a little and go."""
    await reader.read(1000)


async def flood(_head: str, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An answer without end."""
    writer.write(b"HTTP/1.1 201 Created\r\n\r\n")
    while True:
        writer.write(bytes(1 << 16))
        await writer.drain()


async def endless_headers(_head: str, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Headers without end."""
    writer.write(b"HTTP/1.1 201 Created\r\n")
    while True:
        writer.write(b"X-Header: " + b"x" * 1000 + b"\r\n")
        await writer.drain()


async def nonsense(_head: str, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """No HTTP at all."""
    writer.write(b"\x15\x03\x01\x00\x02\x02\x0a" * 10)
    await writer.drain()


def redirect(location: str, status: int = 307) -> Behaviour:
    """Elsewhere, please."""
    head = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return answer(head.encode(), after_body=False)
