"""The phone process: builds every room, hands each its ports, starts and stops them in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.calls.control import CallControl
from app.calls.history import CallList
from app.calls.rules import CallRules
from app.diagnostics.notices import NoticeBoard
from app.diagnostics.sinks import LogSinks
from app.main import sound_setup, troubles
from app.main.config_watch import ConfigWatch
from app.main.events import Events
from app.main.kiosk_process import KioskProcess, kiosk_command
from app.main.lamps import Lamps
from app.main.line_keeper import LineKeeper
from app.main.loop_timers import LoopTimers
from app.main.retry import keep_trying
from app.main.simulation import simulation_of
from app.main.sound_keeper import SoundKeeper
from app.main.storage import Storage
from app.main.storage_watch import StorageWatch
from app.media.engine_events import EngineEvents
from app.media.room import MediaRoom
from app.model.commands import AnyCommand
from app.model.ids import LineId
from app.model.media import AudioPath
from app.model.signalling import LineChanged
from app.model.snapshot import Notice, Snapshot
from app.security.keeper import LockKeeper
from app.security.pin import PinHasher
from app.settings.layers import Layers
from app.signalling.sip.line import SipLine
from app.surface.claim import SocketTaken
from app.surface.executor import CommandExecutor
from app.surface.rooms import Rooms
from app.surface.server import PostReply, SurfaceServer
from app.surface.snapshots import SnapshotBuilder
from hal.devices import Devices
from native import Engine, EngineReport

SETTLED_AFTER = 0.5
"""Seconds after which the media thread has reported what the system gave it."""


@dataclass(frozen=True)
class Setup:
    """How this phone runs, apart from its settings.

    `screenshot` is where the kiosk leaves a picture at its end; `window_closed` is called when the user closes the
    kiosk's window, which otherwise comes back.
    """

    socket: Path
    kiosk: bool = True
    screenshot: Path | None = None
    window_closed: Callable[[], None] | None = None


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
    ) -> None:
        self._setup = setup
        self._devices = devices
        self._engine = engine
        self._settings = storage.settings
        self._changing: asyncio.Handle | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stoppers: list[Callable[[], None]] = []
        self._registrations: dict[LineId, LineChanged] = {}
        self._lamps = Lamps(devices.leds)
        self._notices = NoticeBoard(self._changed)
        self._notices.post(*storage.notices, *troubles.device_notices(devices))
        if sinks is not None:
            self._notices.post(*sinks.notices)
        self._build_calls(storage, worker)
        self._build_surface(storage, worker)
        self._sound = SoundKeeper(self._settings, devices.audio, self.media, self._notices)
        self._events.connect(self._calls, self._sound, self._lock, self.server)
        config = storage.config
        self._storage = StorageWatch(storage.folder, self._call_list, sinks, self._notices, worker)
        self._config = None if config is None else ConfigWatch(config, self._settings, self._notices, worker)

    # --- building ----------------------------------------------------------------------------------------

    def _build_calls(self, storage: Storage, worker: ThreadPoolExecutor) -> None:
        """Media, call list, calls and their line."""
        self._events = Events(self._registrations, self._changed)
        self.media = self._make_media(self._settings.current)
        self._engine_events = EngineEvents(self._engine, self.media.handle)
        self._call_list = CallList(storage.call_store, storage.call_list, worker, self._changed)
        self._timers = LoopTimers()
        self._calls = CallControl(
            lines=(),
            media=self.media,
            call_list=self._call_list,
            timers=self._timers,
            changed=self._calls_changed,
            wall_time=_wall_time,
            rules=self._call_rules,
            last_dialled=storage.call_list.last_dialled,
        )
        self._timers.fired = lambda name: self._calls.timer_fired(name, self.now())
        self._line = LineKeeper(self._settings, self._calls, self._notices, worker, self._events.signalling)

    def _make_media(self, settings: Layers) -> MediaRoom:
        audio = self._devices.audio
        audio.prefer(sound_setup.preferred_endpoints(settings))
        paths, ringer = sound_setup.device_specs(audio.paths())
        return MediaRoom(
            self._engine,
            paths,
            ringer,
            post=self._events.media,
            address=self._own_address,
            settings=lambda: sound_setup.media_settings(self._settings.current),
            volumes=sound_setup.volumes(settings),
        )

    def _build_surface(self, storage: Storage, worker: ThreadPoolExecutor) -> None:
        """The lock, and what surfaces connect to."""
        lock_after = 60.0 * self._settings.current.number("lock.after")
        self._lock = LockKeeper(storage.lock, PinHasher(worker), self._changed, lock_after)
        rooms = Rooms(
            calls=self._calls,
            call_list=self._call_list,
            media=self.media,
            lock=self._lock,
            settings=self._settings,
            notices=self._notices,
            lines=lambda: self._line.facts,
            registrations=self._registrations,
            now=self.now,
            simulation=simulation_of(self._devices),
        )
        self._snapshots = SnapshotBuilder(rooms)
        self._executor = CommandExecutor(rooms)
        setup, facts = self._setup, self._devices.display.facts()
        self.server = SurfaceServer(setup.socket, self._snapshots.build, self._executor.handle)
        command = kiosk_command(setup.socket, facts, setup.screenshot)
        self._kiosk = KioskProcess(command, self._kiosk_trouble, setup.window_closed) if setup.kiosk else None

    # --- what others ask of it -----------------------------------------------------------------------------

    @staticmethod
    def now() -> float:
        """The phone's monotonic second."""
        return time.monotonic()

    @property
    def line(self) -> SipLine | None:
        """The line as it is now, to look at; None while there is none."""
        return self._line.line

    def snapshot(self) -> Snapshot:
        """The picture of now, as surfaces get it."""
        return self._snapshots.build()

    def command(self, command: AnyCommand, reply: PostReply) -> None:
        """Carry out a command as a surface would have it."""
        self._executor.handle(command, reply)

    def engine_report(self) -> EngineReport:
        """How the media thread does."""
        return self._engine.report()

    # --- start and stop --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start every room. Raises SocketTaken when another phone serves the surfaces' socket."""
        await self._open_socket()
        if self._kiosk is not None:
            self._kiosk.start()
        self._devices.start()
        self._listen()
        self._sound.start()
        self._engine.start()
        self._engine_events.start()
        await self._line.start()
        self._storage.start()
        if self._config is not None:
            self._config.start()
        self._devices.system.notify_ready("The phone is running")
        self._do(self._look_at_priority())
        interval = self._devices.system.watchdog_interval
        if interval is not None:
            self._do(self._feed_watchdog(interval))

    async def stop(self) -> None:
        """End calls, unregister, and close everything in the opposite order."""
        self._devices.system.notify_stopping()
        if self._config is not None:
            self._config.stop()
        for task in self._tasks:
            task.cancel()
        for stop in self._stoppers:
            stop()
        # Side by side: each may wait for somebody outside, and the phone has to be gone soon.
        await asyncio.gather(self._line.stop(), self.stop_kiosk(), self._executor.stop(), self._sound.stop())
        await self._storage.stop()
        self._lock.close()
        await self.server.stop()
        self._timers.close()
        self._engine_events.stop()
        self.media.close_all()
        self._devices.close()
        await asyncio.wrap_future(self._call_list.close())
        if self._changing is not None:
            self._changing.cancel()

    async def stop_kiosk(self) -> None:
        """End the kiosk alone, so that it writes its picture."""
        if self._kiosk is not None:
            await self._kiosk.stop()

    async def _open_socket(self) -> None:
        """A phone whose display cannot connect still rings and takes calls by its handset."""
        try:
            await self.server.start()
        except SocketTaken:
            raise
        except OSError as error:
            self._socket_failed(error)
            self._do(self._open_socket_later())

    async def _open_socket_later(self) -> None:
        await keep_trying(self.server.start, self._socket_failed)
        self._notices.clear(troubles.SURFACE_NOTICE)

    def _socket_failed(self, error: OSError) -> None:
        self._notices.post(troubles.socket_notice(self._setup.socket, error))

    def _listen(self) -> None:
        self._stoppers += [
            self._devices.keypad.subscribe(self._events.key),
            self._devices.hook.subscribe(self._events.hook),
            self._settings.subscribe("display", lambda _: self._changed()),
            self._settings.subscribe("lock", lambda _: self._lock_settings_changed()),
        ]

    async def _look_at_priority(self) -> None:
        await asyncio.sleep(SETTLED_AFTER)
        notice = troubles.realtime_notice(self._engine.report())
        if notice is not None:
            self._notices.post(notice)

    async def _feed_watchdog(self, interval: float) -> None:
        while True:
            self._devices.system.feed_watchdog()
            await asyncio.sleep(interval)

    def _do(self, work: Coroutine[None, None, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    # --- what changes --------------------------------------------------------------------------------------

    def _call_rules(self) -> CallRules:
        settings = self._settings.current
        return CallRules(settings.words("lock.emergency_numbers"), AudioPath(settings.text("audio.path")))

    def _own_address(self) -> str:
        """Where the far end can send voice to: our address on the way to the PBX."""
        own = self._devices.network.addresses()
        return self._line.local_address or (own[0].address if own else "127.0.0.1")

    def _lock_settings_changed(self) -> None:
        self._lock.set_idle_limit(60.0 * self._settings.current.number("lock.after"))
        self._lock.pin_changed()
        self._changed()

    def _kiosk_trouble(self, notice: Notice | None) -> None:
        if notice is None:
            self._notices.clear("kiosk")
        else:
            self._notices.post(notice)

    def _calls_changed(self) -> None:
        self._line.calls_changed()
        self._changed()

    def _changed(self) -> None:
        """Something visible changed: show it once for all changes of this pass of the loop."""
        if self._changing is None:
            self._changing = asyncio.get_running_loop().call_soon(self._show)

    def _show(self) -> None:
        self._changing = None
        self._lamps.show(self._snapshots.build())
        self.server.changed()


def _wall_time(monotonic: float) -> float:
    return time.time() - time.monotonic() + monotonic
