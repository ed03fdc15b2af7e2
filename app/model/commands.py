"""What a surface may ask of the phone. Each command gets exactly one `Reply` with the same `id`.

A locked phone refuses all but `Answer`, `Reject`, `HangUp`, `Unlock`, `Silence`, `Used`, changes of volume, path
and who listens, `PressKey`/`MoveHook`, and a `Dial` of an emergency number (mission row A11).
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from app.model.ids import CallId, LineId
from app.model.keys import Key
from app.model.media import AudioPath
from app.model.pbx import OwnActivity
from app.model.services import DiversionKind


class Command(msgspec.Struct, frozen=True, tag=True, tag_field="command"):
    """The base of all commands. `id` is the surface's own number for the reply."""

    id: int


class Dial(Command, frozen=True):
    """Call a number, or start an empty call for overlap dialling where the line can."""

    number: str
    line: LineId | None = None


class PrepareDial(Command, frozen=True):
    """Have the display show a number, ready to be called."""

    number: str


class Answer(Command, frozen=True):
    """Take an incoming call (None: the one that rings); a call that is on is held first."""

    call: CallId | None = None


class Reject(Command, frozen=True):
    """Refuse an incoming call."""

    call: CallId | None = None


class Deflect(Command, frozen=True):
    """Send an incoming call (None: the one that rings) to another number."""

    number: str
    call: CallId | None = None


class HangUp(Command, frozen=True):
    """End a call in any state (None: an app's voice that the user hears, else the active one or its whole conference).

    `whole` means all of the conference that the call is in.
    """

    call: CallId | None = None
    whole: bool = False


class Hold(Command, frozen=True):
    """Hold a call (None: the active one; out of a conference the user steps, and its parties go on)."""

    call: CallId | None = None


class Retrieve(Command, frozen=True):
    """Take a held call or the conference back; another call that is on is held first."""

    call: CallId | None = None


class Swap(Command, frozen=True):
    """Hold the active call and retrieve the other."""


class Join(Command, frozen=True):
    """Bring a held call, or the conference, (None: the newest) together with the call the user is in: a conference."""

    call: CallId | None = None


class Split(Command, frozen=True):
    """Take a party out of the conference and talk with it alone; the others go on."""

    call: CallId


class MuteParty(Command, frozen=True):
    """Let nobody hear a party of the conference, or let it be heard again."""

    call: CallId
    muted: bool


class SetPartyLevel(Command, frozen=True):
    """Make a party of the conference softer or louder for all others, -12 to 12 dB; 0 leaves it as it comes."""

    call: CallId
    level_db: int


class Leave(Command, frozen=True):
    """Go, and let the PBX join the two parties of the conference; refused where it cannot."""


class BeginTransfer(Command, frozen=True):
    """Hold a call (None: the active one) to pass it on; a `Dial` or a second call is the consultation."""

    call: CallId | None = None


class Transfer(Command, frozen=True):
    """Blind transfer to a number: of the call that is being passed on, else of this one (None: the active one)."""

    number: str
    call: CallId | None = None


class CompleteTransfer(Command, frozen=True):
    """Bring the call and the consultation together, also while that still rings."""


class CancelTransfer(Command, frozen=True):
    """Back to the call that was being passed on, in whatever state that is."""


class Park(Command, frozen=True):
    """Have the PBX keep a call (None: the active one) where others can take it, at a position (empty: anywhere)."""

    call: CallId | None = None
    position: str = ""


class PickUp(Command, frozen=True):
    """Take a call of the group, or a parked one, by the name that the line's services have for it."""

    line: LineId
    call: str


class Divert(Command, frozen=True):
    """Have the PBX send calls of a line elsewhere, or with an empty number no longer."""

    line: LineId
    kind: DiversionKind
    number: str


class Mute(Command, frozen=True):
    """Close or open the microphone."""

    muted: bool


class SendDigits(Command, frozen=True):
    """Send DTMF digits (0-9 * # A-D) in a call."""

    digits: str
    call: CallId | None = None


class Record(Command, frozen=True):
    """Have a call recorded (None: what the user is in), or no longer; refused where that is not the user's to say."""

    on: bool
    call: CallId | None = None


class Watch(Command, frozen=True):
    """Somebody looks at the figures of the active call: they and its levels move until told otherwise, for minutes."""

    on: bool


class Redial(Command, frozen=True):
    """Call the last dialled number again."""


class Silence(Command, frozen=True):
    """Stop ringing; the call goes on alerting."""


class SelectPath(Command, frozen=True):
    """Move the voice to a path."""

    path: AudioPath


class ListenInGroup(Command, frozen=True):
    """Let the loudspeaker play beside the handset or headset until the call is over, or end that."""

    on: bool


class SetVolume(Command, frozen=True):
    """Set the path's volume, or the ringer's, in percent."""

    percent: int
    ringer: bool = False


class PreviewRing(Command, frozen=True):
    """Play a ring tone once, for choosing; an empty name stops it. Silent while the phone rings."""

    tone: str


class Search(Command, frozen=True):
    """Search the PBX's contacts for a name or a number; what is found is in the snapshots that follow."""

    text: Annotated[str, msgspec.Meta(max_length=128)]


class DescribeCall(Command, frozen=True):
    """Show some words beside a call, which an app knows about it; empty words take them back."""

    call: CallId
    words: Annotated[str, msgspec.Meta(max_length=160)]


class MarkSeen(Command, frozen=True):
    """The user has looked at the missed calls."""


class Lock(Command, frozen=True):
    """Lock the phone; refused with advice while no PIN is set."""


class Unlock(Command, frozen=True):
    """Try a PIN. Never logged."""

    pin: str

    def __repr__(self) -> str:
        return f"Unlock(id={self.id}, ***)"


class ChangePin(Command, frozen=True):
    """Set, change or (empty `new`) remove the PIN; `old` is needed where one is set. Never logged."""

    old: str
    new: str

    def __repr__(self) -> str:
        return f"ChangePin(id={self.id}, ***)"


class Set(Command, frozen=True):
    """Set a setting as the user; None takes the user's value away."""

    key: str
    value: str | int | bool | None


class Used(Command, frozen=True):
    """Somebody touched the display without asking for anything: the idle time of the lock begins anew."""


class SetPresence(Command, frozen=True):
    """Have others see this of the user; refused while the PBX cannot be told."""

    activity: OwnActivity
    note: str = ""


class LogIn(Command, frozen=True):
    """Log in to an innovaphone PBX as this user from now on. Never logged.

    Without a `user` somebody logs in on a web page; an empty `server` takes back what was given so.
    """

    server: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"LogIn(id={self.id}, ***)"


class Register(Command, frozen=True):
    """Register the lines that are not registered now, without waiting for the phone's own next try."""


class InstallUpdate(Command, frozen=True):
    """Take the update that is offered now, also one that failed before."""


class RestartToUpdate(Command, frozen=True):
    """Restart the machine into the update that is installed; refused in a call."""


class SeeUpdate(Command, frozen=True):
    """The user has read what came of an update."""


class PressKey(Command, frozen=True):
    """Press or let go a key of the simulated keypad; refused on a phone with a real one."""

    key: Key
    pressed: bool


class MoveHook(Command, frozen=True):
    """Lift or replace the simulated handset; refused on a phone with a real one."""

    off_hook: bool


AnyCommand = (
    Dial
    | PrepareDial
    | Answer
    | Reject
    | Deflect
    | HangUp
    | Hold
    | Retrieve
    | Swap
    | Join
    | Split
    | MuteParty
    | SetPartyLevel
    | Leave
    | BeginTransfer
    | Transfer
    | CompleteTransfer
    | CancelTransfer
    | Park
    | PickUp
    | Divert
    | Mute
    | SendDigits
    | Record
    | Watch
    | Redial
    | Silence
    | SelectPath
    | ListenInGroup
    | SetVolume
    | PreviewRing
    | Search
    | DescribeCall
    | MarkSeen
    | Lock
    | Unlock
    | ChangePin
    | Set
    | Used
    | SetPresence
    | LogIn
    | Register
    | InstallUpdate
    | RestartToUpdate
    | SeeUpdate
    | PressKey
    | MoveHook
)


class Reply(msgspec.Struct, frozen=True, tag="reply"):
    """The phone's word on a command. When refused, `reason` and `advice` are plain words for a person."""

    id: int
    accepted: bool
    reason: str = ""
    advice: str = ""


class KeyEvent(msgspec.Struct, frozen=True, tag="key"):
    """A key of the phone's own keypad moved; it crosses to the kiosk, whose input map knows what it means."""

    key: Key
    pressed: bool


class HookEvent(msgspec.Struct, frozen=True, tag="hook"):
    """The handset was lifted or replaced."""

    off_hook: bool


class DialEvent(msgspec.Struct, frozen=True, tag="dial"):
    """Somebody wants this number on the display, ready to be called."""

    number: str
