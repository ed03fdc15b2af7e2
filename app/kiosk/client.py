"""The kiosk's end of the wire: connects, connects again, brings messages in and commands out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from app.model import wire
from app.model.commands import AnyCommand

log = logging.getLogger("kiosk")

FIRST_RETRY_SECONDS = 0.05
LONGEST_RETRY_SECONDS = 0.25
_READ_BYTES = 65536


class Client:
    """Keeps a connection to the phone's socket.

    Commands sent while there is none are dropped, not kept for later: a key press must not act minutes after
    it was made.
    """

    def __init__(
        self, path: Path, on_message: Callable[[wire.Downward], None], on_disconnected: Callable[[], None]
    ) -> None:
        self._path = path
        self._on_message = on_message
        self._on_disconnected = on_disconnected
        self._writer: asyncio.StreamWriter | None = None
        self._last_id = 0
        self._said = ""

    @property
    def connected(self) -> bool:
        """Whether the phone is there."""
        return self._writer is not None

    def send(self, command: AnyCommand) -> int:
        """Send a command and return the id it went under."""
        self._last_id += 1
        if self._writer is not None:
            self._writer.write(wire.encode(msgspec.structs.replace(command, id=self._last_id)))
        return self._last_id

    async def run(self) -> None:
        """Serve until cancelled."""
        wait = FIRST_RETRY_SECONDS
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(str(self._path))
            except OSError as error:
                self._say_once(f"the phone is not there yet: {error}")
                await asyncio.sleep(wait)
                wait = min(LONGEST_RETRY_SECONDS, wait * 2)
                continue
            wait = FIRST_RETRY_SECONDS
            self._said = ""
            await self._serve(reader, writer)
            await asyncio.sleep(wait)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        splitter = wire.FrameSplitter()
        try:
            while data := await reader.read(_READ_BYTES):
                for payload in splitter.feed(data):
                    self._on_message(wire.decode_downward(payload))
        except wire.WireError as error:
            log.warning("the phone's socket was closed: %s", error)
        except OSError as error:
            self._say_once(f"the phone's socket broke: {error}")
        finally:
            self._writer = None
            writer.close()
            self._on_disconnected()

    def _say_once(self, words: str) -> None:
        if words != self._said:
            self._said = words
            log.info("%s", words)
