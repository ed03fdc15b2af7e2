"""The phone process: builds every room, hands each its ports, starts and stops them in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor

from app.diagnostics.notices import NoticeBoard
from app.diagnostics.sinks import LogSinks
from app.main import troubles
from app.main.config_watch import ConfigWatch
from app.main.face import Face, Setup
from app.main.good_keeper import GoodKeeper
from app.main.pbx_line import PbxLine
from app.main.storage import Storage
from app.main.storage_watch import StorageWatch
from app.main.survival import Survival
from app.main.telephony import Telephony
from app.main.time_keeper import TimeKeeper
from app.main.update_keeper import Desk, UpdateKeeper, own_version
from app.main.watchdog import Watchdog
from app.media.room import MediaRoom
from app.model.commands import AnyCommand
from app.model.signalling import Registration
from app.model.snapshot import Snapshot
from app.signalling.sip.line import SipLine
from app.surface.rooms import Updates
from app.surface.server import PostReply
from hal.devices import Devices
from hal.linux.descriptor_store import DescriptorStore
from hal.steward import Verb
from native import Engine, EngineReport

SETTLED_AFTER = 0.5
"""Seconds after which the media thread has reported what the system gave it."""


class Phone:
    """One phone. `start` and `stop` belong to the loop; nothing here may block it for 10 ms."""

    def __init__(
        self,
        setup: Setup,
        storage: Storage,
        devices: Devices,
        engine: Engine,
        worker: ThreadPoolExecutor,
        sinks: LogSinks | None = None,
        survival: Survival | None = None,
    ) -> None:
        self._devices = devices
        self._engine = engine
        self._tasks: list[asyncio.Task[None]] = []
        self._notices = NoticeBoard(lambda: self._face.changed())
        self._telephony = Telephony(
            storage,
            devices,
            engine,
            self._notices,
            worker,
            lambda: self._face.changed(),
            survival or Survival(DescriptorStore({}), engine),
        )
        self._time = TimeKeeper(
            storage.settings,
            devices.clock,
            devices.network,
            self._notices,
            lambda: self._face.changed(),
            storage.folder,
            worker,
        )
        self._updates = self._make_updates(storage, worker)
        self._good = GoodKeeper(
            storage.settings, devices.updater, self._registered, self._settable, storage.folder, worker
        )
        self._face = Face(
            setup, storage, devices, self._telephony, self._notices, worker, self._updates_for_surfaces(), self._time
        )
        self._notices.post(*storage.notices, *troubles.device_notices(devices), *(sinks.notices if sinks else ()))
        self._storage = StorageWatch(
            storage.claim, storage.folder, self._telephony.call_list, sinks, self._notices, worker
        )
        config = storage.config
        self._config = None if config is None else ConfigWatch(config, storage.settings, self._notices, worker)

    # --- what others ask of it -----------------------------------------------------------------------------

    @property
    def media(self) -> MediaRoom:
        """The media room, whose simulated devices can be fed and taken from."""
        return self._telephony.media

    @property
    def line(self) -> SipLine | PbxLine | None:
        """The line as it is now, to look at; None while there is none."""
        return self._telephony.line.line

    @property
    def surfaces(self) -> int:
        """How many surfaces are connected."""
        return self._face.server.connected

    @property
    def apps_port(self) -> int | None:
        """Where apps on the phone connect; None while they cannot."""
        return self._face.apps.port

    def snapshot(self) -> Snapshot:
        """The picture of now, as surfaces get it."""
        return self._face.snapshot()

    def command(self, command: AnyCommand, reply: PostReply) -> None:
        """Carry out a command as a surface would have it."""
        self._face.command(command, reply)

    def engine_report(self) -> EngineReport:
        """How the media thread does."""
        return self._engine.report()

    # --- start and stop --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start every room. Raises SocketTaken when another phone serves the surfaces' socket."""
        await self._face.start()
        self._devices.start()
        await self._telephony.start()
        self._storage.start()
        self._time.start()
        if self._config is not None:
            self._config.start()
        self._devices.system.notify_ready("The phone is running")
        self._updates.start()
        self._good.start()
        self._do(self._look_at_priority())
        interval = self._devices.system.watchdog_interval
        if interval is not None:
            self._do(Watchdog(self._devices.system, lambda: self._engine.turns).run(interval))

    async def stop(self) -> None:
        """End calls, unregister, and close everything in the opposite order."""
        self._devices.system.notify_stopping()
        if self._config is not None:
            self._config.stop()
        self._good.stop()
        await self._updates.stop()
        await self._time.stop()
        for task in self._tasks:
            task.cancel()
        # Side by side: each may wait for somebody outside, and the phone has to be gone soon.
        await asyncio.gather(self._telephony.end_calls(), self._face.stop())
        await self._storage.stop()
        await self._face.close()
        self._devices.close()
        await self._telephony.close()

    async def stop_kiosk(self) -> None:
        """End the kiosk alone, so that it writes its picture."""
        await self._face.stop_kiosk()

    def _make_updates(self, storage: Storage, worker: ThreadPoolExecutor) -> UpdateKeeper:
        desk = Desk(
            self._in_call,
            lambda: self._face.activity.unused_for,
            lambda: self._devices.system.ask(Verb.RESTART),
            lambda: self._time.hour,
        )
        return UpdateKeeper(
            storage.settings, storage.folder, own_version, self._devices.updater, desk, self._notices, worker,
            lambda: self._face.changed(),
        )  # fmt: skip

    def _updates_for_surfaces(self) -> Updates:
        keeper = self._updates
        return Updates(lambda: keeper.view, keeper.install, keeper.restart, keeper.seen)

    def _in_call(self) -> bool:
        calls = self._telephony.calls
        there = calls.in_call or bool(calls.views(time.monotonic())) or self._telephony.waits_for_line
        return there or calls.off_hook

    def _registered(self) -> bool:
        return any(line.registration is Registration.UP for line in self._telephony.registrations.values())

    def _settable(self) -> bool:
        """Whether nobody gave the phone a line yet, and there is a display to do it."""
        return not self._telephony.line.facts and self.surfaces > 0

    def _do(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def _look_at_priority(self) -> None:
        await asyncio.sleep(SETTLED_AFTER)
        notice = troubles.realtime_notice(self._engine.report())
        if notice is not None:
            self._notices.post(notice)
