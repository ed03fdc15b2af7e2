"""What a screen is built from: the phone's truth, the user's own place in the kiosk, and the measures of the panel."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Callable

import msgspec

from app.kiosk.geometry import Rect
from app.kiosk.intents import Place
from app.kiosk.multitap import Letters, Tap
from app.kiosk.text import TextEngine
from app.kiosk.theme import Panel, Theme
from app.model.quality import Quality
from app.model.services import DiversionKind, TransferState, TransferView
from app.model.signalling import Registration
from app.model.snapshot import CallState, CallView, LineView, Snapshot

Say = Callable[[str], str]
"""Turns an English phrase into the user's language."""


class PinStep(enum.StrEnum):
    """The steps of setting a PIN."""

    OLD = "old"
    NEW = "new"
    REPEAT = "repeat"


class Field(enum.Enum):
    """A text that is being typed."""

    SERVER = "server"
    USER = "user"
    PASSWORD = "password"  # noqa: S105 - the name of a field
    NOTE = "note"
    SEARCH = "search"
    ZONE = "zone"


@dataclasses.dataclass(frozen=True)
class UiState:
    """What only the kiosk knows. Frozen; `app.kiosk.situation` replaces it."""

    place: Place = Place.IDLE
    typed: str = ""
    """The number being dialled."""
    pin: str = dataclasses.field(default="", repr=False)
    pin_step: PinStep = PinStep.NEW
    pin_old: str = dataclasses.field(default="", repr=False)
    pin_new: str = dataclasses.field(default="", repr=False)
    field: Field | None = None
    text: str = dataclasses.field(default="", repr=False)
    """What was typed into the field."""
    tap: Tap | None = None
    letters: Letters = Letters.LOWER
    login_server: str = ""
    login_user: str = ""
    """What was typed in the steps before."""
    keypad_shown: bool = False
    party: str = ""
    """The chosen party of the conference, by its call."""
    diverting: DiversionKind = DiversionKind.ALWAYS
    """The diversion whose number is being typed."""
    sending_on: str = ""
    """The ringing call whose next number is being typed."""
    missed_only: bool = False
    selected: int = 0
    """The chosen row of the call list."""
    top: int = 0
    """The first row of the call list that is shown."""
    message: str = ""
    """What the phone last refused or the kiosk has to say; taken away after a while."""
    pressed: str = ""
    """The node under a finger or a key that is down."""


@dataclasses.dataclass(frozen=True)
class View:
    """Everything a screen may look at."""

    snapshot: Snapshot
    ui: UiState
    panel: Panel
    text: TextEngine
    theme: Theme
    now: float
    """The phone's monotonic seconds."""
    wall: dt.datetime
    """The time where the phone stands."""
    say: Say

    def px(self, drawn: float) -> int:
        """A length as drawn at 133 dpi in pixels of the panel."""
        return self.panel.px(drawn)

    @property
    def screen(self) -> Rect:
        """The whole panel."""
        return Rect(0, 0, self.panel.width, self.panel.height)

    @property
    def line(self) -> LineView | None:
        """The first line, or None while there is none."""
        return self.snapshot.lines[0] if self.snapshot.lines else None

    @property
    def registered(self) -> bool:
        """Whether a line is up."""
        return any(line.registration is Registration.UP for line in self.snapshot.lines)

    @property
    def line_waits(self) -> bool:
        """Whether the line is neither registered nor trying."""
        return self.line is not None and self.line.registration in (Registration.DOWN, Registration.REFUSED)

    @property
    def incoming(self) -> CallView | None:
        """The call that rings, or None."""
        return next((call for call in self.snapshot.calls if call.state is CallState.INCOMING), None)

    @property
    def sent_on(self) -> CallView | None:
        """The ringing call that the user sends on, as long as he chooses where to and it rings."""
        call = self.incoming
        choosing = call is not None and call.id == self.ui.sending_on and not self.snapshot.lock.locked
        return call if choosing else None

    @property
    def active(self) -> CallView | None:
        """The call the keys mean, or None; one that has ended gives way to one that rings."""
        passed_over = {CallState.INCOMING} if self.incoming is None else {CallState.INCOMING, CallState.ENDED}
        calls = [call for call in self.snapshot.calls if call.state not in passed_over]
        return next((call for call in calls if call.id == self.snapshot.active), calls[0] if calls else None)

    @property
    def talking(self) -> bool:
        """Whether keys for microphone and ear mean a conversation: a call, or one that an app has."""
        return self.active is not None or self.snapshot.app_party is not None

    @property
    def choosing_transfer(self) -> TransferView | None:
        """The transfer for which somebody is to be chosen now; a call that rings comes first."""
        transfer = self.snapshot.transfer
        choosing = transfer is not None and transfer.state is TransferState.CHOOSING
        return transfer if choosing and self.incoming is None and not self.snapshot.lock.locked else None

    @property
    def parties(self) -> tuple[CallView, ...]:
        """The parties of the conference, with those who have just gone."""
        return tuple(call for call in self.snapshot.calls if call.in_conference)

    @property
    def chosen_party(self) -> CallView | None:
        """The party whose keys are shown, or None for those of all."""
        running = (call for call in self.parties if call.state is not CallState.ENDED)
        return next((call for call in running if call.id == self.ui.party), None)

    @property
    def others(self) -> tuple[CallView, ...]:
        """The calls besides the active one that do not ring; of a conference only the party to come back by."""
        active = self.active
        if active is None:
            return ()
        calls = [call for call in self.snapshot.calls if call.state is not CallState.INCOMING and call.id != active.id]
        running = [call for call in calls if call.in_conference and call.state is not CallState.ENDED]
        door = sorted(running, key=lambda call: call.state is CallState.HELD)[:1]
        return tuple(call for call in calls if not call.in_conference or (call in door and not active.in_conference))

    @property
    def time_now(self) -> str:
        """The time of day; dashes while nobody has told the phone."""
        return self.clock(self.wall) if self.snapshot.time.right else "--:--"

    def clock(self, moment: dt.datetime) -> str:
        """A time of day as the user wants it."""
        return self.time_of_day(moment, clock_24h=self.snapshot.display.clock_24h)

    def time_of_day(self, moment: dt.datetime, *, clock_24h: bool) -> str:
        """A time of day by the 24-hour clock, or by that of twelve hours."""
        if clock_24h:
            return f"{moment.hour:02}:{moment.minute:02}"
        return f"{moment.hour % 12 or 12}:{moment.minute:02} {self.say('am' if moment.hour < 12 else 'pm')}"


def as_shown(snapshot: Snapshot) -> Snapshot:
    """The snapshot without counters, unless they are watched: two that look the same are equal."""
    if snapshot.levels is not None:
        return msgspec.structs.replace(snapshot, generation=0, now=0.0)
    calls = tuple(
        call if call.quality is None else msgspec.structs.replace(call, quality=_as_shown(call.quality))
        for call in snapshot.calls
    )
    return msgspec.structs.replace(snapshot, generation=0, now=0.0, calls=calls)


def _as_shown(quality: Quality) -> Quality:
    return Quality(
        stream=quality.stream,
        codec=quality.codec,
        packets_sent=0,
        packets_received=0,
        lost=0,
        jitter_ms=0.0,
        round_trip_ms=None,
        playout_delay_ms=0.0,
        bars=quality.bars,
        cause=quality.cause,
    )


def duration(seconds: float) -> str:
    """A talking time as minutes and seconds of two figures each, with hours in front where there are any."""
    whole = max(0, int(seconds))
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"
