"""Carrying intents out: going places, typing, erasing, and commands to the phone."""

from __future__ import annotations

from collections.abc import Callable

from app.kiosk.intents import (
    AskLogin,
    AskName,
    AskNote,
    AskZone,
    Back,
    Choose,
    ChooseParty,
    Dismiss,
    DivertTo,
    Erase,
    Filter,
    Go,
    Intent,
    Page,
    Place,
    Send,
    SendOn,
    ShowKeypad,
    Submit,
    Type,
    Write,
)
from app.kiosk.pin_entry import PinEntry
from app.kiosk.screens import calls, pickup, ringer
from app.kiosk.screens.time import ZONE_SETTING
from app.kiosk.situation import Situation
from app.kiosk.text_entry import TextEntry
from app.kiosk.tree import Node
from app.kiosk.view import Field
from app.model.commands import (
    AnyCommand,
    CancelTransfer,
    ChangePin,
    Deflect,
    Dial,
    Divert,
    HangUp,
    MarkSeen,
    PreviewRing,
    SeeUpdate,
    SendDigits,
    Set,
    SetVolume,
    Watch,
)
from app.model.snapshot import CallState

LONGEST_NUMBER = 64

_PARENT = {
    Place.THEME: Place.MENU,
    Place.SOUND: Place.MENU,
    Place.RINGER: Place.MENU,
    Place.RECORDING: Place.MENU,
    Place.RING_TONES: Place.RINGER,
    Place.PRESENCE: Place.MENU,
    Place.TIME: Place.MENU,
    Place.PBX: Place.MENU,
    Place.PIN: Place.MENU,
    Place.ABOUT: Place.MENU,
    Place.UPDATE: Place.ABOUT,
    Place.INCOMING_CALLS: Place.MENU,
    Place.DIVERT_TO: Place.INCOMING_CALLS,
}


class Performer:
    """Moves the situation and sends commands. `build` gives the tree of now, whose screen says what typing means."""

    def __init__(
        self,
        situation: Situation,
        pin: PinEntry,
        text: TextEntry,
        send: Callable[[AnyCommand], int],
        build: Callable[[], Node],
    ) -> None:
        self._situation = situation
        self._pin = pin
        self._text = text
        self._send = send
        self._build = build

    def perform(self, intent: Intent) -> None:
        """Carry an intent out."""
        match intent:
            case Go() | DivertTo() | SendOn():
                self._visit(intent)
            case Back():
                self._back()
            case Type() | Write() | AskLogin() | AskName() | AskNote() | AskZone():
                self._enter(intent)
            case Erase():
                self._erase(everything=intent.everything)
            case Submit():
                (self._text if self._build().id == "text" else self._pin).submit()
            case Send():
                self._command(intent.command)
            case ShowKeypad() | ChooseParty():
                self._show_keys(intent)
            case Filter():
                self._situation.change(missed_only=intent.missed_only, selected=0, top=0)
            case Page():
                self._page(intent.by)
            case Choose():
                self._choose_or_call(intent.row)
            case Dismiss():
                self._situation.change(message="")

    def _enter(self, intent: Type | Write | AskLogin | AskName | AskNote | AskZone) -> None:
        match intent:
            case Type():
                self._type(intent.character)
            case AskLogin():
                self._text.begin(Field.SERVER)
            case AskName():
                self._text.begin(Field.SEARCH)
            case AskNote():
                self._text.begin(Field.NOTE)
            case AskZone():
                self._text.begin(Field.ZONE)
            case Write() if self._build().id == "text":
                self._text.write(intent.character)

    def _show_keys(self, intent: ShowKeypad | ChooseParty) -> None:
        """Other keys beside the call: the keypad, or those of a party."""
        if isinstance(intent, ChooseParty):
            self._situation.change(party=intent.call or "")
        else:
            self._situation.change(keypad_shown=intent.shown)
            self._situation.focus.clear()

    def _command(self, command: AnyCommand) -> None:
        if isinstance(command, ChangePin):
            self._pin.change_pin(command)
            return
        self._send(command)
        if isinstance(command, Dial) and self._situation.state.place is Place.EMERGENCY:
            self._situation.change(place=Place.IDLE, typed="")
        elif isinstance(command, Divert):
            self._situation.change(place=Place.INCOMING_CALLS, typed="")
        elif isinstance(command, Deflect):
            self._situation.change(sending_on="", typed="")
        elif isinstance(command, Set) and command.key == ringer.TONE_SETTING:
            self._send(PreviewRing(id=0, tone=str(command.value)))
        elif isinstance(command, Set) and command.key == ZONE_SETTING:
            if self._situation.state.field is Field.ZONE:
                self._text.back()
        elif isinstance(command, SetVolume) and command.ringer:
            self._play_ring()

    def _play_ring(self) -> None:
        """Let hear how loud the phone rings now, where nobody minds and no call does."""
        view = self._situation.view()
        snapshot = view.snapshot
        if view.incoming is None and not snapshot.ring.silent and not snapshot.lock.locked:
            self._send(PreviewRing(id=0, tone=snapshot.ring.tone))

    def _visit(self, intent: Go | DivertTo | SendOn) -> None:
        if isinstance(intent, Go):
            self._go(intent.place)
        elif isinstance(intent, SendOn):
            self._situation.change(sending_on=intent.call, typed="")
            self._situation.focus.clear()
        else:
            self._go(Place.DIVERT_TO)
            self._situation.change(diverting=intent.kind)

    def _go(self, place: Place) -> None:
        if self._situation.state.place is Place.RING_TONES:
            self._send(PreviewRing(id=0, tone=""))
        if self._situation.state.place is Place.QUALITY:
            self._send(Watch(id=0, on=False))
        if self._situation.state.place is Place.CALLS and place is not Place.CALLS:
            self._seen()
        self._situation.change(place=place, typed="", selected=0, top=0, missed_only=False)
        if place is Place.PIN:
            self._pin.begin()
        elif place is Place.QUALITY:
            self._send(Watch(id=0, on=True))
        elif place is Place.UPDATE and self._situation.view().snapshot.update.unseen:
            self._send(SeeUpdate(id=0))
        self._situation.focus.clear()

    def _seen(self) -> None:
        """The call list is left: its missed calls were seen."""
        if self._situation.snapshot is not None and self._situation.snapshot.missed:
            self._send(MarkSeen(id=0))

    def _back(self) -> None:
        state = self._situation.state
        if state.sending_on:
            self._situation.change(sending_on="", typed="")
        elif state.party:
            self._situation.change(party="")
        elif state.keypad_shown:
            self._situation.change(keypad_shown=False)
        elif state.place is Place.TEXT:
            self._text.back()
        elif state.place is Place.PIN:
            self._pin.leave()
        elif state.place is not Place.IDLE:
            self._go(_PARENT.get(state.place, Place.IDLE))
        elif self._situation.snapshot is not None and self._situation.snapshot.transfer is not None:
            self._send(CancelTransfer(id=0))
        elif state.pin:
            self._situation.change(pin="")
        else:
            self._close_ended()
        self._situation.focus.clear()

    def _close_ended(self) -> None:
        call = self._situation.view().active
        if call is not None and call.state is CallState.ENDED:
            self._send(HangUp(id=0, call=call.id))

    def _type(self, character: str) -> None:
        view, state = self._situation.view(), self._situation.state
        screen = self._build().id
        if screen in ("lock", "set-pin"):
            self._pin.type(character)
        elif screen == "text":
            self._text.press(character)
        elif screen in ("transfer", "divert", "send-on"):
            if len(state.typed) < LONGEST_NUMBER:
                self._situation.change(typed=state.typed + character)
        elif screen in ("dial", "idle", "call-list", "menu"):
            place = state.place if screen == "dial" else Place.DIAL
            if screen == "call-list":
                self._seen()
            typed = state.typed if screen == "dial" else ""
            if len(typed) < LONGEST_NUMBER:
                self._situation.change(place=place, typed=typed + character)
        elif view.active is not None and view.active.state in (CallState.CONNECTED, CallState.DIALLING):
            self._send(SendDigits(id=0, digits=character, call=None if screen == "conference" else view.active.id))

    def _erase(self, *, everything: bool) -> None:
        screen = self._build().id
        if screen == "text":
            self._text.erase(everything=everything)
        elif screen in ("lock", "set-pin"):
            self._situation.change(pin="" if everything else self._situation.state.pin[:-1])
        else:
            self._situation.change(typed="" if everything else self._situation.state.typed[:-1])

    # --- the call list ----------------------------------------------------------------------------

    def _choose_or_call(self, row: int) -> None:
        rows = calls.records(self._situation.view())
        if row == self._situation.state.selected and row < len(rows) and rows[row].party.number:
            self._send(Dial(id=0, number=rows[row].party.number))
        else:
            self.choose(row)

    def choose(self, row: int) -> None:
        """Choose a row of the call list, and bring it into sight."""
        page = calls.visible_rows(self._situation.panel)
        top = min(max(self._situation.state.top, row - page + 1), row)
        self._situation.change(selected=row, top=max(0, top))

    def _page(self, by: int) -> None:
        count, page = self._rows()
        top = max(0, min(self._situation.state.top + by * page, count - 1))
        self._situation.change(top=top, selected=top)

    def keep_row(self) -> None:
        """The list may have become shorter under the chosen row."""
        state = self._situation.state
        last = max(0, self._rows()[0] - 1)
        self._situation.change(selected=min(state.selected, last), top=min(state.top, last))

    def _rows(self) -> tuple[int, int]:
        """How many rows the list has that is shown, and how many of them at once."""
        view = self._situation.view()
        if self._situation.state.place is Place.PICKUP:
            return len(pickup.calls(view)), pickup.on_screen(view.panel)
        return len(calls.records(view)), calls.visible_rows(view.panel)
