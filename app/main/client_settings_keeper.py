"""Makes what the PBX sets for its clients the PBX's layer of the phone's settings."""

from __future__ import annotations

from app.diagnostics.notices import NoticeBoard
from app.main.background_store import BackgroundStore
from app.pbx.client_settings import NOTICE, read_client_settings
from app.settings.setting import Layer
from app.settings.store import SettingsStore

STORAGE_NOTICE = "pbx.settings.storage"


class ClientSettingsKeeper:
    """Belongs to the loop. What the PBX said last stays in force, also over a restart, until it says otherwise."""

    def __init__(self, settings: SettingsStore, notices: NoticeBoard) -> None:
        self._settings = settings
        self._notices = notices
        self._said: bytes | None = None
        self._storing = BackgroundStore(notices)

    def said(self, raw: bytes) -> None:
        """The PBX's object, as it came; the same once more changes nothing."""
        if raw == self._said:
            return
        self._said = raw
        read = read_client_settings(raw)
        self._notices.replace(NOTICE, read.notices)
        self._storing.store(STORAGE_NOTICE, self._settings.merge(Layer.PBX, read.changes), self._not_kept)

    async def stop(self) -> None:
        """Wait until what was said is stored."""
        await self._storing.stop()

    def _not_kept(self) -> None:
        """It is stored when the PBX says it the next time."""
        self._said = None
