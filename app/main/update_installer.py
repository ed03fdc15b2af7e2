"""Takes a bundle from where it is to the system that does not run."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from app.main.update_memory import UpdateMemory
from app.main.update_record import UpdateRecord
from app.main.update_report import UpdateReport
from app.model.snapshot import UpdateState
from app.security.tls import client_context
from app.settings.store import SettingsStore
from hal.errors import BundleRefused, UpdaterUnavailable
from hal.updater import Updater

BUNDLE = "update.raucb"
"""The bundle that was fetched, in the state folder; RAUC wants this ending."""


class UpdateInstaller:
    """Belongs to the loop. Bundles are fetched into the folder `state`, in threads of their own."""

    def __init__(
        self, settings: SettingsStore, state: Path, updater: Updater, memory: UpdateMemory, report: UpdateReport
    ) -> None:
        self._settings = settings
        self._bundle = state / BUNDLE
        self._updater = updater
        self._memory = memory
        self._report = report

    async def install(self, source: str, version: str) -> None:
        """Have this version written, and started next. Takes minutes.

        Raises BundleRefused for what is not to be tried again; FetchFailed, SecurityError, UpdaterUnavailable or
        OSError for what may work another time. The system that runs is started next then, as it was.
        """
        try:
            await self._write(await self._fetched(source), version)
        finally:
            await self.tidy()

    async def tidy(self) -> None:
        """What is left of a bundle makes room for the next."""
        with contextlib.suppress(OSError):
            await asyncio.to_thread(self._bundle.unlink, missing_ok=True)

    async def _fetched(self, source: str) -> Path:
        """The file that holds the bundle."""
        if source.startswith("/"):
            return Path(source)
        self._report.begins(UpdateState.FETCHING)
        trusted = self._settings.current.text("update.trust_file")
        context = await asyncio.to_thread(client_context, Path(trusted) if trusted else None)
        fetch = await asyncio.to_thread(_load_fetch)
        await fetch(source, self._bundle, context, self._progress(UpdateState.FETCHING))
        return self._bundle

    async def _write(self, bundle: Path, version: str) -> None:
        self._report.begins(UpdateState.INSTALLING)
        found = await self._updater.inspect(bundle)
        if found.version != version:
            raise BundleRefused(
                f"It holds version {found.version or '(none)'}.", "Set update.version to what it holds."
            )
        if found.compatible != await self._updater.compatible():
            raise BundleRefused(f"It is for {found.compatible}.", "Choose the update for this phone.")
        before = self._memory.record
        target = next((slot.name for slot in await self._updater.slots() if not slot.booted), "")
        begun = UpdateRecord(target, version, self._updater.run_id())
        await self._memory.keep(begun)
        try:
            await self._updater.install(bundle, self._progress(UpdateState.INSTALLING))
            await self._complete(begun)
        except (BundleRefused, UpdaterUnavailable, OSError):
            await self._memory.try_to_keep(before)
            raise

    async def _complete(self, begun: UpdateRecord) -> None:
        """Where that cannot be kept the system is not started: should it fail, it would be taken again and again."""
        try:
            await self._memory.keep(msgspec.structs.replace(begun, complete=True))
        except OSError:
            await self._updater.stay()
            raise

    def _progress(self, state: UpdateState) -> Callable[[int], None]:
        return lambda percent: self._report.show(state, percent=percent)


def _load_fetch() -> Callable[[str, Path, ssl.SSLContext, Callable[[int], None]], Awaitable[None]]:
    """In a worker: HTTP's library takes longer to load than the loop may stand still."""
    from app.main.bundle_download import fetch

    return fetch
