"""Keeps recordings as the settings have it: where they go, how much room there is for them, and what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from app.calls.rules import RecordingRules
from app.diagnostics.notices import NoticeBoard
from app.media.recording.courier import Courier, Trouble
from app.media.recording.delivery import Target, Unusable
from app.media.recording.recorder import Recorder, RecorderFacts
from app.media.recording.spool import Spool
from app.model.media import MediaEvent
from app.model.snapshot import Notice, Severity
from app.security.errors import SecurityError
from app.security.tls import client_context
from app.settings.layers import Layers
from app.settings.store import SettingsStore
from native import Engine

FOLDER = "recordings"
DELIVERY_NOTICE = "recording.delivery"
FAILURE_NOTICE = "recording.failure"
_MEGABYTE = 1_000_000
_TARGET_KEYS = frozenset({"recording.url", "recording.user", "recording.password", "recording.trust_file"})
_SETUP_ADVICE = "Look at the phone's storage, and at recording.spool_size; calls go on all the same."


class RecordingKeeper:
    """Stands between settings, storage, the recorder and the server. Belongs to the loop.

    `number` gives the line's own, empty where there is none.
    """

    def __init__(
        self,
        settings: SettingsStore,
        state: Path,
        mac: str,
        number: Callable[[], str],
        engine: Engine,
        notices: NoticeBoard,
        worker: Executor,
        post: Callable[[MediaEvent], None],
    ) -> None:
        self._settings = settings
        self._folder = state / FOLDER
        self._mac = mac
        self._number = number
        self._notices = notices
        self._worker = worker
        self.recorder = Recorder(engine, self._facts, self, post)
        self._courier = Courier(Spool(self._folder), self._limit, self._tell_delivery, self.recorder.give_up)
        self._forget: Callable[[], None] | None = None
        self._aiming: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send what is left over, and follow the settings."""
        self._courier.start()
        self._forget = self._settings.subscribe("recording", self._settings_changed)
        self._aim()

    async def stop(self) -> None:
        """Send no more: what is not delivered waits for the next start."""
        if self._forget is not None:
            self._forget()
        if self._aiming is not None:
            self._aiming.cancel()
            await asyncio.wait({self._aiming})
        await self._courier.stop()

    # --- what the recorder tells -------------------------------------------------------------------------

    def begun(self, path: Path) -> None:
        """A recording begins to grow."""
        self._notices.clear(FAILURE_NOTICE)
        self._courier.begun(path)

    def ended(self, path: Path) -> None:
        """A recording grows no more."""
        self._courier.ended(path)

    def failed(self, reason: str) -> None:
        """A call is not recorded that should be."""
        self._notices.post(Notice(FAILURE_NOTICE, Severity.ERROR, f"{reason}.", _SETUP_ADVICE))

    # --- steps ---------------------------------------------------------------------------------------------

    def _facts(self) -> RecorderFacts:
        return RecorderFacts(self._folder, self._limit(), self._mac, self._number())

    def _limit(self) -> int:
        return self._settings.current.number("recording.spool_size") * _MEGABYTE

    def _settings_changed(self, keys: frozenset[str]) -> None:
        if keys & _TARGET_KEYS:
            self._aim()

    def _aim(self) -> None:
        if self._aiming is not None:
            self._aiming.cancel()
        self._aiming = asyncio.get_running_loop().create_task(self._set_target(self._settings.current))

    async def _set_target(self, settings: Layers) -> None:
        try:
            target = await asyncio.get_running_loop().run_in_executor(self._worker, _target, settings)
        except (SecurityError, Unusable) as error:
            self._tell_delivery(Trouble(str(error).rstrip("."), error.advice))
            target = None
        else:
            self._tell_delivery(None)
        await self._courier.set_target(target)

    def _tell_delivery(self, trouble: Trouble | None) -> None:
        found = []
        if trouble is not None:
            found.append(Notice(DELIVERY_NOTICE, Severity.WARNING, f"{trouble.reason}.", trouble.advice))
        self._notices.replace(DELIVERY_NOTICE, found)


def recording_rules(settings: Layers) -> RecordingRules:
    """What the call model needs to know of recording."""
    return RecordingRules(
        possible=bool(settings.text("recording.url")),
        by_default=settings.switch("recording.by_default"),
        external_only=settings.switch("recording.external_only"),
        user_control=settings.switch("recording.user_control"),
        internal_digits=settings.number("recording.internal_digits"),
    )


def _target(settings: Layers) -> Target | None:
    """Reads certificates. Raises SecurityError or Unusable."""
    url, trusted = settings.text("recording.url"), settings.text("recording.trust_file")
    if not url:
        return None
    context = client_context(Path(trusted) if trusted else None)
    return Target(url, settings.text("recording.user"), settings.secret("recording.password"), context)
