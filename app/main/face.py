"""The phone's face: what is shown, and what keys, hook and surfaces ask for, under the lock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.diagnostics.notices import NoticeBoard
from app.main import troubles
from app.main.activity_keeper import ActivityKeeper
from app.main.app_service import AppService
from app.main.backlight_keeper import BacklightKeeper
from app.main.disturb_keeper import DisturbKeeper
from app.main.headset_keeper import HeadsetKeeper
from app.main.kiosk_process import KioskProcess, kiosk_command
from app.main.lamps import Lamps
from app.main.pbx_talk import PbxTalk
from app.main.phone_for_apps import PhoneForApps
from app.main.reset_keeper import ResetKeeper
from app.main.retry import keep_trying
from app.main.simulation import simulation_of
from app.main.storage import Storage
from app.main.telephony import Telephony
from app.main.time_keeper import TimeKeeper
from app.model import dialplan
from app.model.commands import AnyCommand, DialEvent, HookEvent, KeyEvent
from app.model.keys import Key
from app.model.snapshot import CallState, MachineView, Notice, Snapshot
from app.security.keeper import LockKeeper
from app.security.pin import PinHasher
from app.surface.claim import SocketTaken
from app.surface.executor import CommandExecutor
from app.surface.rooms import Rooms, Updates
from app.surface.server import PostReply, SurfaceServer
from app.surface.snapshots import SnapshotBuilder
from hal.audio import AudioChange
from hal.devices import Devices
from hal.keypad import KeyMove
from hal.status import DeviceStatus, Presence

NO_SETTINGS = b"{}"
"""Of a PBX that there is none of."""
GATHERING_SECONDS = 0.005
"""Changes come in bursts, as a call is set up; a display that draws 30 times a second needs one snapshot of each."""


@dataclass(frozen=True)
class Setup:
    """How this phone is seen, apart from its settings.

    `screenshot` is where the kiosk leaves a picture at its end; `window_closed` is called when the user closes the
    kiosk's window, which otherwise comes back.
    """

    socket: Path
    kiosk: bool = True
    screenshot: Path | None = None
    window_closed: Callable[[], None] | None = None


class Face:
    """Lock, socket, kiosk, lamps, the service for apps, and whether somebody is there. Belongs to the loop."""

    def __init__(
        self,
        setup: Setup,
        storage: Storage,
        devices: Devices,
        telephony: Telephony,
        notices: NoticeBoard,
        worker: ThreadPoolExecutor,
        updates: Updates,
        time_keeper: TimeKeeper,
    ) -> None:
        self._setup = setup
        self._settings = storage.settings
        self._devices = devices
        self._telephony = telephony
        self._calls = telephony.calls
        self._call_list = telephony.call_list
        self._notices = notices
        self._changing: asyncio.Handle | None = None
        self._opening: asyncio.Task[None] | None = None
        self._stoppers: tuple[Callable[[], None], ...] = ()
        self._lamps = Lamps(devices.leds)
        self._headsets = HeadsetKeeper(devices.headsets, devices.audio, notices, self.snapshot, self.command)
        self.activity = ActivityKeeper(storage.settings)
        light = devices.backlight
        self._backlight = None if light is None else BacklightKeeper(light, storage.settings, self.changed)
        self._identity = devices.system.identity()
        self._reset = (
            None
            if devices.reset is None
            else ResetKeeper(devices.reset, devices.system, notices, self._any_call, self._used)
        )
        self._talk = PbxTalk(telephony.pbx, self.activity, storage.settings, notices, self.changed)
        self._disturb = DisturbKeeper(lambda: telephony.pbx.status, storage.settings, notices, self._talk.set_presence)
        telephony.pbx_moved = self._pbx_moved
        self._lock = LockKeeper(storage.lock, PinHasher(worker), self._lock_changed, self._lock_after())
        rooms = self._gather(telephony, updates, time_keeper)
        self._snapshots = SnapshotBuilder(rooms)
        self._executor = CommandExecutor(rooms)
        self.server = SurfaceServer(setup.socket, self._snapshots.build, self.command)
        self.apps = AppService(
            storage.settings, telephony.calls, telephony.media, notices, PhoneForApps(rooms, self._executor.obey)
        )
        telephony.listen = self.apps.handle
        command = kiosk_command(setup.socket, devices.display.facts(), setup.screenshot)
        self._kiosk = KioskProcess(command, self._kiosk_trouble, setup.window_closed) if setup.kiosk else None

    def _gather(self, telephony: Telephony, updates: Updates, time_keeper: TimeKeeper) -> Rooms:
        return Rooms(
            calls=telephony.calls,
            call_list=telephony.call_list,
            media=telephony.media,
            lock=self._lock,
            settings=self._settings,
            notices=self._notices,
            lines=lambda: telephony.line.facts,
            registrations=telephony.registrations,
            register=telephony.try_again,
            now=time.monotonic,
            inactive=lambda: self.activity.inactive,
            pbx=lambda: telephony.pbx.status,
            client_settings=lambda: (
                NO_SETTINGS if telephony.pbx.client is None else telephony.pbx.client.admin_settings
            ),
            set_presence=self._disturb.set_presence,
            people=lambda: self._talk.people,
            search=telephony.search.search,
            found=lambda: telephony.search.people,
            prepare_dial=lambda number: self.server.send_event(DialEvent(number)),
            updates=updates,
            time=lambda: time_keeper.view,
            machine=self._machine,
            backlight=lambda: None if self._backlight is None else self._backlight.view,
            simulation=simulation_of(self._devices),
        )

    def snapshot(self) -> Snapshot:
        """The picture of now, as surfaces get it."""
        return self._snapshots.build()

    def command(self, command: AnyCommand, reply: PostReply) -> None:
        """Carry out a command of a surface, where somebody touched something."""
        self._somebody_is_here()
        self._executor.handle(command, reply)

    def changed(self) -> None:
        """Something visible changed: it is shown soon, once for all changes until then."""
        if self._changing is None:
            self._changing = asyncio.get_running_loop().call_later(GATHERING_SECONDS, self._show)

    # --- start and stop --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the socket and start the kiosk. Raises SocketTaken when another phone serves the socket."""
        await self._open_socket()
        self._lock_changed()
        self.apps.start()
        if self._kiosk is not None:
            self._kiosk.start()
        if self._backlight is not None:
            self._backlight.start()
        self._stoppers = (
            self._devices.keypad.subscribe(self._key_moved),
            self._devices.keypad.watch(self._keypad_stands),
            self._devices.hook.subscribe(self._hook_moved),
            self._headsets.start(),
            self._devices.audio.subscribe(self._cards_moved),
            self._devices.cameras.subscribe(lambda _: self.changed()),
            *(() if self._reset is None else (self._reset.start(),)),
            self.activity.subscribe(lambda _: self.changed()),
            self._settings.subscribe("display", lambda _: self.changed()),
            self._settings.subscribe("ring", lambda _: self.changed()),
            self._settings.subscribe("recording", lambda _: self.changed()),
            self._settings.subscribe("calls", lambda _: self.changed()),
            self._settings.subscribe("lock", lambda _: self._lock_settings_changed()),
        )

    async def stop(self) -> None:
        """Listen to nobody any more; what was asked for comes to its end."""
        if self._opening is not None:
            self._opening.cancel()
        for stop in self._stoppers:
            stop()
        await asyncio.gather(
            self.stop_kiosk(), self._executor.stop(), self.apps.stop(), self._talk.stop(), self._disturb.stop()
        )

    async def close(self) -> None:
        """Let go of the socket."""
        self._lock.close()
        self.activity.close()
        if self._backlight is not None:
            self._backlight.close()
        await self.server.stop()
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
            self._opening = asyncio.create_task(self._open_socket_later())

    async def _open_socket_later(self) -> None:
        await keep_trying(self.server.start, self._socket_failed)
        self._notices.clear(troubles.SURFACE_NOTICE)

    def _socket_failed(self, error: OSError) -> None:
        self._notices.post(troubles.socket_notice(self._setup.socket, error))

    # --- events ----------------------------------------------------------------------------------------------

    def _key_moved(self, move: KeyMove) -> None:
        """Whoever shows something knows what a key means."""
        self._used()
        if move.pressed:
            self._calls.key_pressed(time.monotonic())
        self.server.send_event(KeyEvent(Key(move.key.value), move.pressed))

    def _keypad_stands(self, status: DeviceStatus) -> None:
        wrong = status.presence in (Presence.FAILED, Presence.MISSING)
        self._notices.replace(
            troubles.KEYPAD_NOTICE, [troubles.status_notice(troubles.KEYPAD_NOTICE, status)] if wrong else []
        )

    def _hook_moved(self, off_hook: bool) -> None:
        self._used()
        self.server.send_event(HookEvent(off_hook))
        self._calls.hook_moved(time.monotonic(), off_hook=off_hook)

    def _cards_moved(self, change: AudioChange) -> None:
        """A headset that somebody plugs or unplugs; other cards come and go by themselves."""
        if any(card.usb for card in (*change.arrived, *change.left)):
            self._used()

    def _used(self) -> None:
        self._lock.used()
        self._somebody_is_here()

    def _any_call(self) -> bool:
        calls = self._calls.views(time.monotonic())
        shown = self._calls.in_call or any(call.state is not CallState.ENDED for call in calls)
        return shown or self._telephony.waits_for_line

    def _somebody_is_here(self) -> None:
        self.activity.used()
        if self._backlight is not None:
            self._backlight.used()

    def _machine(self) -> MachineView:
        who = self._identity
        cameras = tuple(camera.name for camera in self._devices.cameras.cameras())
        return MachineView(who.model, who.revision, who.serial, who.mac_address, cameras)

    def _pbx_moved(self) -> None:
        self._talk.look()
        self._disturb.look()

    def _lock_changed(self) -> None:
        self._calls.lock_moved(time.monotonic(), locked=self._lock.view.locked)
        self.changed()

    def _lock_settings_changed(self) -> None:
        self._lock.set_idle_limit(self._lock_after())
        self._lock.pin_changed()
        self.changed()

    def _lock_after(self) -> float:
        return 60.0 * self._settings.current.number("lock.after")

    def _kiosk_trouble(self, notice: Notice | None) -> None:
        if notice is None:
            self._notices.clear("kiosk")
        else:
            self._notices.post(notice)

    def _show(self) -> None:
        self._changing = None
        self._talk.watch(self._colleagues())
        snapshot = self._snapshots.build()
        self._lamps.show(snapshot)
        self._headsets.show(snapshot)
        if self._backlight is not None:
            self._backlight.show(snapshot)
        self.server.publish(snapshot)
        self.apps.refresh()

    def _colleagues(self) -> Iterator[str]:
        """The numbers at the PBX of those whom the phone talks to, and talked to last."""
        digits = self._settings.current.number("recording.internal_digits")
        calls = (call.party.number for call in self._calls.views(time.monotonic()))
        for number in (*calls, *(record.party.number for record in self._call_list.newest)):
            if not dialplan.is_external(number, digits):
                yield number
