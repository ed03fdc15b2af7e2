"""What the surfaces' room needs of the rooms below it, gathered by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from app.calls.control import CallControl
from app.calls.history import CallList
from app.calls.ports import MediaPort
from app.diagnostics.notices import NoticeBoard
from app.model.ids import LineId
from app.model.keys import Key
from app.model.party import Party
from app.model.pbx import OwnActivity, PbxStatus, Person
from app.model.refusal import Refusal
from app.model.signalling import LineCapabilities, LineChanged
from app.model.snapshot import BacklightView, MachineView, TimeView, UpdateView
from app.security.keeper import LockKeeper
from app.settings.store import SettingsStore


@dataclass(frozen=True)
class LineFacts:
    """What is true of a line until its settings change."""

    id: LineId
    number: str
    name: str
    server: str
    capabilities: LineCapabilities


@dataclass(frozen=True)
class Simulation:
    """Hands for a simulated keypad and hook; a phone with real ones has none."""

    press_key: Callable[[Key, bool], None]
    move_hook: Callable[[bool], None]


@dataclass(frozen=True)
class Updates:
    """The update of the phone's software, for a surface to show and to hurry."""

    view: Callable[[], UpdateView]
    install: Callable[[], Refusal | None]
    restart: Callable[[], Coroutine[None, None, Refusal | None]]
    seen: Callable[[], None]


@dataclass(frozen=True)
class Rooms:
    """The phone, for a surface to show and to command. `now` is the monotonic second."""

    calls: CallControl
    call_list: CallList
    media: MediaPort
    lock: LockKeeper
    settings: SettingsStore
    notices: NoticeBoard
    lines: Callable[[], tuple[LineFacts, ...]]
    registrations: dict[LineId, LineChanged]
    """The newest word of each line; the composition root keeps it up to date."""
    register: Callable[[], None]
    """Has the lines that are not registered try it now."""
    now: Callable[[], float]
    inactive: Callable[[], bool]
    """Whether nobody has used the phone for the time that is set."""
    pbx: Callable[[], PbxStatus]
    """How the phone stands with an innovaphone PBX."""
    client_settings: Callable[[], bytes]
    """The PBX's settings for clients, an object as the PBX wrote it."""
    set_presence: Callable[[OwnActivity, str], Refusal | None]
    """Has others see an activity of the user, with a note."""
    people: Callable[[], tuple[Person, ...]]
    """Those at the PBX whom the phone has to do with, as far as the PBX knows of them."""
    search: Callable[[str], None]
    """Searches the PBX's contacts for a text."""
    found: Callable[[], tuple[Party, ...]]
    """Those who were found."""
    prepare_dial: Callable[[str], None]
    """Has the display show a number, ready to be called."""
    updates: Updates
    time: Callable[[], TimeView] = TimeView
    """Whose time is shown, and whether it is right."""
    machine: Callable[[], MachineView] = MachineView
    """Which phone this is."""
    backlight: Callable[[], BacklightView | None] = lambda: None
    """The light behind the display, where it is the phone's to set."""
    simulation: Simulation | None = None
