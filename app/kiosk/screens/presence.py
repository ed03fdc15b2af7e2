"""What others see of the user, and after how long the phone says that nobody is there."""

from __future__ import annotations

from app.kiosk.geometry import Rect
from app.kiosk.intents import AskNote, Back, Go, Place, Send
from app.kiosk.layout import bands
from app.kiosk.marks import Mark, Shape, Symbol, Text
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import common_keys, keys, labels, pages
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import Set, SetPresence
from app.model.pbx import OwnActivity, Presence, SessionState

INACTIVE_SETTING = "presence.inactive_after"
_MINUTES = (0, 5, 15, 30, 60)
_WORDS = {
    OwnActivity.AVAILABLE: "Available",
    OwnActivity.AWAY: "Away",
    OwnActivity.BUSY: "Busy",
    OwnActivity.DND: "Do not disturb",
}
_LOOKS = {
    OwnActivity.AVAILABLE: (Shape.DISC, Token.OK),
    OwnActivity.AWAY: (Shape.RING, Token.WARN),
    OwnActivity.BUSY: (Shape.TRIANGLE, Token.WARN),
    OwnActivity.DND: (Shape.SQUARE, Token.END_TEXT),
}


def own(view: View) -> Presence | None:
    """What others see of the user now; None while the PBX has not said it."""
    pbx = view.snapshot.pbx
    if pbx.state is not SessionState.UP:
        return None
    return pbx.own


def summary(view: View) -> str:
    """It in a word or two; empty where nothing is known."""
    presence = own(view)
    if presence is None:
        return ""
    activity = _activity(presence)
    return presence.activity if activity is None else view.say(_WORDS[activity])


def strip(view: View, room: int) -> Node | None:
    """A line for the idle screen that leads to the choice; a short panel has no room for it."""
    presence = own(view)
    if presence is None or view.panel.short:
        return None
    height, size = view.panel.target(40), view.px(12)
    words = " · ".join(part for part in (summary(view), presence.note) if part)
    left = size + view.px(10)
    words = view.text.fit(words, Steps.KEY, room - left)
    activity = _activity(presence)
    shape, color = (Shape.RING, Token.MUTED) if activity is None else _LOOKS[activity]
    marks: tuple[Mark, ...] = (
        Symbol(shape, Rect(0, (height - size) // 2, size, size), color),
        Text(words, Steps.KEY, Token.TEXT, left, view.text.baseline(Steps.KEY, height / 2)),
    )
    area = Rect(0, 0, left + view.text.measure(words, Steps.KEY), height)
    return Node(
        "own-presence",
        Role.BUTTON,
        area,
        name=view.say("Presence"),
        value=words,
        intent=Go(Place.PRESENCE),
        marks=marks,
        focus_radius=view.px(8),
    )


def build(view: View) -> Node:
    """Presence above, the time below."""
    areas = bands(view.panel)
    upper, lower = areas.content.split_rows((1, 1), areas.gap)
    presence = own(view)
    up = view.snapshot.pbx.state is SessionState.UP
    chosen = None if presence is None else _activity(presence)
    note = "" if presence is None else presence.note
    choices = tuple(
        KeySpec(
            f"presence-{activity.name.lower()}",
            view.say(words),
            Send(SetPresence(id=0, activity=activity, note=note)),
            icon="bell-off" if activity is OwnActivity.DND else "person",
            chosen=activity is chosen,
            disabled=not up,
            note="" if up else view.say("no PBX to tell"),
        )
        for activity, words in _WORDS.items()
    )
    group = Node(
        "items",
        Role.GROUP,
        areas.content,
        children=(keys.grid(view, "presence-choices", upper, [choices], areas.gap), _after(view, lower, areas.gap)),
    )
    words = view.say("Note")
    if presence is not None and presence.note:
        words += f": {presence.note}"
    specs = (
        KeySpec("back", view.say("Back"), Back(), weight=2),
        KeySpec("note", words, AskNote(), icon="message", weight=2, disabled=not up),
    )
    return pages.page(view, areas, "presence", view.say("Presence"), group, specs)


def _after(view: View, area: Rect, gap: int) -> Node:
    """After how long without use others see that nobody is there."""
    activity = view.snapshot.activity
    title_area = area._replace(height=view.px(36))
    words = view.say("Appear offline after")
    if activity.fixed_by:
        words += f" · {common_keys.fixed_words(view, activity.fixed_by)}"
    title = labels.label(view, "offline-title", words, Steps.SECOND, Token.MUTED, title_area)
    minutes = tuple(sorted({*_MINUTES, activity.minutes}))
    specs = tuple(
        KeySpec(
            f"offline-{after}",
            f"{after} {view.say('min')}" if after else view.say("Never"),
            Send(Set(id=0, key=INACTIVE_SETTING, value=after)),
            chosen=after == activity.minutes,
            disabled=bool(activity.fixed_by),
        )
        for after in minutes
    )
    below = Rect(area.x, title_area.bottom + gap, area.width, area.bottom - title_area.bottom - gap)
    return Node("offline", Role.GROUP, area, children=(title, keys.grid(view, "offline-choices", below, [specs], gap)))


def _activity(presence: Presence) -> OwnActivity | None:
    """The activity, or None for one that only others can set."""
    return next((activity for activity in OwnActivity if activity == presence.activity), None)
