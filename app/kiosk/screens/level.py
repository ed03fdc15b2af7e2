"""A level in percent, shown large, with a key for less and one for more."""

from __future__ import annotations

import dataclasses

from app.kiosk.geometry import Rect
from app.kiosk.marks import Fill, Mark
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import keys, labels
from app.kiosk.widgets.keys import KeySpec

STEP = 10
"""Percent with one press."""


@dataclasses.dataclass(frozen=True)
class Level:
    """`id` names the row, `name` says of what it is the level, `less` and `more` are its keys."""

    id: str
    name: str
    percent: int
    less: KeySpec
    more: KeySpec


def after(percent: int, presses: int, lowest: int = 0) -> int:
    """A level after so many presses of the key for more; of that for less where they are negative."""
    return max(lowest, min(100, percent + presses * STEP))


def row(view: View, area: Rect, level: Level) -> Node:
    """The level between its keys."""
    left, middle, right = area.split_columns((1, 2, 1), view.px(24))
    children = (
        keys.key(view, level.less, left, stacked=True),
        _meter(view, middle, level),
        keys.key(view, level.more, right, stacked=True),
    )
    return Node(level.id, Role.GROUP, area, children=children)


def _meter(view: View, area: Rect, level: Level) -> Node:
    words = f"{level.percent} %" if level.percent else view.say("Off")
    track_height = view.px(12)
    upper = Rect(area.x, area.y, area.width, area.height // 2)
    track = Rect(area.x, upper.bottom + view.px(16), area.width, track_height)
    lit = round(track.width * min(100, max(0, level.percent)) / 100)
    marks: list[Mark] = [Fill(track, Token.RAISED, track_height / 2)]
    if lit:
        marks.append(Fill(track._replace(width=max(lit, track_height)), Token.ACCENT, track_height / 2))
    figure = labels.label(view, "volume", words, Steps.TIMER, Token.TEXT, upper, 0, name=level.name)
    return Node("meter", Role.METER, area, name=level.name, value=words, marks=tuple(marks), children=(figure,))
