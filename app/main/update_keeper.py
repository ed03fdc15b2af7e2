"""When the phone takes the version that the administrator wants: beside the calls, and started when nobody minds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from pathlib import Path

import msgspec

from app.diagnostics.notices import NoticeBoard
from app.main import update_record
from app.main.fetch_failed import FetchFailed
from app.main.update_installer import UpdateInstaller
from app.main.update_memory import UpdateMemory
from app.main.update_record import Failure, UpdateRecord
from app.main.update_report import UpdateReport
from app.model.flags import LogFlag
from app.model.refusal import Refusal
from app.model.snapshot import UpdateState, UpdateView
from app.security.errors import SecurityError
from app.settings.store import SettingsStore
from hal.errors import BundleRefused, HalError, UpdaterUnavailable
from hal.updater import Updater

log = logging.getLogger(LogFlag.MAIN)

SETTLING_SECONDS = 5.0
"""After the start of the phone, which has more important things to do first."""
LOOK_SECONDS = 20.0
"""Between two looks at whether the phone may restart, or install."""
UNUSED_SECONDS = 120.0
"""How long nobody has used a phone that restarts by itself."""
REFUSED_SECONDS = 600.0
"""After which a restart that was refused is asked for again."""
FIRST_DELAY, LONGEST_DELAY = 600.0, 24 * 3600.0
"""Between two tries to fetch a bundle; each is twice the one before."""

_UNDER_WAY_STATES = (UpdateState.FETCHING, UpdateState.INSTALLING, UpdateState.READY)
_NOTHING_OFFERED = Refusal("No update is offered", "The administrator offers one by update.url and update.version.")
_UNDER_WAY = Refusal("The update is under way already", "Wait until it is done.")
_NOT_READY = Refusal("No update is installed that waits for a restart", "Install it first.")
_IN_CALL = Refusal("You are in a call", "Restart when it is over.")


class Desk:
    """Whether the phone can be spared, for the keeper to ask, and how it is started anew."""

    def __init__(
        self,
        in_call: Callable[[], bool],
        unused_for: Callable[[], float],
        restart: Callable[[], Awaitable[None]],
        hour: Callable[[], int],
    ) -> None:
        self.in_call = in_call
        """Whether there is a call of any kind, or a handset off its hook."""
        self.unused_for = unused_for
        """Seconds since somebody used it."""
        self.restart = restart
        """Has the whole machine start anew. Raises HalError where that is refused."""
        self.hour = hour
        """The hour of the day where the phone stands, 0 to 23."""


class UpdateKeeper:
    """Belongs to the loop; `start` and `stop` it. `changed` is called when `view` says something else.

    `own_version` reads, in `worker`, the version of software that the factory put there. What else touches the disk
    happens there too, and writing a bundle in threads of its own.
    """

    def __init__(
        self,
        settings: SettingsStore,
        state: Path,
        own_version: Callable[[], str],
        updater: Updater,
        desk: Desk,
        notices: NoticeBoard,
        worker: Executor,
        changed: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._updater = updater
        self._desk = desk
        self._worker = worker
        self._own_version = own_version
        self._memory = UpdateMemory(state, worker)
        self._report = UpdateReport(notices, changed)
        self._installer = UpdateInstaller(settings, state, updater, self._memory, self._report)
        self._asked = False
        self._delay = FIRST_DELAY
        self._retry_at = 0.0
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._forget: Callable[[], None] | None = None

    @property
    def view(self) -> UpdateView:
        """For surfaces."""
        return self._report.view

    def start(self) -> None:
        """Look at which system runs, and follow the settings from then on."""
        self._forget = self._settings.subscribe("update", self._settings_changed)
        self._task = asyncio.create_task(self._run(), name="updates")

    async def stop(self) -> None:
        """Begin nothing any more. RAUC ends by itself what it has begun."""
        if self._forget is not None:
            self._forget()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    # --- what a user may ask -------------------------------------------------------------------------------

    def install(self) -> Refusal | None:
        """Take what is offered now, also if it failed before."""
        if self.view.state in _UNDER_WAY_STATES:
            return _UNDER_WAY
        if self._wanted() is None:
            return _NOTHING_OFFERED
        self._asked = True
        self._news.set()
        return None

    async def restart(self) -> Refusal | None:
        """Start the machine anew, with what is installed."""
        if self.view.state is not UpdateState.READY or self._withdrawn():
            return _NOT_READY
        if self._desk.in_call():
            return _IN_CALL
        log.info("the phone restarts into version %s", self._memory.record.version)
        try:
            await self._desk.restart()
        except HalError as error:
            return Refusal(f"The phone does not restart: {error}", error.advice)
        self._report.restarts()
        return None

    def seen(self) -> None:
        """Somebody has read what went wrong."""
        failure = self._memory.record.failure
        if failure is not None and not failure.seen:
            self._memory.note_seen()
            self._report.seen()

    # --- steps ---------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        await asyncio.sleep(SETTLING_SECONDS)
        await self._take_stock()
        while True:
            self._news.clear()
            delay = await self._step()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), delay)

    async def _take_stock(self) -> None:
        """Which system runs, and was it to be that one? Asked until somebody answers."""
        delay = LOOK_SECONDS
        while True:
            try:
                slots = await self._updater.slots()
                break
            except (UpdaterUnavailable, BundleRefused) as error:
                self._report.unavailable(str(error), error.advice)
                await asyncio.sleep(delay)
                delay = min(delay * 2, FIRST_DELAY)
        own_version = await asyncio.get_running_loop().run_in_executor(self._worker, self._own_version)
        kept = await self._memory.load()
        await self._installer.tidy()
        run_id = self._updater.run_id()
        record = update_record.assess(kept, slots, run_id, own_version)
        if record != kept:
            await self._memory.try_to_keep(record)
        running = next((slot for slot in slots if slot.booted), None)
        self._report.available((running.version if running else "") or own_version, running.name if running else "")
        if record.complete and record.run_id == run_id:
            self._report.show(UpdateState.READY, offered=record.version)
        self._show_failure()

    async def _step(self) -> float | None:
        """Do what can be done now. Returns the seconds until there may be more to do; None for a new setting."""
        if self.view.state is UpdateState.READY:
            if not self._withdrawn():
                return await self._restart_if_spared()
            if not await self._stay():
                return LOOK_SECONDS
        wanted = self._wanted()
        if wanted is None:
            self._report.show(UpdateState.CURRENT, offered="")
            return None
        source, version = wanted
        if not self._asked:
            if self._failed_before(source, version):
                self._report.show(UpdateState.FAILED, offered=version)
                return None
            if self._retry_at > time.monotonic():
                return self._retry_at - time.monotonic()
        self._report.show(UpdateState.OFFERED, offered=version)
        if self._desk.in_call():
            return LOOK_SECONDS
        self._asked = False
        return await self._update(source, version)

    async def _stay(self) -> bool:
        """What is installed is not to be started; the system that runs is, and False where nobody sees to that yet."""
        try:
            await self._updater.stay()
        except (UpdaterUnavailable, BundleRefused) as error:
            log.warning("version %s was withdrawn and would be started still: %s", self._memory.record.version, error)
            return False
        log.info("version %s was withdrawn and is not started", self._memory.record.version)
        failure = self._memory.record.failure
        await self._memory.try_to_keep(UpdateRecord(self.view.slot, self.view.version, failure=failure))
        self._report.show(UpdateState.CURRENT, offered="", percent=0)
        return True

    async def _restart_if_spared(self) -> float:
        refusal = await self.restart() if self._may_restart() else None
        if refusal is None:
            return LOOK_SECONDS
        self._report.restart_refused(refusal.reason, refusal.advice)
        return REFUSED_SECONDS

    async def _update(self, source: str, version: str) -> float | None:
        log.info("the phone takes version %s from %s", version, source)
        try:
            await self._installer.install(source, version)
        except BundleRefused as error:
            await self._failed(Failure(version, source, str(error), error.advice))
            return None
        except (FetchFailed, SecurityError, UpdaterUnavailable) as error:
            return self._later(str(error), error.advice)
        except OSError as error:
            return self._later(f"The update cannot be kept: {error.strerror or error}.", "Look at the phone's storage.")
        self._delay = FIRST_DELAY
        self._report.ready()
        return 0.0

    async def _failed(self, failure: Failure) -> None:
        await self._memory.try_to_keep(msgspec.structs.replace(self._memory.record, failure=failure))
        self._show_failure()

    def _show_failure(self) -> None:
        failure, wanted = self._memory.record.failure, self._wanted()
        if failure is not None:
            self._report.failed(failure, still=wanted is not None and self._failed_before(*wanted))

    def _later(self, problem: str, advice: str) -> float:
        self._report.later(problem, advice)
        delay, self._delay = self._delay, min(LONGEST_DELAY, self._delay * 2)
        self._retry_at = time.monotonic() + delay
        return delay

    # --- what is asked on the way --------------------------------------------------------------------------

    def _wanted(self) -> tuple[str, str] | None:
        """Where the bundle is, and its version; None where the phone runs it, or nobody wants any."""
        settings = self._settings.current
        source, version = settings.text("update.url"), settings.text("update.version")
        return None if not source or version in ("", self.view.version) else (source, version)

    def _withdrawn(self) -> bool:
        """Whether the administrator wants another version by now than the one that waits for the restart."""
        return self._settings.current.text("update.version") != self._memory.record.version

    def _failed_before(self, source: str, version: str) -> bool:
        failure = self._memory.record.failure
        return failure is not None and failure.version == version and failure.source in ("", source)

    def _may_restart(self) -> bool:
        hours = self._settings.current.words("update.hours")
        now = str(self._desk.hour())
        unused = not self._desk.in_call() and self._desk.unused_for() >= UNUSED_SECONDS
        return unused and (not hours or now in hours)

    def _settings_changed(self, keys: frozenset[str]) -> None:
        if keys & {"update.url", "update.version", "update.trust_file"}:
            self._delay, self._retry_at = FIRST_DELAY, 0.0
            if self.view.state not in _UNDER_WAY_STATES:
                self._report.forgiven()
                self._show_failure()
        self._news.set()


def own_version() -> str:
    """That of the software itself; empty where it was not installed but is run from its source."""
    from importlib import metadata  # not at the phone's start, which it would make longer

    try:
        return metadata.version("ip270")
    except metadata.PackageNotFoundError:
        return ""
