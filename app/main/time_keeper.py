"""Whose time the phone shows by the settings or the network, who is asked for it, and whether it is right."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from app.diagnostics.notices import NoticeBoard
from app.model.flags import LogFlag
from app.model.snapshot import Notice, Severity, TimeView
from app.model.time_zone import UTC, TimeZoneUnknown, time_zone
from app.settings.durable import DurableFile
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from hal.clock import Clock
from hal.errors import DeviceMissing
from hal.network import Network

log = logging.getLogger(LogFlag.MAIN)

ZONE = "time.zone"
SERVER = "time.server"
SECOND_SERVER = "time.second_server"
SERVERS_NOTICE = "time.servers"
CLOCK_NOTICE = "time.clock"
LOOK_EVERY = 5.0
"""Seconds between two looks at a clock that is not right yet."""
LEASE_AFTER = 1.0
"""Seconds after new addresses until networkd has written down what else came with them."""
TOLD_AFTER = 120.0
"""Seconds after which somebody should know that nobody tells the time."""


class TimeKeeper:
    """Belongs to the loop. `changed` is called when another time is to be shown.

    The zone that the network named last counts until a network names another or none, also while there is none: it is
    kept in the folder `state`. The disk is read when this is made, and written in `worker`.
    """

    def __init__(
        self,
        settings: SettingsStore,
        clock: Clock,
        network: Network,
        notices: NoticeBoard,
        changed: Callable[[], None],
        state: Path,
        worker: Executor,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._network = network
        self._notices = notices
        self._changed = changed
        self._file = DurableFile(state / "zone")
        self._worker = worker
        self._kept = self._leased = self._file.load().content.decode(errors="replace")
        self._said = self._leased or clock.zone()
        self._given = _known(self._said)
        self._right = clock.right
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._stoppers: tuple[Callable[[], None], ...] = ()

    @property
    def view(self) -> TimeView:
        """As surfaces see it."""
        set_by = self._settings.provenance(ZONE)
        own = set_by.layer is Layer.USER and bool(set_by.value)
        return TimeView(self._zone, own, self._settings.current.text("phone.country"), self._right)

    @property
    def hour(self) -> int:
        """The hour of the day where the phone stands, 0 to 23."""
        return dt.datetime.now(time_zone(self._zone)).hour

    @property
    def _zone(self) -> str:
        return self._settings.current.text(ZONE) or self._given

    def start(self) -> None:
        """Ask the servers of the settings, and follow what changes; needs a running loop."""
        self._ask()
        self._stoppers = (
            self._settings.subscribe("time", self._settings_changed),
            self._network.subscribe(lambda _: self._news.set()),
        )
        self._task = asyncio.create_task(self._watch(), name="time")

    async def stop(self) -> None:
        """Follow no more."""
        for stop in self._stoppers:
            stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _settings_changed(self, keys: frozenset[str]) -> None:
        if not keys.isdisjoint((SERVER, SECOND_SERVER)):
            self._ask()
        self._changed()

    def _ask(self) -> None:
        settings = self._settings.current
        servers = tuple(filter(None, (settings.text(SERVER), settings.text(SECOND_SERVER))))
        notices = []
        try:
            self._clock.ask(servers)
        except DeviceMissing as error:
            if servers:
                text = f"The time servers of the settings are not asked: {error}."
                notices = [Notice(SERVERS_NOTICE, Severity.WARNING, text, error.advice)]
        self._notices.replace(SERVERS_NOTICE, notices)

    async def _watch(self) -> None:
        """Look when the network has changed, and again and again as long as the clock is not right."""
        began = asyncio.get_running_loop().time()
        while True:
            self._look()
            await self._keep()
            waited = asyncio.get_running_loop().time() - began
            late = not self._right and waited >= TOLD_AFTER
            self._notices.replace(CLOCK_NOTICE, [_UNKNOWN] if late else [])
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if self._right else LOOK_EVERY):
                    await self._news.wait()
                await asyncio.sleep(LEASE_AFTER)
            self._news.clear()

    def _look(self) -> None:
        """A clock that was right stays so: whoever is to be asked from now on takes the time from nobody."""
        leased, right = self._clock.leased_zone(), self._right or self._clock.right
        if leased is not None:
            self._leased = leased
        said = self._leased or self._clock.zone()
        if (said, right) == (self._said, self._right):
            return
        if said != self._said:
            self._said, self._given = said, _known(said)
        self._right = right
        log.info("the time is %s, and that of %s", "known" if right else "not known", self._given)
        self._changed()

    async def _keep(self) -> None:
        """Over a restart; where the disk refuses, until then."""
        if self._leased == self._kept:
            return
        self._kept = self._leased
        try:
            await asyncio.get_running_loop().run_in_executor(self._worker, self._file.save, self._kept.encode())
        except OSError as error:
            log.warning("the time zone of the network cannot be kept: %s", error)


_UNKNOWN = Notice(
    CLOCK_NOTICE,
    Severity.WARNING,
    "Nobody has told the phone what time it is.",
    "Check that a time server can be reached; the network (DHCP option 42) or the administrator names it.",
)


def _known(zone: str) -> str:
    """A zone as the network or the machine says it, where there is one of this name."""
    try:
        time_zone(zone)
    except TimeZoneUnknown as error:
        log.warning("what the network or the machine says: %s", error)
        return UTC
    return zone
