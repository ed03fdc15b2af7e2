"""The phone process: builds every room, hands each its ports, starts and stops them in order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.calls.control import CallControl
from app.calls.history import CallList
from app.calls.rules import CallRules
from app.diagnostics.notices import NoticeBoard
from app.main import line_setup, sound_setup
from app.main.kiosk_process import KioskProcess
from app.main.lamps import Lamps
from app.main.loop_timers import LoopTimers
from app.main.storage import Storage
from app.media.engine_events import EngineEvents
from app.media.room import MediaRoom
from app.model.commands import AnyCommand, HookEvent, KeyEvent
from app.model.flags import LogFlag
from app.model.ids import LineId
from app.model.keys import Key
from app.model.media import AudioPath, MediaEvent, PathsChanged
from app.model.signalling import LineChanged, SignallingEvent
from app.model.snapshot import Notice, Severity, Snapshot
from app.security.errors import SecurityError
from app.security.keeper import LockKeeper
from app.security.pin import PinHasher
from app.settings.errors import SettingsError
from app.settings.setting import Layer
from app.signalling.sip.line import SipLine
from app.signalling.sip.transport import PortTaken
from app.surface.executor import CommandExecutor
from app.surface.rooms import LineFacts, Rooms, Simulation
from app.surface.server import PostReply, SurfaceServer
from app.surface.snapshots import SnapshotBuilder
from hal.devices import Devices
from hal.keypad import KeyMove, PhoneKey
from hal.sim.hook import SimulatedHookSwitch
from hal.sim.keypad import SimulatedKeypad
from native import Engine, EngineReport

log = logging.getLogger(LogFlag.MAIN)

KIOSK_NOTICE = "kiosk"
KEEP_VOLUMES_AFTER = 2.0


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
        self, setup: Setup, storage: Storage, devices: Devices, engine: Engine, worker: ThreadPoolExecutor
    ) -> None:
        self._setup = setup
        self._devices = devices
        self._settings = storage.settings
        self._watchdog: asyncio.Task[None] | None = None
        self._changing: asyncio.Handle | None = None
        self._keeping: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._stoppers: list[Callable[[], None]] = []
        self._registrations: dict[LineId, LineChanged] = {}
        self._timers = LoopTimers()
        self._lamps = Lamps(devices.leds)
        self._notices = NoticeBoard(self._changed)
        self._notices.post(*storage.notices)
        self._engine = engine
        self._line = self._make_line()
        self.media = self._make_media()
        self._engine_events = EngineEvents(engine, self.media.handle)
        self._call_list = CallList(storage.call_store, storage.call_list, worker, self._changed)
        self._calls = CallControl(
            lines=[self._line] if self._line else [],
            media=self.media,
            call_list=self._call_list,
            timers=self._timers,
            changed=self._changed,
            wall_time=_wall_time,
            rules=self._call_rules,
            last_dialled=storage.call_list.last_dialled,
        )
        self._timers.fired = lambda name: self._calls.timer_fired(name, self.now())
        self._lock = LockKeeper(
            storage.lock, PinHasher(worker), self._changed, 60.0 * self._settings.current.number("lock.after")
        )
        self._rooms = self._gather()
        self._snapshots = SnapshotBuilder(self._rooms)
        self._executor = CommandExecutor(self._rooms)
        self.server = SurfaceServer(setup.socket, self._snapshots.build, self._executor.handle)
        self._kiosk = self._make_kiosk() if setup.kiosk else None

    @staticmethod
    def now() -> float:
        """The phone's monotonic second."""
        return time.monotonic()

    def snapshot(self) -> Snapshot:
        """The picture of now, as surfaces get it."""
        return self._snapshots.build()

    def command(self, command: AnyCommand, reply: PostReply) -> None:
        """Carry out a command as a surface would have it."""
        self._executor.handle(command, reply)

    def engine_report(self) -> EngineReport:
        """How the media thread does."""
        return self._engine.report()

    async def start(self) -> None:
        """Start every room. Raises OSError only when the surfaces' socket cannot be opened."""
        await self.server.start()
        if self._kiosk is not None:
            self._kiosk.start()
        self._devices.start()
        self._listen()
        self._engine.start()
        self._engine_events.start()
        if self._line is not None:
            await self._start_line(self._line)
        self._devices.system.notify_ready("The phone is running")
        interval = self._devices.system.watchdog_interval
        if interval is not None:
            self._watchdog = asyncio.create_task(self._feed_watchdog(interval))

    async def stop(self) -> None:
        """End calls, unregister, and close everything in the opposite order."""
        self._devices.system.notify_stopping()
        if self._watchdog is not None:
            self._watchdog.cancel()
        for stop in self._stoppers:
            stop()
        if self._line is not None:
            await self._line.stop()
        if self._kiosk is not None:
            await self._kiosk.stop()
        await self._executor.stop()
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

    # --- building ----------------------------------------------------------------------------------------

    def _make_line(self) -> SipLine | None:
        settings = self._settings.current
        missing = line_setup.missing_settings(settings)
        if missing is not None:
            self._notices.post(missing)
            return None
        try:
            return SipLine(line_setup.line_config(settings), self._handle_signalling)
        except SecurityError as error:
            self._notices.post(line_setup.tls_trouble(error))
            return None

    def _make_media(self) -> MediaRoom:
        settings = self._settings.current
        self._devices.audio.prefer(sound_setup.preferred_endpoints(settings))
        paths, ringer = sound_setup.device_specs(self._devices.audio.paths())
        return MediaRoom(
            self._engine,
            paths,
            ringer,
            post=self._post_media,
            address=self._own_address,
            settings=lambda: sound_setup.media_settings(self._settings.current),
            volumes=sound_setup.volumes(settings),
        )

    def _call_rules(self) -> CallRules:
        settings = self._settings.current
        return CallRules(settings.words("lock.emergency_numbers"), AudioPath(settings.text("audio.path")))

    def _own_address(self) -> str:
        """Where the far end can send voice to: our address on the way to the PBX."""
        local = None if self._line is None else self._line.local_address
        own = self._devices.network.addresses()
        return local or (own[0].address if own else "127.0.0.1")

    def _gather(self) -> Rooms:
        return Rooms(
            calls=self._calls,
            call_list=self._call_list,
            media=self.media,
            lock=self._lock,
            settings=self._settings,
            notices=self._notices,
            lines=self._line_facts(),
            registrations=self._registrations,
            now=self.now,
            simulation=self._simulation(),
        )

    def _line_facts(self) -> tuple[LineFacts, ...]:
        if self._line is None:
            return ()
        settings = self._settings.current
        number = settings.text("sip.user")
        name = settings.text("sip.display_name") or number
        return (LineFacts(self._line.id, number, name, settings.text("sip.registrar"), self._line.capabilities),)

    def _simulation(self) -> Simulation | None:
        keypad, hook = self._devices.keypad, self._devices.hook
        if not isinstance(keypad, SimulatedKeypad) or not isinstance(hook, SimulatedHookSwitch):
            return None

        def press_key(key: Key, pressed: bool) -> None:
            (keypad.press if pressed else keypad.release)(PhoneKey(key.value))

        def move_hook(off_hook: bool) -> None:
            (hook.lift if off_hook else hook.replace)()

        return Simulation(press_key, move_hook)

    def _make_kiosk(self) -> KioskProcess:
        facts = self._devices.display.facts()
        arguments = [
            f"--socket={self._setup.socket}",
            f"--presenter={facts.presenter.value}",
            f"--size={facts.width}x{facts.height}",
            f"--dpi={facts.dpi}",
        ]
        if self._setup.screenshot is not None:
            arguments.append(f"--screenshot={self._setup.screenshot}")
        return KioskProcess(arguments, self._kiosk_trouble, self._setup.window_closed)

    def _listen(self) -> None:
        devices = self._devices
        self._stoppers += [
            devices.keypad.subscribe(self._key_moved),
            devices.hook.subscribe(self._hook_moved),
            devices.audio.subscribe(lambda change: self.media.update_devices(*sound_setup.device_specs(change.paths))),
            self._settings.subscribe("display", lambda _: self._changed()),
            self._settings.subscribe("lock", lambda _: self._lock_settings_changed()),
        ]

    async def _start_line(self, line: SipLine) -> None:
        try:
            await line.start()
        except PortTaken as error:
            self._notices.post(Notice("sip.port", Severity.ERROR, str(error), "Set another sip.local_port."))

    # --- events ------------------------------------------------------------------------------------------

    def _handle_signalling(self, event: SignallingEvent) -> None:
        if isinstance(event, LineChanged):
            self._registrations[event.line] = event
            self._changed()
        self._calls.handle(event, self.now())

    def _post_media(self, event: MediaEvent) -> None:
        asyncio.get_running_loop().call_soon(self._handle_media, event)

    def _handle_media(self, event: MediaEvent) -> None:
        if isinstance(event, PathsChanged):
            self._keep_volumes(event)
        self._calls.handle(event, self.now())

    def _keep_volumes(self, paths: PathsChanged) -> None:
        """A volume the user chose outlives a restart; several quick steps are written once."""
        if self._keeping is not None:
            self._keeping.cancel()
        kept = sound_setup.volumes(self._settings.current)
        changed = {f"audio.{name}.volume": level for name, level in paths.volumes.items() if kept.get(name) != level}
        loop = asyncio.get_running_loop()
        self._keeping = loop.call_later(KEEP_VOLUMES_AFTER, self._write_volumes, changed) if changed else None

    def _write_volumes(self, changed: dict[str, int]) -> None:
        self._writing = asyncio.get_running_loop().create_task(self._store_volumes(dict(changed)))

    async def _store_volumes(self, changed: dict[str, object]) -> None:
        try:
            await self._settings.merge(Layer.USER, changed)
        except SettingsError as error:
            self._notices.post(Notice("settings.volume", Severity.WARNING, str(error), error.advice))

    def _key_moved(self, move: KeyMove) -> None:
        self._lock.used()
        self.server.send_event(KeyEvent(Key(move.key.value), move.pressed))

    def _hook_moved(self, off_hook: bool) -> None:
        self._lock.used()
        self.server.send_event(HookEvent(off_hook))
        self._calls.hook_moved(self.now(), off_hook=off_hook)

    def _lock_settings_changed(self) -> None:
        self._lock.set_idle_limit(60.0 * self._settings.current.number("lock.after"))
        self._lock.pin_changed()

    def _kiosk_trouble(self, text: str) -> None:
        self._notices.post(Notice(KIOSK_NOTICE, Severity.WARNING, text))

    def _changed(self) -> None:
        """Something visible changed: show it once for all changes of this pass of the loop."""
        if self._changing is None:
            self._changing = asyncio.get_running_loop().call_soon(self._show)

    def _show(self) -> None:
        self._changing = None
        self._lamps.show(self._snapshots.build())
        self.server.changed()

    async def _feed_watchdog(self, interval: float) -> None:
        while True:
            self._devices.system.feed_watchdog()
            await asyncio.sleep(interval)


def _wall_time(monotonic: float) -> float:
    return time.time() - time.monotonic() + monotonic
