"""Takes the file of --config up again when somebody has mended it."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from pathlib import Path

from app.diagnostics.notices import NoticeBoard
from app.main.file_stamp import FileStamp, stamp_of
from app.model.flags import LogFlag
from app.settings.config_file import CONFIG_NOTICES, read_config
from app.settings.store import SettingsStore

log = logging.getLogger(LogFlag.SETTINGS)

INTERVAL = 3.0
"""Seconds between two looks at a file that is as it was."""
SETTLING = 0.5
"""Seconds to the next look at one that somebody may still be writing."""


class ConfigWatch:
    """Looks at the file again and again. All that touches the disk happens in `worker`.

    A file is read when two looks found it alike, so that nobody is still writing it. One that cannot be read any
    more leaves the settings as they are.
    """

    def __init__(self, path: Path, settings: SettingsStore, notices: NoticeBoard, worker: Executor) -> None:
        self._path = path
        self._settings = settings
        self._notices = notices
        self._worker = worker
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look; what happened to the file since the phone read it first is seen too."""
        self._task = asyncio.create_task(self._watch(), name="config watch")

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        seen: FileStamp | None = None
        taken: FileStamp | None = None
        while True:
            stamp = await loop.run_in_executor(self._worker, stamp_of, self._path)
            if stamp == seen != taken:
                taken = stamp
                await self._take()
            seen = stamp
            await asyncio.sleep(INTERVAL if seen == taken else SETTLING)

    async def _take(self) -> None:
        config = await asyncio.get_running_loop().run_in_executor(self._worker, read_config, self._path)
        self._notices.replace(CONFIG_NOTICES, config.notices)
        if config.usable and self._settings.configure(config.values):
            log.info("%s was taken up", self._path)
