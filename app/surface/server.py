"""The Unix socket that surfaces connect to: snapshots go out, commands come in (app.model.wire).

Runs on the phone's main thread. A surface that reads too slowly is cut off, so that it can never make the
phone wait or grow; it connects again and gets a whole snapshot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from app.model.commands import AnyCommand, DialEvent, HookEvent, KeyEvent, Reply
from app.model.snapshot import Snapshot
from app.model.wire import FrameSplitter, FrameTooLong, WireError, decode_command, encode
from app.pbx.pace import Pace
from app.surface.claim import SocketClaim

log = logging.getLogger("surface")

CONNECTION_LIMIT = 16
BACKLOG_LIMIT = 1024 * 1024
COMMANDS_PER_SECOND = 200
READ_SIZE = 64 * 1024

PostReply = Callable[[Reply], None]
CommandHandler = Callable[[AnyCommand, PostReply], None]


class SurfaceServer:
    """Serves all surfaces of one phone.

    `snapshot` builds the picture of now; `handle` takes a command and the function its one reply goes to,
    which may be called later.
    """

    def __init__(self, path: Path, snapshot: Callable[[], Snapshot], handle: CommandHandler) -> None:
        self._path = path
        self._claim = SocketClaim(path)
        self._snapshot = snapshot
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._too_long = False
        self._connections: set[_Connection] = set()

    @property
    def connected(self) -> int:
        """How many surfaces are connected."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen. Raises SocketTaken when another phone does, OSError when the folder cannot be written."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._claim.take()
        try:
            self._server = await asyncio.start_unix_server(self._accept, self._path)
            self._path.chmod(0o600)
        except OSError:
            self._claim.release()
            raise

    async def stop(self) -> None:
        """Close the socket and every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
        self._claim.release()

    def publish(self, snapshot: Snapshot) -> None:
        """Give every surface the picture of now."""
        if self._connections:
            self._spread(self._picture(snapshot))

    def send_event(self, event: KeyEvent | HookEvent | DialEvent) -> None:
        """Pass a key or hook movement of the phone, or a number to be shown, on to every surface."""
        if self._connections:
            self._spread(encode(event))

    def _spread(self, frame: bytes) -> None:
        for connection in list(self._connections):
            connection.send(frame)

    def _picture(self, snapshot: Snapshot) -> bytes:
        """A frame in any case: without what others say of people rather than with no calls."""
        try:
            frame = encode(snapshot)
        except FrameTooLong as error:
            if not self._too_long:
                log.warning("surfaces are not told about people: %s", error)
            self._too_long = True
            return encode(msgspec.structs.replace(snapshot, people=(), found=()))
        self._too_long = False
        return frame

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= CONNECTION_LIMIT:
            log.warning("a surface was turned away: %d are connected already", CONNECTION_LIMIT)
            writer.close()
            return
        connection = _Connection(reader, writer, self._handle)
        self._connections.add(connection)
        try:
            connection.send(self._picture(self._snapshot()))
            await connection.serve()
        except WireError as error:
            log.warning("a surface was cut off: %s", error)
        except OSError as error:
            log.info("a surface went away: %s", error)
        finally:
            self._connections.discard(connection)
            connection.close()


class _Connection:
    """One surface's end of the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: CommandHandler) -> None:
        self._reader = reader
        self._writer = writer
        self._handle = handle
        self._splitter = FrameSplitter()

    async def serve(self) -> None:
        """Take commands until the surface goes. Raises WireError when it breaks the rules."""
        pace = Pace(COMMANDS_PER_SECOND)
        while data := await self._reader.read(READ_SIZE):
            for payload in self._splitter.feed(data):
                await pace.take()
                self._handle(decode_command(payload), self._reply)

    def _reply(self, reply: Reply) -> None:
        self.send(encode(reply))

    def send(self, frame: bytes) -> None:
        """Queue a frame; cut the surface off when it has too much unread."""
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > BACKLOG_LIMIT:
            log.warning("a surface was cut off: it left %d bytes unread", BACKLOG_LIMIT)
            self._writer.transport.abort()
            return
        self._writer.write(frame)

    def close(self) -> None:
        """Close this connection."""
        self._writer.close()
