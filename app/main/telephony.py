"""The phone without its face: engine, media, calls, call list and line, joined by their events."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from app.calls.control import CallControl
from app.calls.history import CallList
from app.calls.rules import CallRules
from app.diagnostics.notices import NoticeBoard
from app.main import sound_setup
from app.main.call_keeper import CallKeeper
from app.main.call_list_watch import CallListWatch
from app.main.ice_servers import IceServerLookup
from app.main.line_keeper import LineKeeper
from app.main.line_setup import LINE
from app.main.loop_timers import LoopTimers
from app.main.name_keeper import NameKeeper
from app.main.network_watch import NetworkWatch
from app.main.pbx_facts_keeper import PbxFactsKeeper
from app.main.pbx_keeper import PbxKeeper
from app.main.recording_keeper import RecordingKeeper, recording_rules
from app.main.search_keeper import SearchKeeper
from app.main.sound_keeper import SoundKeeper
from app.main.storage import Storage
from app.main.survival import Survival
from app.media.engine_events import EngineEvents
from app.media.room import MediaRoom
from app.model.flags import LogFlag
from app.model.ids import LineId
from app.model.media import AudioPath, MediaEvent, PathsChanged
from app.model.signalling import LineChanged, Registration, SignallingEvent
from app.pbx.session_store import LearntStore, SessionStore
from app.security.media_identity import MediaIdentity
from app.settings.derived import Derived
from app.settings.emergency import emergency_numbers
from app.settings.layers import Layers
from hal.devices import Devices
from native import Engine

if TYPE_CHECKING:
    from app.pbx.client import PbxClient

log = logging.getLogger(LogFlag.MAIN)

NO_MAC = "000000000000"
"""In the names of recordings, where the machine has no wired interface."""


class Telephony:
    """Everything here belongs to the loop. `changed` is called when something visible changed.

    `registrations` is the newest word of each line. `listen` hears, after the calls, what the media room tells, and
    `pbx_moved` is called when the session with the PBX has changed.
    """

    def __init__(
        self,
        storage: Storage,
        devices: Devices,
        engine: Engine,
        notices: NoticeBoard,
        worker: ThreadPoolExecutor,
        changed: Callable[[], None],
        survival: Survival,
    ) -> None:
        self._settings = storage.settings
        self._devices = devices
        self._engine = engine
        self._changed = changed
        self._stoppers: tuple[Callable[[], None], ...] = ()
        self._timers = LoopTimers()
        self.registrations: dict[LineId, LineChanged] = {}
        self.listen: Callable[[MediaEvent], None] = lambda _: None
        self.pbx_moved: Callable[[], None] = lambda: None
        self._ice_servers = IceServerLookup(self._settings)
        self._pbx_facts = PbxFactsKeeper(self._settings, self._ice_servers, notices)
        mac = devices.system.identity().mac_address or NO_MAC
        self._recordings = RecordingKeeper(
            self._settings, storage.folder, mac, lambda: self.line.number, engine, notices, worker, self._post_media
        )
        self.media = self._make_media()
        self._engine_events = EngineEvents(engine, self.media.handle)
        self._call_list_watch = CallListWatch(storage.folder, notices, lambda: self.call_list.write_owed())
        written = self._call_list_watch.written
        self.call_list = CallList(storage.call_store, storage.call_list, worker, changed, written)
        rules = Derived(self._settings, _call_rules)
        self.calls = CallControl(
            lines=(),
            media=self.media,
            call_list=self.call_list,
            timers=self._timers,
            changed=self._calls_changed,
            wall_time=_wall_time,
            rules=lambda: rules.current,
            last_dialled=storage.call_list.last_dialled,
        )
        self._timers.fired = lambda name: self.calls.timer_fired(name, time.monotonic())
        self.line = LineKeeper(self._settings, self.calls, notices, worker, self._handle_signalling, mac)
        self.pbx = PbxKeeper(
            self._settings,
            notices,
            worker,
            lambda: self.calls.in_call,
            lambda: self.calls.line_busy(LINE),
            self._pbx_changed,
            SessionStore(storage.folder, worker),
            LearntStore(storage.folder, worker),
        )
        self.pbx.made = self._pbx_made
        self._names = NameKeeper(self.calls)
        self.search = SearchKeeper(changed)
        self._keeper = CallKeeper(survival, self.calls, self.media, self.line)
        self._network: NetworkWatch | None = None
        self._sound = SoundKeeper(self._settings, devices.audio, self.media, notices)

    async def start(self) -> None:
        """Start the engine and the line. Never raises for what the world is like."""
        self._sound.start()
        self._stoppers = tuple(
            self._settings.subscribe(prefix, lambda _: self.calls.rules_changed(time.monotonic()))
            for prefix in ("ring", "recording", "calls")
        )
        self._engine.start()
        self._engine_events.start()
        self._ice_servers.start()
        self._recordings.start()
        self.pbx.start()
        await self.line.start()
        self._network = NetworkWatch(self._devices.network, self.line, self.pbx, self.media, self._ice_servers)

    @property
    def waits_for_line(self) -> bool:
        """Whether there are calls that outlived a process, and are heard but not shown yet."""
        return self._keeper.waits_for_line

    def try_again(self) -> None:
        """Somebody thinks that the line can register, or the PBX be reached, now."""
        self.line.try_again()
        self.pbx.try_again()

    async def end_calls(self) -> None:
        """End all calls and unregister, and write what the user turned last."""
        if self._network is not None:
            await self._network.stop()
        await self._ice_servers.stop()
        await asyncio.gather(self._leave_pbx(), self._sound.stop())
        await self._recordings.stop()

    async def close(self) -> None:
        """Let go of everything; the engine itself is closed by who made it."""
        for stop in self._stoppers:
            stop()
        self._keeper.stop()
        self._timers.close()
        self._engine_events.stop()
        self.media.close_all()
        self._call_list_watch.stop()
        await asyncio.wrap_future(self.call_list.close())

    async def _leave_pbx(self) -> None:
        """The line first: it may end its calls over the session."""
        await self.line.stop()
        await self.pbx.stop()
        await self._pbx_facts.stop()

    # --- building ----------------------------------------------------------------------------------------

    def _make_media(self) -> MediaRoom:
        settings, audio = self._settings.current, self._devices.audio
        audio.prefer(sound_setup.preferred_endpoints(settings))
        paths, ringer = sound_setup.device_specs(audio.paths())
        return MediaRoom(
            self._engine,
            paths,
            ringer,
            post=self._post_media,
            address=self._own_address,
            addresses=self._own_addresses,
            servers=lambda: self._ice_servers.current,
            settings=lambda: sound_setup.media_settings(self._settings.current),
            volumes=sound_setup.volumes(settings),
            acoustics=sound_setup.acoustics(settings),
            recorder=self._recordings.recorder,
            identity=MediaIdentity(),
        )

    def _own_addresses(self) -> tuple[str, ...]:
        """All that others may reach us by."""
        return tuple(one.address for one in self._devices.network.addresses() if one.reachable)

    def _own_address(self) -> str:
        """Where the far end can send voice to: our address on the way to the PBX."""
        own = self._devices.network.addresses()
        return self.line.local_address or (own[0].address if own else "127.0.0.1")

    # --- events ------------------------------------------------------------------------------------------

    def _handle_signalling(self, event: SignallingEvent) -> None:
        if isinstance(event, LineChanged):
            self.registrations[event.line] = event
            if event.registration is Registration.UP:
                self._pbx_facts.registered(self.line.pbx_facts)
            if event.reason:
                log.warning("%s is %s: %s. %s", event.line, event.registration, event.reason.rstrip("."), event.advice)
            self._changed()
        self.calls.handle(event, time.monotonic())

    def _post_media(self, event: MediaEvent) -> None:
        """The media room tells, perhaps from inside a call to it."""
        asyncio.get_running_loop().call_soon(self._handle_media, event)

    def _handle_media(self, event: MediaEvent) -> None:
        if isinstance(event, PathsChanged):
            self._sound.paths_changed(event)
        self.calls.handle(event, time.monotonic())
        self.listen(event)

    def _pbx_made(self, client: PbxClient | None) -> None:
        self.line.pbx_made(client)
        self._names.pbx_made(client)
        self.search.pbx_made(client)

    def _pbx_changed(self) -> None:
        self.pbx_moved()
        self._changed()

    def _calls_changed(self) -> None:
        self._keeper.calls_changed()
        self.line.calls_changed()
        self.pbx.calls_changed()
        self._names.calls_changed()
        self._changed()


def _call_rules(settings: Layers) -> CallRules:
    return CallRules(
        emergency_numbers(settings),
        AudioPath(settings.text("audio.path")),
        settings.number("calls.at_once"),
        silent=settings.switch("ring.silent"),
        do_not_disturb=settings.switch("calls.do_not_disturb"),
        call_waiting=settings.switch("calls.call_waiting"),
        hold_reminder=settings.number("calls.hold_reminder"),
        reconnect_time=settings.number("calls.reconnect_time"),
        follow_transfers=settings.switch("calls.follow_transfers"),
        recording=recording_rules(settings),
    )


def _wall_time(monotonic: float) -> float:
    return time.time() - time.monotonic() + monotonic
