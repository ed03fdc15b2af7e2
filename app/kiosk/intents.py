"""What a touch or a key asks for, as values: a node carries one, and `app.kiosk.performer` carries it out."""

from __future__ import annotations

import dataclasses
import enum

from app.model.commands import AnyCommand, Dial
from app.model.ids import CallId
from app.model.party import Party
from app.model.services import DiversionKind


class Place(enum.StrEnum):
    """Where the user can be of his own will; calls and the lock come before it."""

    IDLE = "idle"
    DIAL = "dial"
    CALLS = "calls"
    MENU = "menu"
    THEME = "theme"
    SOUND = "sound"
    QUALITY = "quality"
    RINGER = "ringer"
    RING_TONES = "ring-tones"
    RECORDING = "recording"
    PRESENCE = "presence"
    TIME = "time"
    PBX = "pbx"
    TEXT = "text"
    PIN = "pin"
    ABOUT = "about"
    UPDATE = "update"
    EMERGENCY = "emergency"
    PICKUP = "pickup"
    INCOMING_CALLS = "incoming-calls"
    DIVERT_TO = "divert-to"


@dataclasses.dataclass(frozen=True)
class Go:
    """Show a place."""

    place: Place


@dataclasses.dataclass(frozen=True)
class Back:
    """One step back, towards idle or the call."""


@dataclasses.dataclass(frozen=True)
class Type:
    """Enter a character where characters are wanted: the number, the PIN, or DTMF in a call."""

    character: str


@dataclasses.dataclass(frozen=True)
class Write:
    """Enter this very character where text is wanted, as a keyboard has it."""

    character: str


@dataclasses.dataclass(frozen=True)
class AskLogin:
    """Ask where the phone is to log in to its PBX, and as whom."""


@dataclasses.dataclass(frozen=True)
class AskName:
    """Ask for the name of somebody to call."""


@dataclasses.dataclass(frozen=True)
class AskNote:
    """Ask for the note beside the user's presence."""


@dataclasses.dataclass(frozen=True)
class AskZone:
    """Ask for a city whose time the phone is to show."""


@dataclasses.dataclass(frozen=True)
class Erase:
    """Take the last character back."""

    everything: bool = False


@dataclasses.dataclass(frozen=True)
class Submit:
    """Done with what was typed: try the PIN, or take the next step of setting one."""


@dataclasses.dataclass(frozen=True)
class Send:
    """Send a command to the phone. Its id is a placeholder."""

    command: AnyCommand


@dataclasses.dataclass(frozen=True)
class ShowKeypad:
    """Open or close the keypad over the call."""

    shown: bool


@dataclasses.dataclass(frozen=True)
class ChooseParty:
    """Show the keys of one party of the conference, or (None) those of all."""

    call: CallId | None


@dataclasses.dataclass(frozen=True)
class Filter:
    """Show only the missed calls in the call list, or all of them."""

    missed_only: bool


@dataclasses.dataclass(frozen=True)
class Page:
    """Move a list by pages; the keys move it by themselves with the focus."""

    by: int


@dataclasses.dataclass(frozen=True)
class Choose:
    """Choose a row of the call list; a row that is chosen already is called."""

    row: int


@dataclasses.dataclass(frozen=True)
class DivertTo:
    """Ask for the number that calls of this kind are to go to."""

    kind: DiversionKind


@dataclasses.dataclass(frozen=True)
class SendOn:
    """Ask for the number that a ringing call is to go to."""

    call: CallId


@dataclasses.dataclass(frozen=True)
class Dismiss:
    """The notice was read."""


Intent = (
    Go
    | Back
    | Type
    | Write
    | AskLogin
    | AskName
    | AskNote
    | AskZone
    | Erase
    | Submit
    | Send
    | ShowKeypad
    | ChooseParty
    | Filter
    | Page
    | Choose
    | DivertTo
    | SendOn
    | Dismiss
)


def call_intent(party: Party) -> Intent:
    """Call somebody."""
    return Send(Dial(id=0, number=party.number))
