"""Makes what the PBX sets for its clients the PBX's layer of the phone's settings."""

from __future__ import annotations

import asyncio

from app.diagnostics.notices import NoticeBoard
from app.model.snapshot import Notice, Severity
from app.pbx.client_settings import NOTICE, read_client_settings
from app.settings.errors import NotKept
from app.settings.setting import Layer
from app.settings.store import SettingsStore

STORAGE_NOTICE = "pbx.settings.storage"


class ClientSettingsKeeper:
    """Belongs to the loop. What the PBX said last stays in force, also over a restart, until it says otherwise."""

    def __init__(self, settings: SettingsStore, notices: NoticeBoard) -> None:
        self._settings = settings
        self._notices = notices
        self._said: bytes | None = None
        self._storing: set[asyncio.Task[None]] = set()

    def said(self, raw: bytes) -> None:
        """The PBX's object, as it came; the same once more changes nothing."""
        if raw == self._said:
            return
        self._said = raw
        read = read_client_settings(raw)
        self._notices.replace(NOTICE, read.notices)
        task = asyncio.get_running_loop().create_task(self._store(read.changes))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def stop(self) -> None:
        """Wait until what was said is stored."""
        await asyncio.gather(*self._storing)

    async def _store(self, changes: dict[str, object]) -> None:
        try:
            await self._settings.merge(Layer.PBX, changes)
        except NotKept as error:
            self._notices.post(Notice(STORAGE_NOTICE, Severity.WARNING, str(error), error.advice))
