"""Which hardware this is: a board file says which back end serves each device, and gives facts nobody can ask for."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from hal.audio import Place
from hal.display import DisplayFacts, PresenterKind
from hal.errors import BoardInvalid, BoardUnknown
from hal.leds import Led
from hal.linux.audio import PlaceConfig

BOARDS = Path(__file__).parent / "boards"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a board file; a key it does not have is a mistake."""


class AudioConfig(_Section, frozen=True):
    """`places` are by name; a simulated back end has its own."""

    backend: Literal["alsa", "simulated"]
    places: dict[Place, PlaceConfig] = {}


class KeypadConfig(_Section, frozen=True):
    """`keys` maps the kernel's key names to the phone's, beside those every keypad has."""

    backend: Literal["evdev", "simulated"]
    keys: dict[str, str] = {}


class HookConfig(_Section, frozen=True):
    """`code` is the kernel's SW_ or KEY_ name; 1 means off hook unless `inverted`."""

    backend: Literal["evdev", "simulated"]
    code: str = ""
    inverted: bool = False


class HeadsetConfig(_Section, frozen=True):
    """The buttons and lamps of USB headsets; their sound is a place of `AudioConfig`."""

    backend: Literal["hidraw", "simulated"]


class ResetConfig(_Section, frozen=True):
    """`code` is the kernel's KEY_ name of the reset button."""

    backend: Literal["evdev", "simulated"]
    code: str = ""


class BacklightConfig(_Section, frozen=True):
    """The light behind the display, where it is the phone's to set."""

    backend: Literal["sysfs", "simulated"]


class CamerasConfig(_Section, frozen=True):
    """Cameras, of which the phone tells the names."""

    backend: Literal["v4l2", "simulated"]


class LedsConfig(_Section, frozen=True):
    """`names` are the lamps' folders under /sys/class/leds."""

    backend: Literal["sysfs", "simulated"]
    names: dict[Led, str] = {}


class DisplayConfig(_Section, frozen=True):
    """The panel, in pixels and pixels an inch."""

    backend: Literal["linux", "simulated"]
    width: int
    height: int
    dpi: float
    presenter: PresenterKind = PresenterKind.WINDOW

    @property
    def facts(self) -> DisplayFacts:
        """The panel as the HAL's own type."""
        return DisplayFacts(self.width, self.height, self.dpi, self.presenter)


class UpdaterConfig(_Section, frozen=True):
    """Who replaces the system that does not run."""

    backend: Literal["rauc", "simulated"]


class Board(_Section, frozen=True):
    """A board file. `guesses` lists in words what in it is not known for certain.

    `model` is what the phone calls itself, where the machine's own word for it says less. A board without `reset`
    has no reset button for the phone, one without `backlight` a display whose light is somebody else's business.
    `settings` are tables of settings, for the board's layer; the HAL does not look into them.
    """

    name: str
    description: str
    audio: AudioConfig
    keypad: KeypadConfig
    hook: HookConfig
    headset: HeadsetConfig
    leds: LedsConfig
    display: DisplayConfig
    updater: UpdaterConfig
    cameras: CamerasConfig
    reset: ResetConfig | None = None
    backlight: BacklightConfig | None = None
    model: str = ""
    guesses: tuple[str, ...] = ()
    settings: dict[str, object] = {}


def board_names(folder: Path = BOARDS) -> tuple[str, ...]:
    """All boards there are."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_board(name: str, folder: Path = BOARDS) -> Board:
    """Read a board by its name. Raises `BoardUnknown` or `BoardInvalid`."""
    known = board_names(folder)
    if not _NAME.fullmatch(name) or name not in known:
        closest = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean '{closest[0]}'? " if closest else ""
        raise BoardUnknown(f"There is no board '{name}'.", f"{hint}The boards are {', '.join(known)}.")
    path = folder / f"{name}.toml"
    try:
        tables: Mapping[str, object] = tomllib.loads(path.read_text("utf-8"))
        board = msgspec.convert(tables, Board)
    except (OSError, ValueError) as error:  # ValidationError and TOMLDecodeError are ValueErrors
        raise BoardInvalid(f"The board file {path.name} cannot be used: {error}.", "Mend it or use another.") from error
    if board.name != name:
        raise BoardInvalid(f"{path.name} calls itself '{board.name}'.", "Give the file its board's name.")
    return board
