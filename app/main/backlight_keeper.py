"""How brightly the display shines: less when nobody has used the phone for a while, and then not at all."""

from __future__ import annotations

import asyncio
import enum
import logging
import time
from collections.abc import Callable

from app.model.flags import LogFlag
from app.model.snapshot import BacklightView, CallState, Snapshot
from app.settings.store import SettingsStore
from hal.backlight import Backlight

log = logging.getLogger(LogFlag.MAIN)

BRIGHTNESS = "display.brightness"
DIM_AFTER = "display.dim_after"
"""In seconds."""
DARK_AFTER = "display.dark_after"
"""In minutes."""
DIM_SHARE = 0.3
"""Of the brightness that is set: enough to read the clock by."""


class Glow(enum.Enum):
    """How the display shines."""

    BRIGHT = "bright"
    DIM = "dim"
    DARK = "dark"


class BacklightKeeper:
    """Belongs to the loop. `changed` is called when the display has become dark, or is dark no longer.

    What rings makes it bright; while anybody talks it is never dark, and the end of that counts as use.
    """

    def __init__(
        self,
        backlight: Backlight,
        settings: SettingsStore,
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backlight = backlight
        self._settings = settings
        self._changed = changed
        self._clock = clock
        self._used_at = clock()
        self._rings = self._talks = False
        self._glow = Glow.BRIGHT
        self._timer: asyncio.TimerHandle | None = None
        self._forget = settings.subscribe("display", lambda _: self._settings_changed())

    @property
    def view(self) -> BacklightView | None:
        """How it shines, as surfaces see it; None where there is no light to be set."""
        if not self._backlight.present:
            return None
        return BacklightView(self._settings.current.number(BRIGHTNESS), self._dark)

    @property
    def _dark(self) -> bool:
        return self._glow is Glow.DARK

    def start(self) -> None:
        """Shine; needs a running loop."""
        self.used()
        self._shine()

    def close(self) -> None:
        """Keep no timer any more, and shine for whoever comes next."""
        self._forget()
        self._stop_timer()
        if self._glow is not Glow.BRIGHT:
            self._glow = Glow.BRIGHT
            self._shine()

    def used(self) -> None:
        """A key, a touch, the hook or a headset moved."""
        self._used_at = self._clock()
        if self._glow is not Glow.BRIGHT or self._timer is None:
            self._look()

    def show(self, snapshot: Snapshot) -> None:
        """Follow what surfaces see."""
        rings = snapshot.audio.ringing or any(call.state is CallState.INCOMING for call in snapshot.calls)
        talks = bool(snapshot.calls) or snapshot.app_party is not None
        if (rings, talks) != (self._rings, self._talks):
            self._rings, self._talks = rings, talks
            self._used_at = self._clock()
            self._look()

    def _settings_changed(self) -> None:
        self._shine()
        self._look()

    def _look(self) -> None:
        """Shine as the time without use has it, and look again when that may be otherwise."""
        self._stop_timer()
        idle = self._clock() - self._used_at
        limits = {Glow.DIM: float(self._settings.current.number(DIM_AFTER))}
        if not self._talks:
            limits[Glow.DARK] = 60.0 * self._settings.current.number(DARK_AFTER)
        glow = Glow.BRIGHT
        if not self._rings:
            reached = [step for step, after in limits.items() if after and idle >= after]
            glow = reached[-1] if reached else glow
            waits = [after - idle for after in limits.values() if after > idle]
            if waits:
                self._timer = asyncio.get_running_loop().call_later(min(waits), self._look)
        if glow is not self._glow:
            was_dark, self._glow = self._dark, glow
            log.debug("the display is %s", glow.value)
            self._shine()
            if self._dark != was_dark:
                self._changed()

    def _shine(self) -> None:
        brightness = self._settings.current.number(BRIGHTNESS)
        match self._glow:
            case Glow.BRIGHT:
                self._backlight.shine(brightness)
            case Glow.DIM:
                self._backlight.shine(max(1, round(brightness * DIM_SHARE)))
            case Glow.DARK:
                self._backlight.shine(0)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
