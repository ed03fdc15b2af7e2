"""Entering text: where the phone logs in to its PBX, a note beside the user's presence, a name, a city."""

from __future__ import annotations

from collections.abc import Callable

from app.kiosk import multitap
from app.kiosk.intents import Place
from app.kiosk.situation import Situation
from app.kiosk.view import Field
from app.model.commands import AnyCommand, LogIn, Search, SetPresence
from app.model.pbx import OwnActivity

LONGEST_TEXT = 128
NEXT_LETTERS = "#"
"""The key that changes between small and capital letters and digits."""


class TextEntry:
    """What is typed stands in the situation until it is submitted; `send` is as in `app.kiosk.ui.Ui`."""

    def __init__(self, situation: Situation, send: Callable[[AnyCommand], int]) -> None:
        self._situation = situation
        self._send = send

    def begin(self, field: Field) -> None:
        """Ask for the server, and then for user and password, for the note, or for a name or a city to search for."""
        snapshot = self._situation.view().snapshot
        own = snapshot.pbx.own
        note = "" if own is None else own.note
        self._ask(field, {Field.SERVER: snapshot.login.server, Field.NOTE: note}.get(field, ""))
        self._search()

    def write(self, character: str) -> None:
        """Add this very character, as a keyboard has it."""
        text = self._situation.state.text
        if character.isprintable() and len(text) < LONGEST_TEXT:
            self._situation.change(text=text + character, tap=None)
            self._search()

    def press(self, key: str) -> None:
        """A key of the phone."""
        state = self._situation.state
        if key == NEXT_LETTERS:
            self._situation.change(letters=state.letters.next, tap=None)
            return
        text, tap = multitap.press(state.text, key, state.letters, state.tap, self._situation.view().now)
        if len(text) <= LONGEST_TEXT:
            self._situation.change(text=text, tap=tap)
            self._search()

    def erase(self, *, everything: bool) -> None:
        """Take the last character back."""
        self._situation.change(text="" if everything else self._situation.state.text[:-1], tap=None)
        self._search()

    def submit(self) -> None:
        """What was typed is complete: on to the next step, or done."""
        state = self._situation.state
        match state.field:
            case Field.SERVER if not state.text:
                self._log_in("", "", "")
            case Field.SERVER:
                self._situation.change(login_server=state.text.strip())
                self._ask(Field.USER, self._situation.view().snapshot.login.user)
            case Field.USER if not state.text:
                self._log_in(state.login_server, "", "")
            case Field.USER:
                self._situation.change(login_user=state.text.strip())
                self._ask(Field.PASSWORD, "")
            case Field.PASSWORD if state.text:
                self._log_in(state.login_server, state.login_user, state.text)
            case Field.NOTE:
                self._note(state.text.strip())

    def back(self) -> None:
        """One step back, or out of it."""
        state = self._situation.state
        match state.field:
            case Field.USER:
                self._ask(Field.SERVER, state.login_server)
            case Field.PASSWORD:
                self._ask(Field.USER, state.login_user)
            case Field.NOTE:
                self._leave(Place.PRESENCE)
            case Field.SEARCH:
                self._leave(Place.DIAL)
            case Field.ZONE:
                self._leave(Place.TIME)
            case _:
                self._leave(Place.PBX)

    def _ask(self, field: Field, text: str) -> None:
        self._situation.change(place=Place.TEXT, field=field, text=text, tap=None, letters=multitap.Letters.LOWER)
        self._situation.focus.clear()

    def _search(self) -> None:
        """What is typed of a name is searched for at once."""
        if self._situation.state.field is Field.SEARCH:
            self._send(Search(id=0, text=self._situation.state.text))

    def _log_in(self, server: str, user: str, password: str) -> None:
        self._send(LogIn(id=0, server=server, user=user, password=password))
        self._leave(Place.PBX)

    def _note(self, note: str) -> None:
        own = self._situation.view().snapshot.pbx.own
        said = "" if own is None else own.activity
        activity = next((known for known in OwnActivity if known == said), OwnActivity.AVAILABLE)
        self._send(SetPresence(id=0, activity=activity, note=note))
        self._leave(Place.PRESENCE)

    def _leave(self, place: Place) -> None:
        self._situation.change(place=place, field=None, text="", tap=None, login_server="", login_user="")
        self._situation.focus.clear()
