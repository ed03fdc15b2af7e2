"""The kiosk's mind: from snapshots and actions to the tree to show and the commands to send. No window, no socket."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable

from app.kiosk.focus import Direction, Focus, default_key, with_ring
from app.kiosk.geometry import Rect
from app.kiosk.input_map import Step
from app.kiosk.intents import (
    Back,
    Choose,
    ChooseParty,
    Dismiss,
    Erase,
    Filter,
    Go,
    Intent,
    Page,
    Place,
    Send,
    ShowKeypad,
    Submit,
    Type,
)
from app.kiosk.layout import SOFT_COLUMNS, bands
from app.kiosk.marks import Fill, Icon, Mark, Text
from app.kiosk.screens import calls, conference, dial, idle, incall, incoming, lock, menu, starting
from app.kiosk.text import TextEngine, legible
from app.kiosk.theme import NIGHT, THEMES, Panel, Steps, Theme, Token
from app.kiosk.tree import Node, Role, moved_on
from app.kiosk.view import PinStep, Say, UiState, View, as_shown
from app.model.commands import (
    Answer,
    AnyCommand,
    ChangePin,
    Dial,
    HangUp,
    Hold,
    MarkSeen,
    MoveHook,
    Mute,
    Redial,
    Reject,
    Reply,
    Retrieve,
    SelectPath,
    SendDigits,
    SetVolume,
    Silence,
    Unlock,
)
from app.model.ids import CallId
from app.model.keys import Key
from app.model.media import AudioPath
from app.model.snapshot import CallState, Snapshot

log = logging.getLogger("kiosk")

MESSAGE_SECONDS = 5.0
LONG_PRESS_SECONDS = 0.6
LONGEST_NUMBER = 64
LONGEST_PIN = 12
VOLUME_STEP = 10

_DIGITS = {key: key.value for key in Key if len(key.value) == 1}
_ARROWS = {
    Key.UP: Direction.UP,
    Key.DOWN: Direction.DOWN,
    Key.LEFT: Direction.LEFT,
    Key.RIGHT: Direction.RIGHT,
}
_SOFT = {Key.SOFT_1: 0, Key.SOFT_2: 1, Key.SOFT_3: 2, Key.SOFT_4: 3}
_PLACES: dict[Place, Callable[[View], Node]] = {
    Place.IDLE: idle.build,
    Place.DIAL: dial.build,
    Place.CALLS: calls.build,
    Place.MENU: menu.build,
    Place.THEME: menu.build_theme,
    Place.RINGER: menu.build_ringer,
    Place.PIN: menu.build_pin,
    Place.ABOUT: menu.build_about,
    Place.EMERGENCY: dial.build_emergency,
}
_IN_CALL_PLACES = (Place.DIAL, Place.CALLS)
_PARENT = {Place.THEME: Place.MENU, Place.RINGER: Place.MENU, Place.PIN: Place.MENU, Place.ABOUT: Place.MENU}


class Ui:
    """Holds the user's place and turns what happens into a tree and commands.

    `send` takes a command to the phone and returns the id it went under. `clock` gives this process's monotonic
    seconds, `wall` the local time of day. All on the kiosk's main thread.
    """

    def __init__(
        self,
        panel: Panel,
        text: TextEngine,
        send: Callable[[AnyCommand], int],
        clock: Callable[[], float],
        wall: Callable[[], dt.datetime],
        say: Say = str,
    ) -> None:
        self._panel = panel
        self._text = text
        self._send = send
        self._clock = clock
        self._wall = wall
        self._say = say
        self._snapshot: Snapshot | None = None
        self._clock_offset = 0.0
        self._message_until = 0.0
        self._pin_change: int | None = None
        self._pressed_pointer = ""
        self._pressed_at = 0.0
        self._zero_held = False
        self.focus = Focus()
        self.state = UiState()
        self._kept: tuple[tuple[Snapshot | None, UiState, dt.datetime], Node] | None = None

    # --- what comes from the phone ----------------------------------------------------------------

    def on_snapshot(self, snapshot: Snapshot) -> bool:
        """The phone said what is true now. False when only counters went on, which no screen shows."""
        self._clock_offset = snapshot.now - self._clock()
        before, snapshot = self._snapshot, as_shown(snapshot)
        if snapshot == before:
            return False
        self._snapshot = snapshot
        if before is not None:
            self._follow_calls(before, snapshot)
            self._follow_lock(before, snapshot)
            self._follow_hook(before, snapshot)
        if snapshot.lock.locked and self.state.place is not Place.EMERGENCY:
            self._change(place=Place.IDLE)
        self._keep_row()
        if self.view().chosen_party is None:
            self._change(party="")
        return True

    def on_disconnected(self) -> None:
        """The phone is gone; nothing of what it said is known to be true."""
        self._snapshot = None
        self.state = UiState()
        self._pin_change = None
        self.focus.clear()

    def on_reply(self, reply: Reply) -> None:
        """The phone took a command or refused it."""
        if reply.id == self._pin_change:
            self._pin_change = None
            if reply.accepted:
                self._leave_pin(self._say("The PIN is changed."))
            else:
                self._change(pin="", pin_old="", pin_new="", pin_step=self._first_pin_step())
        if not reply.accepted:
            words = legible(f"{reply.reason} {reply.advice}").strip()
            self._tell(words or self._say("The phone refused."))

    def _follow_calls(self, before: Snapshot, now: Snapshot) -> None:
        """A call that begins or ends closes what was open; one that only rings leaves a half-dialled number alone."""
        talking_before, talking = _talking(before), _talking(now)
        if talking - talking_before or (talking_before and not talking):
            self._change(place=Place.IDLE, typed="", keypad_shown=False, party="")

    def _follow_lock(self, before: Snapshot, now: Snapshot) -> None:
        if now.lock.locked != before.lock.locked:
            self.state = UiState()
        elif now.lock.wrong_attempts > before.lock.wrong_attempts:
            self._change(pin="")

    def _follow_hook(self, before: Snapshot, now: Snapshot) -> None:
        if now.off_hook == before.off_hook or now.calls or now.lock.locked:
            return
        if now.off_hook and self.state.place is Place.IDLE:
            self._change(place=Place.DIAL, typed="")
        elif not now.off_hook and self.state.place is Place.DIAL and not self.state.typed:
            self._change(place=Place.IDLE)

    # --- what comes from the user -----------------------------------------------------------------

    def on_key(self, key: Key, *, pressed: bool) -> None:
        """A key of the phone's keypad, or of a keyboard acting for it."""
        if not pressed:
            self._zero_held = False
            if self.state.pressed == f"digit-{key.value}":
                self._change(pressed="")
            return
        if self._snapshot is None:
            return
        self._change(message="")
        if key in _DIGITS:
            self._change(pressed=f"digit-{key.value}")
            self.focus.clear()
            self.perform(Type(_DIGITS[key]))
            self._zero_held = key is Key.DIGIT_0
            self._pressed_at = self._clock()
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

    def on_step(self, step: Step) -> None:
        """A focus action of a keyboard."""
        if self._snapshot is None:
            return
        self._change(message="")
        match step:
            case Step.NEXT:
                self.focus.step(self.build(), 1)
            case Step.PREVIOUS:
                self.focus.step(self.build(), -1)
            case Step.ACTIVATE:
                self._ok()
            case Step.ERASE:
                self.perform(Erase())
            case Step.HOOK:
                if self._snapshot.simulated:
                    self._send(MoveHook(id=0, off_hook=not self._snapshot.off_hook))

    def on_pointer(self, phase: str, x: int, y: int) -> None:
        """A finger went down, moved or was lifted. What it pressed acts when it is lifted inside."""
        self.focus.hide()
        node = self.build().at(x, y)
        if phase == "down":
            self._change(message="")
            self._pressed_pointer = node.id if node is not None else ""
            self._pressed_at = self._clock()
            self._change(pressed=self._pressed_pointer)
        elif phase == "move":
            inside = node is not None and node.id == self._pressed_pointer
            self._change(pressed=self._pressed_pointer if inside else "")
        else:
            pressed, self._pressed_pointer = self._pressed_pointer, ""
            self._change(pressed="")
            if node is not None and node.id == pressed and node.intent is not None:
                long = self._clock() - self._pressed_at >= LONG_PRESS_SECONDS
                self.perform(_held_meaning(node.intent) if long else node.intent)

    def _arrow(self, direction: Direction) -> None:
        root = self.build()
        focused = self.focus.node(root)
        in_list = focused is None or focused.role is Role.LIST_ITEM
        if root.id == "call-list" and in_list and direction in (Direction.UP, Direction.DOWN):
            step = direction.value[1]
            if focused is None:
                step = 0
            row = self.state.selected + step
            if 0 <= row < len(calls.records(self.view())):
                self._choose(row)
                chosen = self.build().find(f"row-{row}")
                if chosen is not None:
                    self.focus.show(chosen)
                return
        self.focus.move(root, direction)

    def _soft(self, column: int) -> None:
        root = self.build()
        band = root.find("soft")
        if band is None:
            return
        x = band.bounds.x + round(band.bounds.width * (column + 0.5) / SOFT_COLUMNS)
        node = band.at(x, band.bounds.center_y)
        if node is not None and node.intent is not None:
            self.perform(node.intent)

    def _ok(self) -> None:
        root = self.build()
        node = self.focus.node(root) or default_key(root)
        if node is None:
            self.focus.move(root, Direction.DOWN)
        elif node.enabled and node.intent is not None:
            self.perform(node.intent)

    def _escape(self) -> None:
        view = self.view()
        if view.incoming is not None and view.active is None:
            self._send(Reject(id=0, call=view.incoming.id))
        else:
            self.perform(Back())

    def _function(self, key: Key) -> None:
        view = self.view()
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
                self._volume(view, VOLUME_STEP)
            case Key.VOLUME_DOWN:
                self._volume(view, -VOLUME_STEP)

    def _mute(self, view: View) -> None:
        if view.incoming is not None and view.active is None:
            self._send(Silence(id=0))
        elif view.active is not None:
            self._send(Mute(id=0, muted=not view.snapshot.audio.muted))

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
            self._tell(self._say(f"The {path.value} is not plugged in."))
            return
        in_use = audio.path is path and view.active is not None
        self._send(SelectPath(id=0, path=AudioPath.HANDSET if in_use else path))
        if view.incoming is not None and view.active is None:
            self._send(Answer(id=0, call=view.incoming.id))
        elif view.active is None and self.state.place is Place.IDLE and not view.snapshot.lock.locked:
            self._change(place=Place.DIAL, typed="")

    def _volume(self, view: View, by: int) -> None:
        audio = view.snapshot.audio
        ringer = view.active is None
        percent = max(0, min(100, (audio.ringer_volume if ringer else audio.volume) + by))
        self._send(SetVolume(id=0, percent=percent, ringer=ringer))
        what = self._say("Ringer") if ringer else self._say("Volume")
        self._tell(f"{what} {percent} %")

    # --- carrying out -----------------------------------------------------------------------------

    def perform(self, intent: Intent) -> None:
        """Carry an intent out."""
        match intent:
            case Go():
                self._go(intent.place)
            case Back():
                self._back()
            case Type():
                self._type(intent.character)
            case Erase():
                self._erase(everything=intent.everything)
            case Submit():
                self._submit()
            case Send():
                self._command(intent.command)
            case ShowKeypad() | ChooseParty():
                self._show_keys(intent)
            case Filter():
                self._change(missed_only=intent.missed_only, selected=0, top=0)
            case Page():
                self._page(intent.by)
            case Choose():
                self._choose_or_call(intent.row)
            case Dismiss():
                self._change(message="")

    def _show_keys(self, intent: ShowKeypad | ChooseParty) -> None:
        """Other keys beside the call: the keypad, or those of a party."""
        if isinstance(intent, ChooseParty):
            self._change(party=intent.call or "")
        else:
            self._change(keypad_shown=intent.shown)
            self.focus.clear()

    def _command(self, command: AnyCommand) -> None:
        sent = self._send(command)
        if isinstance(command, ChangePin):
            self._pin_change = sent
        elif isinstance(command, Dial) and self.state.place is Place.EMERGENCY:
            self._change(place=Place.IDLE, typed="")

    def _go(self, place: Place) -> None:
        if self.state.place is Place.CALLS and place is not Place.CALLS:
            self._seen()
        self._change(place=place, typed="", selected=0, top=0, missed_only=False)
        if place is Place.PIN:
            self._change(pin="", pin_old="", pin_new="", pin_step=self._first_pin_step())
        self.focus.clear()

    def _seen(self) -> None:
        """The call list is left: its missed calls were seen."""
        if self._snapshot is not None and self._snapshot.missed:
            self._send(MarkSeen(id=0))

    def _back(self) -> None:
        state = self.state
        if state.party:
            self._change(party="")
        elif state.keypad_shown:
            self._change(keypad_shown=False)
        elif state.place is Place.PIN:
            self._leave_pin("")
        elif state.place is not Place.IDLE:
            self._go(_PARENT.get(state.place, Place.IDLE))
        elif state.pin:
            self._change(pin="")
        else:
            self._close_ended()
        self.focus.clear()

    def _close_ended(self) -> None:
        call = self.view().active
        if call is not None and call.state is CallState.ENDED:
            self._send(HangUp(id=0, call=call.id))

    def _leave_pin(self, words: str) -> None:
        self._change(place=Place.MENU, pin="", pin_old="", pin_new="")
        if words:
            self._tell(words)

    def _type(self, character: str) -> None:
        view = self.view()
        screen = self.build().id
        if screen in ("lock", "set-pin"):
            if character.isdigit() and len(self.state.pin) < LONGEST_PIN:
                self._change(pin=self.state.pin + character)
        elif screen in ("dial", "idle", "call-list", "menu"):
            place = self.state.place if screen == "dial" else Place.DIAL
            if screen == "call-list":
                self._seen()
            typed = self.state.typed if screen == "dial" else ""
            if len(typed) < LONGEST_NUMBER:
                self._change(place=place, typed=typed + character)
        elif view.active is not None and view.active.state in (CallState.CONNECTED, CallState.DIALLING):
            self._send(SendDigits(id=0, digits=character, call=None if screen == "conference" else view.active.id))

    def _erase(self, *, everything: bool) -> None:
        if self.build().id in ("lock", "set-pin"):
            self._change(pin="" if everything else self.state.pin[:-1])
        else:
            self._change(typed="" if everything else self.state.typed[:-1])

    def _turn_held_zero(self) -> None:
        """A zero that is held becomes the plus of an international number."""
        if self._zero_held and self._clock() - self._pressed_at >= LONG_PRESS_SECONDS:
            self._zero_held = False
            if self.state.typed.endswith("0") and self.state.place in (Place.DIAL, Place.EMERGENCY):
                self._change(typed=self.state.typed[:-1] + "+")

    def _submit(self) -> None:
        state = self.state
        if self._snapshot is not None and self._snapshot.lock.locked:
            self._change(pin="")
            if state.pin:
                self._send(Unlock(id=0, pin=state.pin))
            return
        match state.pin_step:
            case PinStep.OLD:
                self._change(pin="", pin_old=state.pin, pin_step=PinStep.NEW)
            case PinStep.NEW:
                self._change(pin="", pin_new=state.pin, pin_step=PinStep.REPEAT)
            case PinStep.REPEAT if state.pin == state.pin_new:
                self._command(ChangePin(id=0, old=state.pin_old, new=state.pin_new))
            case PinStep.REPEAT:
                self._change(pin="", pin_new="", pin_step=PinStep.NEW)
                self._tell(self._say("The two PINs differ. Choose one again."))

    def _first_pin_step(self) -> PinStep:
        pin_set = self._snapshot is not None and self._snapshot.lock.pin_set
        return PinStep.OLD if pin_set else PinStep.NEW

    # --- the call list ----------------------------------------------------------------------------

    def _choose_or_call(self, row: int) -> None:
        rows = calls.records(self.view())
        if row == self.state.selected and row < len(rows) and rows[row].party.number:
            self._send(Dial(id=0, number=rows[row].party.number))
        else:
            self._choose(row)

    def _choose(self, row: int) -> None:
        page = calls.visible_rows(self._panel)
        top = min(max(self.state.top, row - page + 1), row)
        self._change(selected=row, top=max(0, top))

    def _page(self, by: int) -> None:
        page = calls.visible_rows(self._panel)
        count = len(calls.records(self.view()))
        top = max(0, min(self.state.top + by * page, count - 1))
        self._change(top=top, selected=top)

    def _keep_row(self) -> None:
        """The list may have become shorter under the chosen row."""
        last = max(0, len(calls.records(self.view())) - 1)
        self._change(selected=min(self.state.selected, last), top=min(self.state.top, last))

    # --- the tree ---------------------------------------------------------------------------------

    @property
    def theme(self) -> Theme:
        """The theme the phone asks for."""
        return THEMES.get(self._snapshot.display.theme, NIGHT) if self._snapshot is not None else NIGHT

    def view(self) -> View:
        """What the screens look at."""
        snapshot = self._snapshot or Snapshot(generation=0, now=0.0)
        return View(
            snapshot=snapshot,
            ui=self.state,
            panel=self._panel,
            text=self._text,
            theme=self.theme,
            now=self._clock() + self._clock_offset,
            wall=self._wall(),
            say=self._say,
        )

    def build(self) -> Node:
        """The tree of what should be on the screen now."""
        if self.state.message and self._clock() >= self._message_until:
            self._change(message="")
        self._turn_held_zero()
        view = self.view()
        root = self._current(view)
        if self.state.message:
            root = dataclasses.replace(root, children=(*root.children, _toast(view)))
        return with_ring(root, self.focus.node(root), self._panel.px(3))

    def _current(self, view: View) -> Node:
        """The screen of this view: built when something else is true than before, else only moved on in time."""
        minute = view.wall.replace(second=0, microsecond=0)
        truth = (self._snapshot, self.state, minute)
        if self._kept is not None and self._kept[0] == truth:
            root = moved_on(self._kept[1], view)
        else:
            root = self._screen(view)
        self._kept = truth, root
        return root

    def _screen(self, view: View) -> Node:
        if self._snapshot is None:
            return starting.build(view)
        active, ringing = view.active, view.incoming
        locked = view.snapshot.lock.locked
        if active is None and ringing is not None:
            return incoming.build(view, ringing)
        if active is not None and (locked or ringing is not None or self.state.place not in _IN_CALL_PLACES):
            running = view.snapshot.conference if active.in_conference else None
            return incall.build(view, active) if running is None else conference.build(view, running)
        if locked and self.state.place is not Place.EMERGENCY:
            return lock.build(view)
        return _PLACES[self.state.place](view)

    def seconds_to_change(self) -> float:
        """How long the picture stays true by itself: to the next minute, second of a timer, or end of a message."""
        wall = self._wall()
        waits = [60.0 - wall.second - wall.microsecond / 1e6]
        now = self._clock()
        phone_now = now + self._clock_offset
        if self._snapshot is not None:
            waits += [
                1.0 - (phone_now - call.connected_at) % 1.0
                for call in self._snapshot.calls
                if call.connected_at is not None and call.state is not CallState.ENDED
            ]
            retry_at = self._snapshot.lock.retry_at
            if self._snapshot.lock.locked and retry_at is not None and retry_at > phone_now:
                waits.append((retry_at - phone_now) % 1.0 or 1.0)
            if self._snapshot.audio.ringing and self.view().incoming is not None:
                half = incoming.RING_SECONDS / 2
                waits.append(half - phone_now % half)
        if self._zero_held:
            waits.append(max(0.0, self._pressed_at + LONG_PRESS_SECONDS - now))
        if self.state.message:
            waits.append(max(0.0, self._message_until - now))
        return min(waits)

    def _tell(self, words: str) -> None:
        self._change(message=words)
        self._message_until = self._clock() + MESSAGE_SECONDS

    def _change(self, **changes: object) -> None:
        self.state = dataclasses.replace(self.state, **changes)  # type: ignore[arg-type]


def _talking(snapshot: Snapshot) -> set[CallId]:
    """The calls that are more than ringing."""
    return {call.id for call in snapshot.calls if call.state is not CallState.INCOMING}


def _held_meaning(intent: Intent) -> Intent:
    """What a key means that a finger holds: a plus for zero, all for delete."""
    if intent == Type("0"):
        return Type("+")
    return Erase(everything=True) if intent == Erase() else intent


def _toast(view: View) -> Node:
    """A sentence that goes by itself, above the soft keys."""
    areas = bands(view.panel)
    pad, icon = view.px(16), view.px(24)
    limit = areas.content.width - 2 * pad - icon - view.px(12)
    lines = view.text.wrap(view.ui.message, Steps.SMALL_STRONG, limit, 2)
    pitch = round(view.panel.em(Steps.SMALL_STRONG) * 1.4)
    width = max(view.text.measure(line, Steps.SMALL_STRONG) for line in lines) + 2 * pad + icon + view.px(12)
    height = pitch * len(lines) + 2 * view.px(12)
    area = Rect((view.panel.width - width) // 2, areas.content.bottom - height, width, height)
    marks: list[Mark] = [
        Fill(area, Token.ACCENT, view.px(14)),
        Icon("about", Rect(area.x + pad, area.center_y - icon // 2, icon, icon), Token.ON_ACCENT),
    ]
    for number, line in enumerate(lines):
        baseline = view.text.baseline(Steps.SMALL_STRONG, area.y + view.px(12) + (number + 0.5) * pitch)
        marks.append(Text(line, Steps.SMALL_STRONG, Token.ON_ACCENT, area.x + pad + icon + view.px(12), baseline))
    return Node("toast", Role.ALERT, area, name=view.ui.message, intent=Dismiss(), marks=tuple(marks))
