"""How others stand whom the PBX tells of: what their telephones do, and what they say of themselves."""

from __future__ import annotations

import dataclasses

from app.kiosk.marks import Shape
from app.kiosk.theme import Token
from app.kiosk.view import View
from app.model.pbx import OWN_CONTACT, Busy, OwnActivity, Person


@dataclasses.dataclass(frozen=True)
class Standing:
    """In a word, a shape and a colour, each of which says it all."""

    words: str
    shape: Shape
    color: Token


_TELEPHONES = {
    Busy.RINGING: Standing("Being called", Shape.TRIANGLE, Token.WARN),
    Busy.BUSY: Standing("In a call", Shape.SQUARE, Token.END_TEXT),
}
_ACTIVITIES = {
    OwnActivity.DND: Standing("Do not disturb", Shape.SQUARE, Token.END_TEXT),
    OwnActivity.BUSY: Standing("Busy", Shape.SQUARE, Token.END_TEXT),
    OwnActivity.AWAY: Standing("Away", Shape.RING, Token.MUTED),
}
_FREE = Standing("Free", Shape.DISC, Token.OK)


def standing(view: View, number: str) -> Standing | None:
    """Of whoever has this number; None where the PBX tells nothing of him. His note follows the word."""
    person = next((one for one in view.snapshot.people if one.num == number), None)
    if person is None:
        return None
    found = _TELEPHONES.get(person.busy) or _said(person)
    note = next((one.note for one in person.presence if one.contact == OWN_CONTACT), "")
    words = view.say(found.words) + (f": {note}" if note else "")
    return dataclasses.replace(found, words=words)


def _said(person: Person) -> Standing:
    """What he says of himself: the worst counts, for he may have said it in several ways."""
    said = {one.activity for one in person.presence}
    return next((look for activity, look in _ACTIVITIES.items() if activity in said), _FREE)
