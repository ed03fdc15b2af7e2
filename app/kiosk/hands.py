"""What the user's hands do: the phone's keys, a keyboard acting for them, and a finger on the glass."""

from __future__ import annotations

import math
from collections.abc import Callable

from app.kiosk.focus import Direction, default_key
from app.kiosk.input_map import Step
from app.kiosk.intents import Back, Erase, Go, Intent, Place, Send, Type, Write
from app.kiosk.layout import SOFT_COLUMNS
from app.kiosk.performer import Performer
from app.kiosk.screens import calls, level, ringer
from app.kiosk.situation import Situation
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.model.commands import (
    Answer,
    AnyCommand,
    Hold,
    MoveHook,
    Mute,
    Redial,
    Reject,
    Retrieve,
    SelectPath,
    Set,
    SetVolume,
    Silence,
)
from app.model.keys import Key
from app.model.media import AudioPath
from app.model.snapshot import CallState

LONG_PRESS_SECONDS = 0.6

_DIGITS = {key: key.value for key in Key if len(key.value) == 1}
_ARROWS = {
    Key.UP: Direction.UP,
    Key.DOWN: Direction.DOWN,
    Key.LEFT: Direction.LEFT,
    Key.RIGHT: Direction.RIGHT,
}
_JUMPS = {Step.HOME: Place.IDLE, Step.DIAL: Place.DIAL, Step.CALLS: Place.CALLS, Step.MENU: Place.MENU}
_NUMBER_PLACES = (Place.DIAL, Place.EMERGENCY, Place.DIVERT_TO)
_SOFT = {Key.SOFT_1: 0, Key.SOFT_2: 1, Key.SOFT_3: 2, Key.SOFT_4: 3}


class Hands:
    """Turns what was pressed into intents and commands, by the tree that `build` gives."""

    def __init__(
        self, situation: Situation, performer: Performer, send: Callable[[AnyCommand], int], build: Callable[[], Node]
    ) -> None:
        self._situation = situation
        self._performer = performer
        self._send = send
        self._build = build
        self._pressed_pointer = ""
        self._pressed_at = 0.0
        self._zero_held = False
        self._waking = False

    def on_key(self, key: Key, *, pressed: bool, character: str = "") -> None:
        """A key of the phone's keypad, or of a keyboard acting for it, where it has this `character`."""
        if not pressed:
            self._zero_held = False
            if self._situation.state.pressed == f"digit-{key.value}":
                self._situation.change(pressed="")
            return
        if self._situation.snapshot is None:
            return
        self._situation.change(message="")
        if key in _DIGITS:
            self._situation.change(pressed=f"digit-{key.value}")
            self._situation.focus.clear()
            writes = character and self._build().id == "text"
            self._performer.perform(Write(character) if writes else Type(_DIGITS[key]))
            self._zero_held = key is Key.DIGIT_0
            self._pressed_at = self._situation.clock()
        elif key in _ARROWS:
            self._arrow(_ARROWS[key])
        elif key in _SOFT:
            self._soft(_SOFT[key])
        elif key is Key.OK:
            self._ok()
        elif key is Key.ESCAPE:
            self._escape()
        else:
            self._function(key)

    def on_character(self, character: str) -> None:
        """A character of a keyboard, which matters where text is wanted."""
        if self._situation.snapshot is not None:
            self._situation.change(message="")
            self._performer.perform(Write(character))

    def on_step(self, step: Step) -> None:
        """A step of a keyboard: of the focus, or to a screen."""
        if self._situation.snapshot is None:
            return
        self._situation.change(message="")
        match step:
            case Step.NEXT:
                self._situation.focus.step(self._build(), 1)
            case Step.PREVIOUS:
                self._situation.focus.step(self._build(), -1)
            case Step.ACTIVATE if self._situation.focus.node(root := self._build()) is None and root.id == "text":
                self._performer.perform(Write(" "))
            case Step.ACTIVATE:
                self._ok()
            case Step.ERASE:
                self._performer.perform(Erase())
            case Step.HOOK:
                if self._situation.snapshot.simulated:
                    self._send(MoveHook(id=0, off_hook=not self._situation.snapshot.off_hook))
            case _:
                if not self._situation.snapshot.lock.locked:
                    self._performer.perform(Go(_JUMPS[step]))

    def on_pointer(self, phase: str, x: int, y: int) -> None:
        """A finger went down, moved or was lifted. What it pressed acts when it is lifted inside.

        One that comes down on a dark display only wakes it: nobody presses what he does not see.
        """
        if phase == "down":
            snapshot = self._situation.snapshot
            self._waking = (
                snapshot is not None and snapshot.display.backlight is not None and snapshot.display.backlight.dark
            )
        if self._waking:
            return
        self._situation.focus.hide()
        node = self._build().at(x, y)
        if phase == "down":
            self._situation.change(message="")
            self._pressed_pointer = node.id if node is not None else ""
            self._pressed_at = self._situation.clock()
            self._situation.change(pressed=self._pressed_pointer)
        elif phase == "move":
            inside = node is not None and node.id == self._pressed_pointer
            self._situation.change(pressed=self._pressed_pointer if inside else "")
        else:
            pressed, self._pressed_pointer = self._pressed_pointer, ""
            self._situation.change(pressed="")
            if node is not None and node.id == pressed and node.intent is not None:
                long = self._situation.clock() - self._pressed_at >= LONG_PRESS_SECONDS
                self._performer.perform(_held_meaning(node.intent) if long else node.intent)

    def turn_held_zero(self) -> None:
        """A zero that is held becomes the plus of an international number."""
        if self._zero_held and self._situation.clock() - self._pressed_at >= LONG_PRESS_SECONDS:
            self._zero_held = False
            state = self._situation.state
            view = self._situation.view()
            choosing = view.choosing_transfer is not None or view.sent_on is not None
            typing = state.place in _NUMBER_PLACES or choosing
            if state.typed.endswith("0") and typing:
                self._situation.change(typed=state.typed[:-1] + "+")

    @property
    def seconds_to_change(self) -> float:
        """How long the typed number stays as it is while a zero is held."""
        if not self._zero_held:
            return math.inf
        return max(0.0, self._pressed_at + LONG_PRESS_SECONDS - self._situation.clock())

    def _arrow(self, direction: Direction) -> None:
        root = self._build()
        focused = self._situation.focus.node(root)
        in_list = focused is None or focused.role is Role.LIST_ITEM
        if root.id == "call-list" and in_list and direction in (Direction.UP, Direction.DOWN):
            step = direction.value[1]
            if focused is None:
                step = 0
            row = self._situation.state.selected + step
            if 0 <= row < len(calls.records(self._situation.view())):
                self._performer.choose(row)
                chosen = self._build().find(f"row-{row}")
                if chosen is not None:
                    self._situation.focus.show(chosen)
                return
        self._situation.focus.move(root, direction)

    def _soft(self, column: int) -> None:
        root = self._build()
        band = root.find("soft")
        if band is None:
            return
        x = band.bounds.x + round(band.bounds.width * (column + 0.5) / SOFT_COLUMNS)
        node = band.at(x, band.bounds.center_y)
        if node is not None and node.intent is not None:
            self._performer.perform(node.intent)

    def _ok(self) -> None:
        root = self._build()
        node = self._situation.focus.node(root) or default_key(root)
        if node is None:
            self._situation.focus.move(root, Direction.DOWN)
        elif node.enabled and node.intent is not None:
            self._performer.perform(node.intent)

    def _escape(self) -> None:
        view = self._situation.view()
        if view.incoming is not None and view.active is None and view.sent_on is None:
            self._send(Reject(id=0, call=view.incoming.id))
        else:
            self._performer.perform(Back())

    def _function(self, key: Key) -> None:
        view = self._situation.view()
        match key:
            case Key.REDIAL:
                self._send(Redial(id=0))
            case Key.MUTE:
                self._mute(view)
            case Key.HOLD:
                self._hold(view)
            case Key.SPEAKER:
                self._path(view, AudioPath.SPEAKER)
            case Key.HEADSET:
                self._path(view, AudioPath.HEADSET)
            case Key.VOLUME_UP:
                self._volume(view, 1)
            case Key.VOLUME_DOWN:
                self._volume(view, -1)

    def _mute(self, view: View) -> None:
        if view.incoming is not None and view.active is None:
            self._send(Silence(id=0))
        elif view.talking:
            self._send(Mute(id=0, muted=not view.snapshot.audio.muted))
        elif not view.snapshot.lock.locked:
            silent = not view.snapshot.ring.silent
            self._send(Set(id=0, key=ringer.SILENT_SETTING, value=silent))
            self._situation.tell(self._situation.say("Ringer off") if silent else self._situation.say("Ringer on"))

    def _hold(self, view: View) -> None:
        call = view.active
        if call is None or call.changing:
            return
        if call.in_conference and view.snapshot.conference is not None:
            self._send(Hold(id=0) if view.snapshot.conference.attended else Retrieve(id=0))
        elif call.state is CallState.HELD:
            self._send(Retrieve(id=0, call=call.id))
        elif call.state is CallState.CONNECTED:
            self._send(Hold(id=0, call=call.id))

    def _path(self, view: View, path: AudioPath) -> None:
        """A path key: answers with it, moves the call to it or back, or begins a call on it."""
        audio = view.snapshot.audio
        if path not in audio.available:
            self._situation.tell(self._situation.say(f"The {path.value} is not plugged in."))
            return
        in_use = audio.path is path and view.talking
        self._send(SelectPath(id=0, path=AudioPath.HANDSET if in_use else path))
        if view.incoming is not None and view.active is None:
            self._send(Answer(id=0, call=view.incoming.id))
        elif not view.talking and self._situation.state.place is Place.IDLE and not view.snapshot.lock.locked:
            self._situation.change(place=Place.DIAL, typed="")

    def _volume(self, view: View, presses: int) -> None:
        audio = view.snapshot.audio
        rings = not view.talking
        percent = level.after(audio.ringer_volume if rings else audio.volume, presses)
        self._performer.perform(Send(SetVolume(id=0, percent=percent, ringer=rings)))
        what = self._situation.say("Ringer") if rings else self._situation.say("Volume")
        self._situation.tell(f"{what} {percent} %")


def _held_meaning(intent: Intent) -> Intent:
    """What a key means that a finger holds: a plus for zero, all for delete."""
    if intent == Type("0"):
        return Type("+")
    return Erase(everything=True) if intent == Erase() else intent
