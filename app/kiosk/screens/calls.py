"""The call list: who called when, newest first."""

from __future__ import annotations

import datetime as dt

from app.kiosk import people
from app.kiosk.geometry import Rect
from app.kiosk.intents import Back, Choose, Filter, Go, Page, Place, call_intent
from app.kiosk.layout import bands
from app.kiosk.marks import Fill, Icon, Mark, Stroke, Symbol, Text
from app.kiosk.theme import Panel, Steps, Token
from app.kiosk.tree import Node, Role, State
from app.kiosk.view import View, duration
from app.kiosk.widgets import keys, labels, pages, status
from app.kiosk.widgets.keys import KeySpec
from app.model.history import CallDirection, CallRecord

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def records(view: View) -> list[CallRecord]:
    """The rows that the list holds now."""
    return [record for record in view.snapshot.history if record.missed or not view.ui.missed_only]


def visible_rows(panel: Panel) -> int:
    """How many rows are on the screen at once."""
    return max(1, bands(panel).content.height // _row_height(panel))


def _row_height(panel: Panel) -> int:
    return max(panel.target_px, panel.px(59))


def build(view: View) -> Node:
    """The call list with its filter and its pages."""
    areas = bands(view.panel)
    side = view.px(120)
    left, right = areas.columns(side)
    rows = records(view)
    top, selected = view.ui.top, min(view.ui.selected, len(rows) - 1)
    shown = rows[top : top + visible_rows(view.panel)]
    height = left.height // visible_rows(view.panel)
    children = tuple(
        _row(view, top + number, Rect(left.x, left.y + number * height, left.width, height), record, selected)
        for number, record in enumerate(shown)
    )
    if not children:
        words = view.say("No missed calls.") if view.ui.missed_only else view.say("No calls yet.")
        children = (labels.label(view, "empty", words, Steps.DETAIL, Token.MUTED, left, 0),)
    listing = Node("calls-list", Role.LIST, left, name=view.say("Calls"), children=children)
    chosen = rows[selected] if 0 <= selected < len(rows) else None
    return pages.screen(
        view,
        "call-list",
        view.say("Call list"),
        status.band(view, areas),
        listing,
        keys.grid(view, "filter", right, _side(view, len(rows)), areas.gap),
        keys.soft_keys(view, areas, _soft_keys(view, chosen)),
    )


def _side(view: View, count: int) -> list[tuple[KeySpec, ...]]:
    only = view.ui.missed_only
    page = visible_rows(view.panel)
    both = [
        (KeySpec("filter-all", view.say("All"), Filter(missed_only=False), chosen=not only),),
        (KeySpec("filter-missed", view.say("Missed"), Filter(missed_only=True), chosen=only, icon="missed"),),
    ]
    switch = [(KeySpec("filter-missed", view.say("Missed"), Filter(missed_only=not only), chosen=only),)]
    return [
        *(switch if view.panel.short else both),
        (KeySpec("newer", view.say("Newer"), Page(-1), icon="up", disabled=view.ui.top == 0),),
        (KeySpec("older", view.say("Older"), Page(1), icon="down", disabled=view.ui.top + page >= count),),
    ]


def _soft_keys(view: View, chosen: CallRecord | None) -> tuple[KeySpec, ...]:
    possible = chosen is not None and bool(chosen.party.number)
    words = view.say("Call") + (f" {chosen.party.label}" if chosen is not None and possible else "")
    return (
        KeySpec("back", view.say("Back"), Back()),
        KeySpec("dial", view.say("Dial"), Go(Place.DIAL)),
        KeySpec(
            "call",
            words,
            call_intent(chosen.party) if chosen is not None and possible else None,
            look=keys.GO if possible else keys.PLAIN,
            icon="answer",
            weight=2,
            default=True,
        ),
    )


def _look(record: CallRecord) -> tuple[str, Token, str]:
    if record.missed:
        return "missed", Token.END_TEXT, "Missed"
    if record.direction is CallDirection.INCOMING:
        return "incoming", Token.MUTED, "Answered"
    return "outgoing", Token.MUTED, "Dialled" if record.answered else "Not answered"


def _row(view: View, number: int, area: Rect, record: CallRecord, selected: int) -> Node:
    node_id = f"row-{number}"
    chosen = number == selected
    area = area.inset(0, view.px(1))
    radius = view.px(14)
    marks: list[Mark] = []
    if chosen or view.ui.pressed == node_id:
        marks.append(Fill(area, Token.RAISED, radius))
        if view.theme.outlined:
            marks.append(Stroke(area, Token.LINE, radius, max(1, view.px(2))))
    icon, color, word = _look(record)
    size = view.px(24)
    place = Rect(area.x + view.px(14), area.center_y - size // 2, size, size)
    said, when = view.say(word), _when(view, record)
    spent = duration(record.seconds) if record.answered else ""
    inner = Rect(place.right + view.px(14), area.y, area.right - view.px(16) - place.right - view.px(14), area.height)
    now = people.standing(view, record.party.number)
    marks += [Icon(icon, place, color), *_words(view, inner, record, now, said, when, spent)]
    return Node(
        node_id,
        Role.LIST_ITEM,
        area,
        name=record.party.label,
        value=", ".join(filter(None, (said, when, spent, "" if now is None else now.words))),
        state=frozenset({State.SELECTED}) if chosen else frozenset(),
        intent=Choose(number),
        marks=tuple(marks),
        focus_radius=radius,
    )


def _words(
    view: View, area: Rect, record: CallRecord, now: people.Standing | None, said: str, when: str, spent: str
) -> list[Mark]:
    """Who, what became of it and how he is now at the left, when and how long at the right, in two lines."""
    upper, lower = area.center_y - view.px(11), area.center_y + view.px(12)
    who_room = area.width - view.text.measure(when, Steps.SMALL_FIGURES) - view.px(12)
    who_color = Token.END_TEXT if record.missed and not record.seen else Token.TEXT
    words = (said, record.party.number if record.party.name else "", "" if now is None else now.words)
    second = " · ".join(filter(None, words))
    first_line, second_line = view.text.baseline(Steps.SMALL, upper), view.text.baseline(Steps.SMALL, lower)
    name_line = view.text.baseline(Steps.KEY, upper)
    marks: list[Mark] = [
        Text(record.party.label, Steps.KEY, who_color, area.x, name_line, limit=who_room),
        Text(when, Steps.SMALL_FIGURES, Token.MUTED, area.right, first_line, 1),
        Text(second, Steps.SMALL, Token.MUTED, area.x, second_line, limit=area.width - view.px(70)),
    ]
    if now is not None:
        size, name_width = view.px(12), view.text.measure(record.party.label, Steps.KEY)
        left = area.x + min(name_width, who_room - view.px(20)) + view.px(8)
        marks.append(Symbol(now.shape, Rect(left, upper - size // 2, size, size), now.color))
    if spent:
        marks.append(Text(spent, Steps.SMALL_FIGURES, Token.MUTED, area.right, second_line, 1))
    return marks


def _when(view: View, record: CallRecord) -> str:
    """When a call was, as shortly as it is still clear: the time today, the weekday this week, else the date."""
    try:
        began = dt.datetime.fromtimestamp(record.began, view.wall.tzinfo)
    except (OverflowError, OSError, ValueError):
        return ""
    days = (view.wall.date() - began.date()).days
    time = view.clock(began)
    if days == 0:
        return time
    if days == 1:
        return f"{view.say('Yesterday')} {time}"
    if 1 < days < 7:
        return f"{view.say(_WEEKDAYS[began.weekday()])} {time}"
    return f"{began.day:02}.{began.month:02}.{began.year % 100:02}"
