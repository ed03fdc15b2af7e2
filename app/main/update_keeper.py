"""Takes the version that the administrator wants: fetched and installed beside the calls, started when nobody minds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from pathlib import Path

import msgspec

from app.diagnostics.notices import NoticeBoard
from app.main import update_record
from app.main.fetch_failed import FetchFailed
from app.main.update_record import Failure, UpdateRecord
from app.model.flags import LogFlag
from app.model.refusal import Refusal
from app.model.snapshot import Notice, Severity, UpdateState, UpdateView
from app.security.errors import SecurityError
from app.security.tls import client_context
from app.settings.durable import DurableFile
from app.settings.store import SettingsStore
from hal.errors import BundleRefused, HalError, UpdaterUnavailable
from hal.updater import Updater

log = logging.getLogger(LogFlag.MAIN)

FAILURE_NOTICE = "update.failed"
SERVICE_NOTICE = "update.service"
RESTART_NOTICE = "update.restart"
BUNDLE = "update.raucb"
"""The bundle that was fetched, in the state folder; RAUC wants this ending."""
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
        self, in_call: Callable[[], bool], unused_for: Callable[[], float], restart: Callable[[], Awaitable[None]]
    ) -> None:
        self.in_call = in_call
        """Whether there is a call of any kind, or a handset off its hook."""
        self.unused_for = unused_for
        """Seconds since somebody used it."""
        self.restart = restart
        """Has the whole machine start anew. Raises HalError where that is refused."""


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
        self._bundle = state / BUNDLE
        self._file = DurableFile(state / "update")
        self._updater = updater
        self._desk = desk
        self._notices = notices
        self._worker = worker
        self._changed = changed
        self._own_version = own_version
        self._record = UpdateRecord()
        self._view = UpdateView()
        self._asked = False
        self._delay = FIRST_DELAY
        self._retry_at = 0.0
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._forget: Callable[[], None] | None = None

    @property
    def view(self) -> UpdateView:
        """For surfaces."""
        return self._view

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
        if self._view.state in _UNDER_WAY_STATES:
            return _UNDER_WAY
        if self._wanted() is None:
            return _NOTHING_OFFERED
        self._asked = True
        self._news.set()
        return None

    async def restart(self) -> Refusal | None:
        """Start the machine anew, with what is installed."""
        if self._view.state is not UpdateState.READY or self._withdrawn():
            return _NOT_READY
        if self._desk.in_call():
            return _IN_CALL
        log.info("the phone restarts into version %s", self._record.version)
        try:
            await self._desk.restart()
        except HalError as error:
            return Refusal(f"The phone does not restart: {error}", error.advice)
        self._notices.clear(RESTART_NOTICE)
        return None

    def seen(self) -> None:
        """Somebody has read what went wrong."""
        failure = self._record.failure
        if failure is not None and not failure.seen:
            self._record = msgspec.structs.replace(self._record, failure=msgspec.structs.replace(failure, seen=True))
            self._worker.submit(self._save, self._record)
            self._notices.clear(FAILURE_NOTICE)
            self._show(self._view.state, unseen=False)

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
                self._unavailable(str(error), error.advice)
                await asyncio.sleep(delay)
                delay = min(delay * 2, FIRST_DELAY)
        self._notices.clear(SERVICE_NOTICE)
        loop = asyncio.get_running_loop()
        own_version = await loop.run_in_executor(self._worker, self._own_version)
        kept = await loop.run_in_executor(self._worker, self._read)
        run_id = self._updater.run_id()
        record = update_record.assess(kept, slots, run_id, own_version)
        if record != kept:
            await self._keep(record)
        else:
            self._record = kept
        running = next((slot for slot in slots if slot.booted), None)
        version = (running.version if running else "") or own_version
        self._show(UpdateState.CURRENT, version=version, slot=running.name if running else "")
        if record.complete and record.run_id == run_id:
            self._show(UpdateState.READY, offered=record.version)
        self._show_failure()

    async def _step(self) -> float | None:
        """Do what can be done now. Returns the seconds until there may be more to do; None for a new setting."""
        if self._view.state is UpdateState.READY:
            if not self._withdrawn():
                return await self._restart_if_spared()
            if not await self._stay():
                return LOOK_SECONDS
        wanted = self._wanted()
        if wanted is None:
            self._show(UpdateState.CURRENT, offered="")
            return None
        source, version = wanted
        if not self._asked:
            if self._failed_before(source, version):
                self._show(UpdateState.FAILED, offered=version)
                return None
            if self._retry_at > time.monotonic():
                return self._retry_at - time.monotonic()
        self._show(UpdateState.OFFERED, offered=version)
        if self._desk.in_call():
            return LOOK_SECONDS
        self._asked = False
        return await self._update(source, version)

    async def _stay(self) -> bool:
        """What is installed is not to be started; the system that runs is, and False where nobody sees to that yet."""
        try:
            await self._updater.stay()
        except (UpdaterUnavailable, BundleRefused) as error:
            log.warning("version %s was withdrawn and would be started still: %s", self._record.version, error)
            return False
        log.info("version %s was withdrawn and is not started", self._record.version)
        await self._keep(UpdateRecord(self._view.slot, self._view.version, failure=self._record.failure))
        self._show(UpdateState.CURRENT, offered="", percent=0)
        return True

    async def _restart_if_spared(self) -> float:
        refusal = await self.restart() if self._may_restart() else None
        if refusal is None:
            return LOOK_SECONDS
        self._notices.post(Notice(RESTART_NOTICE, Severity.WARNING, f"{refusal.reason}.", refusal.advice))
        return REFUSED_SECONDS

    async def _update(self, source: str, version: str) -> float | None:
        log.info("the phone takes version %s from %s", version, source)
        try:
            bundle = await self._fetched(source)
            try:
                await self._install(bundle, version)
            finally:
                await asyncio.to_thread(self._bundle.unlink, missing_ok=True)
        except BundleRefused as error:
            await self._failed(Failure(version, source, str(error), error.advice))
            return None
        except (FetchFailed, SecurityError, UpdaterUnavailable) as error:
            return self._later(str(error), error.advice)
        except OSError as error:
            return self._later(f"The update cannot be kept: {error.strerror or error}.", "Look at the phone's storage.")
        self._delay = FIRST_DELAY
        self._show(UpdateState.READY, percent=100, problem="", advice="", unseen=False)
        return 0.0

    async def _fetched(self, source: str) -> Path:
        """The file that holds the bundle."""
        if source.startswith("/"):
            return Path(source)
        self._show(UpdateState.FETCHING, percent=0, problem="", advice="")
        trusted = self._settings.current.text("update.trust_file")
        context = await asyncio.to_thread(client_context, Path(trusted) if trusted else None)
        fetch = await asyncio.to_thread(_load_fetch)
        await fetch(source, self._bundle, context, lambda percent: self._show(UpdateState.FETCHING, percent=percent))
        return self._bundle

    async def _install(self, bundle: Path, version: str) -> None:
        self._show(UpdateState.INSTALLING, percent=0, problem="", advice="")
        found = await self._updater.inspect(bundle)
        if found.version != version:
            raise BundleRefused(
                f"It holds version {found.version or '(none)'}.", "Set update.version to what it holds."
            )
        if found.compatible != await self._updater.compatible():
            raise BundleRefused(f"It is for {found.compatible}.", "Choose the update for this phone.")
        before = self._record
        target = next((slot.name for slot in await self._updater.slots() if not slot.booted), "")
        begun = UpdateRecord(target, version, self._updater.run_id())
        await self._keep(begun)
        try:
            await self._updater.install(bundle, lambda percent: self._show(UpdateState.INSTALLING, percent=percent))
        except (BundleRefused, UpdaterUnavailable):
            await self._keep(before)
            raise
        await self._keep(msgspec.structs.replace(begun, complete=True))
        self._notices.clear(FAILURE_NOTICE)

    async def _failed(self, failure: Failure) -> None:
        await self._keep(msgspec.structs.replace(self._record, failure=failure))
        self._show_failure()

    def _later(self, problem: str, advice: str) -> float:
        self._notices.post(Notice(FAILURE_NOTICE, Severity.WARNING, problem, advice))
        self._show(UpdateState.OFFERED, percent=0, problem=problem, advice=advice)
        delay, self._delay = self._delay, min(LONGEST_DELAY, self._delay * 2)
        self._retry_at = time.monotonic() + delay
        return delay

    # --- what is asked on the way --------------------------------------------------------------------------

    def _wanted(self) -> tuple[str, str] | None:
        """Where the bundle is, and its version; None where the phone runs it, or nobody wants any."""
        settings = self._settings.current
        source, version = settings.text("update.url"), settings.text("update.version")
        return None if not source or version in ("", self._view.version) else (source, version)

    def _withdrawn(self) -> bool:
        """Whether the administrator wants another version by now than the one that waits for the restart."""
        return self._settings.current.text("update.version") != self._record.version

    def _failed_before(self, source: str, version: str) -> bool:
        failure = self._record.failure
        return failure is not None and failure.version == version and failure.source in ("", source)

    def _may_restart(self) -> bool:
        hours = self._settings.current.words("update.hours")
        now = str(time.localtime().tm_hour)
        unused = not self._desk.in_call() and self._desk.unused_for() >= UNUSED_SECONDS
        return unused and (not hours or now in hours)

    def _settings_changed(self, keys: frozenset[str]) -> None:
        if keys & {"update.url", "update.version", "update.trust_file"}:
            self._delay, self._retry_at = FIRST_DELAY, 0.0
            if self._view.state not in _UNDER_WAY_STATES:
                self._notices.clear(FAILURE_NOTICE)
                self._show_failure()
        self._news.set()

    # --- what is shown and kept ----------------------------------------------------------------------------

    def _unavailable(self, problem: str, advice: str) -> None:
        self._notices.post(Notice(SERVICE_NOTICE, Severity.WARNING, problem, advice))
        self._show(UpdateState.UNAVAILABLE, problem=problem, advice=advice)

    def _show_failure(self) -> None:
        """An update that came to nothing stands on the display until somebody has seen it."""
        failure, wanted = self._record.failure, self._wanted()
        if failure is None:
            return
        still = wanted is not None and self._failed_before(*wanted)
        if not failure.seen:
            text = f"The update to version {failure.version} failed. {failure.text}"
            self._notices.post(Notice(FAILURE_NOTICE, Severity.ERROR, text, failure.advice))
        if still or not failure.seen:
            state = UpdateState.FAILED if still else self._view.state
            self._show(state, problem=failure.text, advice=failure.advice, unseen=not failure.seen)
        else:
            self._show(self._view.state, problem="", advice="")

    def _show(self, state: UpdateState, **changes: object) -> None:
        view = msgspec.structs.replace(self._view, state=state, **changes)
        if view != self._view:
            self._view = view
            self._changed()

    async def _keep(self, record: UpdateRecord) -> None:
        self._record = record
        await asyncio.get_running_loop().run_in_executor(self._worker, self._save, record)

    def _read(self) -> UpdateRecord:
        """What was kept; and what is left of a bundle makes room for the next."""
        with contextlib.suppress(OSError):
            self._bundle.unlink(missing_ok=True)
        return update_record.read(self._file)

    def _save(self, record: UpdateRecord) -> None:
        """Where the disk refuses, an update goes on: only its coming to nothing would not be told."""
        try:
            self._file.save(msgspec.json.encode(record))
        except OSError as error:
            log.warning("what becomes of updates cannot be kept: %s", error)


def own_version() -> str:
    """That of the software itself; empty where it was not installed but is run from its source."""
    from importlib import metadata  # not at the phone's start, which it would make longer

    try:
        return metadata.version("ip270")
    except metadata.PackageNotFoundError:
        return ""


def _load_fetch() -> Callable[[str, Path, ssl.SSLContext, Callable[[int], None]], Awaitable[None]]:
    """In a worker: HTTP's library takes longer to load than the loop may stand still."""
    from app.main.bundle_download import fetch

    return fetch
