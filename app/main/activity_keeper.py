"""Follows whether somebody uses the phone, by the loop's clock and the setting, and tells each change once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from app.model.flags import LogFlag
from app.pbx.activity import UserActivity
from app.settings.store import SettingsStore
from hal.listeners import Listeners

log = logging.getLogger(LogFlag.MAIN)

SETTING = "presence.inactive_after"
"""In minutes."""


class ActivityKeeper:
    """Belongs to the loop. `close` it at the end."""

    def __init__(self, settings: SettingsStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._activity = UserActivity(self._limit(), clock())
        self._used = clock()
        self._told = False
        self._timer: asyncio.TimerHandle | None = None
        self._listeners: Listeners[bool] = Listeners()
        self._forget = settings.subscribe(SETTING, lambda _: self._limit_changed())
        self._after()

    @property
    def inactive(self) -> bool:
        """Whether nobody has used the phone for the time that is set."""
        return self._activity.inactive

    @property
    def unused_for(self) -> float:
        """Seconds since somebody used the phone last, or since its start."""
        return self._clock() - self._used

    def subscribe(self, told: Callable[[bool], None]) -> Callable[[], None]:
        """Have `told` called with every new `inactive`; call the result to stop. `PbxClient.set_activity` fits."""
        return self._listeners.add(told)

    def used(self) -> None:
        """A key, a touch, the hook or a headset moved."""
        self._used = self._clock()
        self._activity.used(self._used)
        self._after()

    def close(self) -> None:
        """Keep no timer any more."""
        self._forget()
        self._stop_timer()

    def _limit(self) -> float:
        return 60.0 * self._settings.current.number(SETTING)

    def _limit_changed(self) -> None:
        self._activity.set_limit(self._limit(), self._clock())
        self._stop_timer()
        self._after()

    def _due(self) -> None:
        self._timer = None
        self._activity.tick(self._clock())
        self._after()

    def _after(self) -> None:
        """A timer that is set already may come early: it finds out how long is left, and use costs no timer."""
        deadline = self._activity.deadline
        if deadline is not None and self._timer is None:
            delay = max(0.0, deadline - self._clock())
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)
        if self._activity.inactive != self._told:
            self._told = self._activity.inactive
            log.info("the user is %s", "inactive" if self._told else "active")
            self._listeners.tell(self._told)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
