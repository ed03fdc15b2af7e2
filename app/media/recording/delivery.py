"""What is delivered and where to, and what can go wrong with it; how it is done is in `upload`.

A phone that records nothing loads no more than this: HTTP's library takes longer than the rest of the phone.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from app.settings.secret import Secret

LOOK_SECONDS = 0.5
"""How often a recording that grows is looked at."""
CHUNK_BYTES = 64 * 1024

_ADVICE_TARGET = "Check recording.url and recording.user."


class UploadError(Exception):
    """The recording was not delivered. The message says why and `advice` what to do, for a person."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice


class Unreachable(UploadError):
    """The server, or the way to it, does not work now."""


class LoginFailed(UploadError):
    """The server lets nothing of this phone in."""


class Refused(UploadError):
    """The server does not take this recording now; whether it takes others is another matter."""


class Troubled(Refused):
    """The server has a problem of its own, perhaps with this one alone."""


class TooLarge(Refused):
    """The server never takes this one."""


class Unreadable(Refused):
    """It is the spool that does not give this one."""


class Unusable(UploadError):
    """What is known of the server is nothing that can be sent to."""


class Gone(UploadError):
    """The recording had to make room for newer ones."""


@dataclass(frozen=True)
class Target:
    """Where recordings go: each to `url` with its name appended. `context` is for https. Raises Unusable.

    Belongs to a worker: the first one loads HTTP's library.
    """

    url: str
    user: str
    password: Secret
    context: ssl.SSLContext

    def __post_init__(self) -> None:
        from yarl import URL

        import app.media.recording.upload  # noqa: F401 - loaded here, where it may take its time

        try:
            URL(self.url).origin()  # a port, or brackets, that there cannot be
        except ValueError as error:
            raise Unusable("The server for recordings cannot be used", _ADVICE_TARGET) from error
        if ":" in self.user:  # it would end the name (RFC 7617, 2)
            raise Unusable("The server for recordings cannot be used", _ADVICE_TARGET)


class Source:
    """A recording in the spool, which may still grow."""

    def __init__(self, path: Path, *, finished: bool) -> None:
        self.path = path
        self.damage: OSError | None = None
        """Why the spool does not give it."""
        self._finished = asyncio.Event()
        if finished:
            self._finished.set()

    @property
    def finished(self) -> bool:
        """Whether it grows no more."""
        return self._finished.is_set()

    def finish(self) -> None:
        """It grows no more."""
        self._finished.set()

    def size(self) -> int:
        """Octets so far; 0 where the file is gone. Blocks."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    async def begun(self) -> None:
        """Wait for something to send, or the end."""
        while not (self.finished or await asyncio.to_thread(self.size) > 0):
            await self._look_later()

    async def ended(self) -> None:
        """Wait until it grows no more."""
        await self._finished.wait()

    async def chunks(self, alive: Callable[[], None]) -> AsyncIterator[bytes]:
        """All of it from the beginning, as far as it comes; `alive` is called while more is waited for."""
        offset = 0
        while True:
            last = self.finished
            try:
                data = await asyncio.to_thread(_read, self.path, offset)
            except FileNotFoundError:
                raise
            except OSError as error:
                self.damage = error
                raise
            if data:
                offset += len(data)
                yield data
            elif last:
                return
            else:
                alive()
                await self._look_later()

    async def wait_finished(self, seconds: float) -> None:
        """Wait so long, or until it grows no more."""
        try:
            async with asyncio.timeout(seconds):
                await self._finished.wait()
        except TimeoutError:
            return

    async def _look_later(self) -> None:
        await self.wait_finished(LOOK_SECONDS)


def _read(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(CHUNK_BYTES)
