"""What the kiosk knows: the phone's newest snapshot, the user's place in it, and the time of both."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

from app.kiosk.focus import Focus
from app.kiosk.text import TextEngine
from app.kiosk.theme import NIGHT, THEMES, Panel, Theme
from app.kiosk.view import Say, UiState, View
from app.model.snapshot import Snapshot
from app.model.time_zone import TimeZoneUnknown, time_zone

MESSAGE_SECONDS = 5.0


class Situation:
    """One for a kiosk, shared by those who change it. Without a `snapshot` the phone is gone.

    `clock` gives this process's monotonic seconds, `wall` the time, in the zone that counts where the phone names none.
    """

    def __init__(
        self, panel: Panel, text: TextEngine, clock: Callable[[], float], wall: Callable[[], dt.datetime], say: Say
    ) -> None:
        self.panel = panel
        self.clock = clock
        self.wall = wall
        self.say = say
        self.snapshot: Snapshot | None = None
        self.switching_off = False
        """The machine stops; nothing that the phone still says matters."""
        self.clock_offset = 0.0
        """What the phone's monotonic seconds are ahead of ours."""
        self.state = UiState()
        self.focus = Focus()
        self.message_until = 0.0
        self._text = text

    @property
    def theme(self) -> Theme:
        """The theme the phone asks for."""
        return THEMES.get(self.snapshot.display.theme, NIGHT) if self.snapshot is not None else NIGHT

    def view(self) -> View:
        """What the screens look at."""
        return View(
            snapshot=self.snapshot or Snapshot(generation=0, now=0.0),
            ui=self.state,
            panel=self.panel,
            text=self._text,
            theme=self.theme,
            now=self.clock() + self.clock_offset,
            wall=self._here(self.wall()),
            say=self.say,
        )

    def _here(self, moment: dt.datetime) -> dt.datetime:
        zone = "" if self.snapshot is None else self.snapshot.time.zone
        try:
            return moment.astimezone(time_zone(zone)) if zone else moment
        except TimeZoneUnknown:
            return moment

    def change(self, **changes: object) -> None:
        """Give the fields of `UiState` that are named other values."""
        self.state = dataclasses.replace(self.state, **changes)  # type: ignore[arg-type]

    def tell(self, words: str) -> None:
        """Show a sentence for some seconds."""
        self.change(message=words)
        self.message_until = self.clock() + MESSAGE_SECONDS

    def forget_message(self) -> None:
        """Take a sentence away whose time is over."""
        if self.state.message and self.clock() >= self.message_until:
            self.change(message="")
