"""Carries each room's events to the rooms that want them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from app.calls.control import CallControl
from app.main.sound_keeper import SoundKeeper
from app.model.commands import HookEvent, KeyEvent
from app.model.flags import LogFlag
from app.model.ids import LineId
from app.model.keys import Key
from app.model.media import MediaEvent, PathsChanged
from app.model.signalling import LineChanged, SignallingEvent
from app.security.keeper import LockKeeper
from app.surface.server import SurfaceServer
from hal.keypad import KeyMove

log = logging.getLogger(LogFlag.MAIN)


class Events:
    """Everything here runs on the loop. `registrations` is the newest word of each line; `changed` hears of it."""

    def __init__(self, registrations: dict[LineId, LineChanged], changed: Callable[[], None]) -> None:
        self._registrations = registrations
        self._changed = changed

    def connect(self, calls: CallControl, sound: SoundKeeper, lock: LockKeeper, server: SurfaceServer) -> None:
        """Name the rooms; no event comes before."""
        self._calls = calls
        self._sound = sound
        self._lock = lock
        self._server = server

    def signalling(self, event: SignallingEvent) -> None:
        """A line tells; it posts on the loop by itself."""
        if isinstance(event, LineChanged):
            self._registrations[event.line] = event
            if event.reason:
                log.warning("%s is %s: %s. %s", event.line, event.registration, event.reason.rstrip("."), event.advice)
        self._calls.handle(event, time.monotonic())
        if isinstance(event, LineChanged):
            self._changed()

    def media(self, event: MediaEvent) -> None:
        """The media room tells, perhaps from inside a call to it."""
        asyncio.get_running_loop().call_soon(self._media, event)

    def _media(self, event: MediaEvent) -> None:
        if isinstance(event, PathsChanged):
            self._sound.paths_changed(event)
        self._calls.handle(event, time.monotonic())

    def key(self, move: KeyMove) -> None:
        """A key of the phone moved: whoever shows something knows what it means."""
        self._lock.used()
        self._server.send_event(KeyEvent(Key(move.key.value), move.pressed))

    def hook(self, off_hook: bool) -> None:
        """The handset was lifted or put down."""
        self._lock.used()
        self._server.send_event(HookEvent(off_hook))
        self._calls.hook_moved(time.monotonic(), off_hook=off_hook)
