"""Keys on the screen: one with its words and its icon, and several in a row or in a grid."""

from __future__ import annotations

import dataclasses

from app.kiosk.geometry import Rect
from app.kiosk.intents import Intent
from app.kiosk.layout import Bands
from app.kiosk.marks import Fill, Icon, Mark, Stroke, Text
from app.kiosk.theme import Steps, Token
from app.kiosk.theme import Type as Step
from app.kiosk.tree import Node, Role, State
from app.kiosk.view import View

_SMALLER = {Steps.KEY_LARGE: Steps.KEY, Steps.KEY: Steps.SMALL_STRONG}


@dataclasses.dataclass(frozen=True)
class Look:
    """A key's fill and the colour of what stands on it."""

    fill: Token
    ink: Token


PLAIN = Look(Token.SURFACE, Token.TEXT)
CHOSEN = Look(Token.ACCENT, Token.ON_ACCENT)
GO = Look(Token.OK, Token.ON_OK)
STOP = Look(Token.END, Token.ON_END)
LIFTED = Look(Token.RAISED, Token.TEXT)
ALARM = Look(Token.SURFACE, Token.END_TEXT)


@dataclasses.dataclass(frozen=True)
class KeySpec:
    """A key before it has a place. `weight` is its width in columns; `name` is for speech where the label is short."""

    id: str
    label: str
    intent: Intent | None
    look: Look = PLAIN
    icon: str = ""
    weight: float = 1.0
    badge: int = 0
    chosen: bool = False
    disabled: bool = False
    default: bool = False
    name: str = ""
    note: str = ""
    """A second line: why it can't be used, or what is set."""


def key(view: View, spec: KeySpec, area: Rect, step: Step = Steps.KEY, stacked: bool = False) -> Node:
    """A key with its words, and its icon before or above them."""
    usable = spec.intent is not None and not spec.disabled
    look = spec.look
    if spec.chosen:
        look = CHOSEN if usable else LIFTED
    ink = look.ink if usable else Token.MUTED
    pressed = view.ui.pressed == spec.id and usable
    fill = Token.RAISED if pressed and look.fill is Token.SURFACE else look.fill
    radius = view.px(18 if step is Steps.KEY_LARGE else 14)
    marks: list[Mark] = [Fill(area, fill, radius)]
    if view.theme.outlined:
        marks.append(Stroke(area, Token.LINE, radius, max(1, view.px(2))))
    if pressed and look.fill is not Token.SURFACE:
        marks.append(Stroke(area, look.ink, radius, view.px(3)))
    compose = _stacked if stacked else _in_line
    marks += compose(view, spec, area, step, ink)
    states = {
        State.PRESSED: spec.chosen,
        State.DISABLED: not usable,
        State.DEFAULT: spec.default,
    }
    return Node(
        spec.id,
        Role.BUTTON,
        area,
        name=spec.name or spec.label,
        value=spec.note or (str(spec.badge) if spec.badge else ""),
        state=frozenset(state for state, holds in states.items() if holds),
        intent=spec.intent,
        marks=tuple(marks),
        focus_radius=radius,
        focus_color=Token.FOCUS if look.fill is Token.SURFACE else Token.FOCUS_ON_FILL,
    )


def _in_line(view: View, spec: KeySpec, area: Rect, step: Step, ink: Token) -> list[Mark]:
    room = area.width - 2 * view.px(10)
    icon = view.px(24 if step is Steps.KEY else 28) if spec.icon else 0
    space = view.px(10) if icon else 0
    badge_text = str(spec.badge) if spec.badge < 100 else "99+"
    badge = max(view.px(22), view.text.measure(badge_text, Steps.SMALL_STRONG) + view.px(14)) if spec.badge else 0
    badge_space = view.px(10) if badge else 0
    if icon and view.text.measure(spec.label, _SMALLER.get(step, step)) > room - icon - space:
        icon = space = 0
    limit = room - icon - space - badge - badge_space
    step = fitting(view, spec.label, step, limit)
    lines = view.text.wrap(spec.label, step, limit, 2)
    width = max((view.text.measure(line, step) for line in lines), default=0)
    left = area.center_x - (icon + space + width + badge + badge_space) // 2
    marks: list[Mark] = []
    if icon:
        marks.append(Icon(spec.icon, Rect(left, area.center_y - icon // 2, icon, icon), ink))
    text_x = left + icon + space
    pitch = round(view.panel.em(step) * 1.2)
    for number, line in enumerate(lines):
        middle = area.center_y + (number - (len(lines) - 1) / 2) * pitch
        marks.append(Text(line, step, ink, text_x + width // 2, view.text.baseline(step, middle), 0))
    if badge:
        height = view.px(22)
        pill = Rect(text_x + width + badge_space, area.center_y - height // 2, badge, height)
        marks += badge_marks(view, pill, badge_text)
    return marks


def _stacked(view: View, spec: KeySpec, area: Rect, step: Step, ink: Token) -> list[Mark]:
    room = area.width - 2 * view.px(8)
    icon = view.px(28) if spec.icon else 0
    step = fitting(view, spec.label, step, room)
    lines = [(line, step, ink) for line in view.text.wrap(spec.label, step, room, 2)]
    if spec.note:
        note_ink = Token.MUTED if ink in (Token.TEXT, Token.MUTED) else ink
        lines += [(line, Steps.SMALL, note_ink) for line in view.text.wrap(spec.note, Steps.SMALL, room, 2)]
    pitch = round(view.panel.em(step) * 1.25)
    space = view.px(8) if icon else 0
    while len(lines) > 1 and icon + space + pitch * len(lines) > area.height - view.px(8):
        lines.pop()
    if icon + space + pitch * len(lines) > area.height - view.px(4):
        icon = space = 0
    height = icon + space + pitch * len(lines)
    top = area.center_y - height // 2
    marks: list[Mark] = []
    if icon:
        marks.append(Icon(spec.icon, Rect(area.center_x - icon // 2, top, icon, icon), ink))
    top += icon + space
    for number, (line, line_step, line_ink) in enumerate(lines):
        baseline = view.text.baseline(line_step, top + pitch * (number + 0.5))
        marks.append(Text(line, line_step, line_ink, area.center_x, baseline, 0))
    return marks


def fitting(view: View, text: str, step: Step, limit: int) -> Step:
    """The step, or the next smaller one where the text is wider than `limit`."""
    if view.text.measure(text, step) > limit:
        return _SMALLER.get(step, step)
    return step


def badge_marks(view: View, pill: Rect, text: str) -> list[Mark]:
    """A count on a filled pill."""
    baseline = view.text.baseline(Steps.SMALL_STRONG, pill.center_y)
    return [
        Fill(pill, Token.ACCENT, pill.height / 2),
        Text(text, Steps.SMALL_STRONG, Token.ON_ACCENT, pill.center_x, baseline, 0),
    ]


def soft_keys(view: View, bands: Bands, specs: tuple[KeySpec, ...], step: Step = Steps.KEY) -> Node:
    """The band at the bottom: four columns, as the hardware has keys."""
    areas = bands.soft.split_columns(tuple(spec.weight for spec in specs), bands.gap)
    keys = tuple(key(view, spec, area, step) for spec, area in zip(specs, areas, strict=True))
    return Node("soft", Role.TOOLBAR, bands.soft, name=view.say("Actions"), children=keys)


def grid(view: View, node_id: str, area: Rect, rows: list[tuple[KeySpec, ...]], gap: int) -> Node:
    """Keys in rows of equal height, icons above words."""
    children: list[Node] = []
    for specs, row in zip(rows, area.split_rows((1,) * len(rows), gap), strict=True):
        areas = row.split_columns(tuple(spec.weight for spec in specs), gap)
        children += [key(view, spec, cell, stacked=True) for spec, cell in zip(specs, areas, strict=True)]
    return Node(node_id, Role.GROUP, area, children=tuple(children))
