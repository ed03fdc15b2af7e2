"""One text to be typed with the keypad or a keyboard: what it is for above, what there is of it, and the pad."""

from __future__ import annotations

import dataclasses

from app.kiosk import search, zones
from app.kiosk.geometry import Rect
from app.kiosk.intents import Back, Erase, Submit, Type, call_intent
from app.kiosk.layout import bands, pad_width
from app.kiosk.screens import dial, time
from app.kiosk.text_entry import NEXT_LETTERS
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import Field, View
from app.kiosk.widgets import dial_pad, keys, labels, pages, status
from app.kiosk.widgets.keys import KeySpec

_HIDDEN = "•"
_WORDS = {
    Field.SERVER: ("PBX to log in to", "As pbx.example.com. Nothing: as the administrator has set it."),
    Field.USER: ("User", "Nothing: you log in on a web page, with your mobile."),
    Field.PASSWORD: ("Password", "It is not shown and not said to anybody but the PBX."),
    Field.SEARCH: ("Name", "Of somebody in your calls, or in the PBX's contacts."),
    Field.ZONE: ("City", "Its first letters"),
    Field.NOTE: ("Note", "Others see it beside your presence."),
}


def build(view: View) -> Node:
    """The text field, with the pad beside it."""
    areas = bands(view.panel)
    field = view.ui.field or Field.NOTE
    title, detail = (view.say(words) for words in _WORDS[field])
    left, right = (areas.content, None) if view.panel.short else areas.columns(pad_width(view.panel))
    head = left._replace(height=view.px(30))
    line = Rect(left.x, head.bottom, left.width, view.px(63))
    below = Rect(left.x, line.bottom + view.px(16), left.width, 0)
    children = [
        status.band(view, areas),
        labels.label(view, "title", title, Steps.SMALL_STRONG, Token.MUTED, head, role=Role.STATUS),
        _field(view, line, title, field),
    ]
    people = _found(view) if field is Field.SEARCH else []
    rest = Rect(left.x, line.bottom + view.px(8), left.width, left.bottom - line.bottom - view.px(8))
    if field is Field.ZONE:
        children.append(time.cities(view, rest, _cities(view)))
    elif field is Field.SEARCH and view.ui.text.strip():
        rows: list[dial.Row] = [(match.party, match.name_span, None) for match in people]
        children.append(dial.matches(view, rest, rows, view.say("Nobody is found."), call_intent))
    else:
        children.append(labels.paragraph(view, "detail", detail, Steps.SECOND, Token.MUTED, below, 3))
    if right is not None:
        children.append(dial_pad.pad(view, right, areas.gap))
    return pages.screen(view, "text", title, *children, keys.soft_keys(view, areas, _keys(view, field, people)))


def _found(view: View) -> list[search.Match]:
    """Who fits what was typed."""
    return search.by_name(view.snapshot.history, view.snapshot.found, view.ui.text, 8)


def _cities(view: View) -> list[tuple[zones.Zone, search.Span | None]]:
    """Those that fit what was typed; without anything those of the phone's country."""
    return zones.matching(view.ui.text, view.snapshot.time.country, 8)


def _field(view: View, area: Rect, title: str, field: Field) -> Node:
    """What was typed; of a password only how much, and for a moment the character that a key goes through."""
    text, tap = view.ui.text, view.ui.tap
    shown = text
    if field is Field.PASSWORD:
        open_end = tap is not None and view.now < tap.until
        shown = _HIDDEN * (len(text) - open_end) + (text[-1:] if open_end else "")
    hint = view.say(_WORDS[field][1]) if field is Field.ZONE else ""
    node = labels.text_field(view, "text-field", area, shown, title, hint)
    if field is not Field.PASSWORD:
        return node
    hidden = _HIDDEN * len(text)
    return dataclasses.replace(node, value=hidden, later=lambda later: _field(later, area, title, field))


def _keys(view: View, field: Field, people: list[search.Match]) -> tuple[KeySpec, ...]:
    text = view.ui.text
    common = (
        KeySpec("back", view.say("Back"), Back()),
        KeySpec("erase", view.say("Delete"), Erase(), icon="erase", disabled=not text),
        KeySpec("letters", view.ui.letters.value, Type(NEXT_LETTERS), icon="hash", name=view.say("Letters")),
    )
    if field is Field.SEARCH:
        call = call_intent(people[0].party) if people else None
        look = keys.GO if people else keys.PLAIN
        return (*common, KeySpec("call", view.say("Call"), call, look=look, icon="answer", default=True))
    if field is Field.ZONE:
        cities = _cities(view)
        choose = time.choose(cities[0][0]) if cities else None
        words = view.say("Choose") + (f" {cities[0][0].city}" if cities else "")
        look = keys.CHOSEN if cities else keys.PLAIN
        return (*common, KeySpec("choose", words, choose, look=look, default=True))
    words = "Log in" if field is Field.PASSWORD else "Save" if field is Field.NOTE else "Next"
    if field is Field.USER and not text:
        words = "Log in"
    if field is Field.SERVER and not text:
        words = "Take back"
    ready = bool(text) or field is not Field.PASSWORD
    return (
        *common,
        KeySpec(
            "next",
            view.say(words),
            Submit(),
            look=keys.CHOSEN if ready else keys.PLAIN,
            default=True,
            disabled=not ready,
        ),
    )
