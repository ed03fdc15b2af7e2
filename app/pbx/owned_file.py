"""What is kept over a restart for one account at one PBX, and shown to no other."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from app.model.decoding import NOT_DECODED
from app.model.flags import LogFlag
from app.settings.durable import DurableFile
from app.settings.errors import NotKept
from app.settings.secret import Secret

log = logging.getLogger(LogFlag.MAIN)

_Kept = TypeVar("_Kept")


class Owner(msgspec.Struct, frozen=True):
    """Whose it is: PBX and user just as they are configured."""

    server: str
    user: str


class _Stored(msgspec.Struct, Generic[_Kept], frozen=True):
    """The file's content."""

    owner: Owner
    kept: _Kept


class OwnedFile(Generic[_Kept]):
    """One value in a file of mode 0600 that survives a power cut. Belongs to the loop's thread.

    Reads once at construction (blocking), then answers from memory; writes run in `executor`. `kind` is the value's
    type and `words` what it is, for a person. A value goes when it is forgotten or another is kept.
    """

    def __init__(self, path: Path, kind: type[_Kept], words: str, executor: Executor | None = None) -> None:
        self._file = DurableFile(path)
        self._words = words
        self._executor = executor
        self._writing = asyncio.Lock()
        """Fair, so that the disk ends where memory does."""
        loaded = self._file.load()
        if loaded.problem:
            log.warning("%s may be lost: %s", words, loaded.problem)
        self._stored = self._decode(loaded.content, kind)
        self._owed = False
        """Whether the disk has not what memory has."""

    def find(self, owner: Owner) -> _Kept | None:
        """The owner's value; None where there is none, or only another's."""
        return self._stored.kept if self._stored is not None and self._stored.owner == owner else None

    async def keep(self, owner: Owner, value: _Kept) -> None:
        """Keep this, instead of another. Raises `NotKept` where the disk refuses; it holds until a restart then."""
        stored = _Stored(owner, value)
        if stored != self._stored:
            self._stored, self._owed = stored, True
        await self.settle()

    async def forget(self, value: _Kept) -> None:
        """The value is good no more; a newer one stays. Raises `NotKept` where the disk refuses."""
        if self._stored is not None and self._stored.kept == value:
            self._stored, self._owed = None, True
        await self.settle()

    async def keep_only(self, owner: Owner | None) -> None:
        """Whatever is not this owner's goes. Raises `NotKept` where the disk refuses."""
        if self._stored is not None and self._stored.owner != owner:
            self._stored, self._owed = None, True
        await self.settle()

    async def settle(self) -> None:
        """Give the disk what it has refused before, if anything. Raises `NotKept` where it still does."""
        await asyncio.shield(self._settle())

    async def _settle(self) -> None:
        async with self._writing:
            if not self._owed:
                return
            self._owed = False
            try:
                await asyncio.get_running_loop().run_in_executor(self._executor, self._write, self._stored)
            except OSError as error:
                self._owed = True
                raise NotKept(
                    f"A change of {self._words} could not be stored: {error.strerror or error}.",
                    "The next start will not know of it. Free some space or have the phone's storage looked at.",
                ) from error

    def _write(self, stored: _Stored[_Kept] | None) -> None:
        if stored is None:
            self._file.remove()
        else:
            self._file.save(msgspec.json.encode(stored, enc_hook=_plain))

    def _decode(self, content: bytes, kind: type[_Kept]) -> _Stored[_Kept] | None:
        if not content:
            return None
        try:
            found: _Stored[_Kept] = msgspec.json.decode(content, type=_Stored[kind], dec_hook=_secret)  # type: ignore[valid-type]
        except NOT_DECODED as error:
            log.warning("what was stored of %s is not understood: %s", self._words, type(error).__name__)
            return None
        return found


def _plain(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError


def _secret(kind: type, text: Any) -> Secret:
    if kind is Secret and isinstance(text, str):
        return Secret(text)
    raise ValueError("a credential must be a text")
