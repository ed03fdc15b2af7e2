"""Where the credentials of the session with the PBX outlast a restart, as well guarded as the settings' secrets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import msgspec

from app.model.flags import LogFlag
from app.pbx.login_proofs import SessionCredentials
from app.settings.durable import DurableFile
from app.settings.errors import NotKept
from app.settings.secret import Secret

log = logging.getLogger(LogFlag.MAIN)


class Owner(msgspec.Struct, frozen=True):
    """Whose session it is: PBX and user just as they are configured. A session is shown to nobody else's PBX."""

    server: str
    user: str


class _Stored(msgspec.Struct, frozen=True):
    """The file's content."""

    owner: Owner
    session: SessionCredentials


class SessionStore:
    """One session in a file of mode 0600 that survives a power cut. Belongs to the loop's thread.

    Reads once at construction (blocking), then answers from memory; writes run in `executor`. Credentials go when the
    PBX says that they are gone (`forget`) or gives others, and for no other reason.
    """

    def __init__(self, folder: Path, executor: Executor | None = None) -> None:
        self._file = DurableFile(folder / "pbx-session")
        self._executor = executor
        self._writing = asyncio.Lock()
        """Fair, so that the disk ends where memory does."""
        loaded = self._file.load()
        if loaded.problem:
            log.warning("the session with the PBX may be lost: %s", loaded.problem)
        self._stored = _decode(loaded.content)

    def find(self, owner: Owner) -> SessionCredentials | None:
        """The owner's credentials; None where there are none, or only another's."""
        return self._stored.session if self._stored is not None and self._stored.owner == owner else None

    async def keep(self, owner: Owner, session: SessionCredentials) -> None:
        """Keep these, instead of others. Raises `NotKept` where the disk refuses; they hold until a restart then."""
        stored = _Stored(owner, session)
        if stored != self._stored:
            self._stored = stored
            await asyncio.shield(self._run(lambda: self._file.save(msgspec.json.encode(stored, enc_hook=_plain))))

    async def forget(self, session: SessionCredentials) -> None:
        """The PBX says that these are gone; newer ones stay. Raises `NotKept` where the disk refuses."""
        if self._stored is not None and self._stored.session == session:
            self._stored = None
            await asyncio.shield(self._run(self._file.remove))

    async def _run(self, write: Callable[[], None]) -> None:
        async with self._writing:
            try:
                await asyncio.get_running_loop().run_in_executor(self._executor, write)
            except OSError as error:
                raise NotKept(
                    f"A change of the session with the PBX could not be stored: {error.strerror or error}.",
                    "The next start may need the password. Free some space or have the phone's storage looked at.",
                ) from error


def _decode(content: bytes) -> _Stored | None:
    if not content:
        return None
    try:
        return msgspec.json.decode(content, type=_Stored, dec_hook=_secret)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.warning("the stored session with the PBX is not understood: %s", type(error).__name__)
        return None


def _plain(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError


def _secret(kind: type, text: Any) -> Secret:
    if kind is Secret and isinstance(text, str):
        return Secret(text)
    raise ValueError("a credential must be a text")
