"""A person on the screen: an avatar, and a row of a list."""

from __future__ import annotations

import dataclasses

from app.kiosk.geometry import Rect
from app.kiosk.intents import Intent
from app.kiosk.marks import Fill, Icon, Mark, Stroke, Symbol, Text
from app.kiosk.people import Standing
from app.kiosk.theme import Steps, Token
from app.kiosk.theme import Type as Step
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.model.party import Party


def row(
    view: View,
    node_id: str,
    area: Rect,
    party: Party,
    intent: Intent | None,
    second: Text,
    *,
    name_span: tuple[int, int] | None = None,
    resting: Token | None = None,
    icon: str = "person",
    reserved: int = 0,
    disc: bool = True,
    standing: Standing | None = None,
) -> Node:
    """A row with avatar, name and second line; `second` brings its text, type and spans, its place is set here.

    `reserved` pixels at the right are kept free beside the name. Without `disc` a narrow row has room for the name. How
    he is `standing` is said beside the second line, and at the disc.
    """
    if standing is not None:
        second = dataclasses.replace(second, text=" · ".join(filter(None, (second.text, standing.words))))
    radius = view.px(14)
    fill = Token.RAISED if view.ui.pressed == node_id else resting
    marks: list[Mark] = [Fill(area, fill, radius)] if fill is not None else []
    if view.theme.outlined and fill is not None:
        marks.append(Stroke(area, Token.LINE, radius, max(1, view.px(2))))
    left = area.x + view.px(12)
    if disc:
        size = min(view.px(40), area.height - view.px(8))
        place = Rect(left, area.center_y - size // 2, size, size)
        ground = Token.SURFACE if fill is Token.RAISED else Token.RAISED
        marks += avatar(view, place, party, Steps.INITIALS, ground, icon)
        if standing is not None:
            marks += standing_marks(view, place, standing, fill or Token.GROUND)
        left = place.right + view.px(12)
    marks += _two_lines(view, area._replace(width=area.width - reserved), left, party, second, name_span)
    return Node(
        node_id,
        Role.LIST_ITEM,
        area,
        name=party.label,
        value=second.text,
        intent=intent,
        marks=tuple(marks),
        focus_radius=radius,
    )


def _two_lines(
    view: View, area: Rect, left: int, party: Party, second: Text, name_span: tuple[int, int] | None
) -> list[Mark]:
    """Name over second line; a number that stands for a name breaks instead of being cut."""
    limit = area.right - view.px(10) - left
    upper, lower = area.center_y - view.px(10), area.center_y + view.px(12)
    lines = [party.label]
    if not party.name and view.text.measure(party.label, Steps.KEY) > limit:
        lines = view.text.wrap(party.label, Steps.KEY, limit, 2)
    if not second.text and len(lines) == 1:
        upper = area.center_y
    marks: list[Mark] = []
    for line, middle in zip(lines, (upper, lower), strict=False):
        baseline = view.text.baseline(Steps.KEY, middle)
        underlined = name_span if len(lines) == 1 else None
        marks.append(Text(line, Steps.KEY, Token.TEXT, left, baseline, limit=limit, underlined=underlined))
    if len(lines) == 1 and second.text:
        baseline = view.text.baseline(second.type, lower)
        marks.append(dataclasses.replace(second, x=left, baseline=baseline, limit=limit))
    return marks


def avatar(
    view: View, area: Rect, party: Party, step: Step, fill: Token = Token.RAISED, icon: str = "person"
) -> list[Mark]:
    """A disc with initials, or with an icon where there is no name."""
    marks: list[Mark] = [Fill(area, fill, area.width / 2)]
    letters = initials(party)
    if letters:
        marks.append(Text(letters, step, Token.TEXT, area.center_x, view.text.baseline(step, area.center_y), 0))
    else:
        size = round(area.width * 0.55)
        place = Rect(area.center_x - size // 2, area.center_y - size // 2, size, size)
        marks.append(Icon(icon, place, Token.MUTED))
    return marks


def initials(party: Party) -> str:
    """Two letters for an avatar: of the first and last word of a name; a number has none."""
    words = [word for word in party.name.split() if word[0].isalnum()]
    if not words:
        return ""
    letters = words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]
    return letters.upper()[:2]


def standing_marks(view: View, disc: Rect, standing: Standing, ground: Token) -> list[Mark]:
    """A small shape at the lower right of a disc, with a rim of the `ground` around it."""
    size, rim = view.px(12), view.px(3)
    place = Rect(disc.right - size, disc.bottom - size, size, size)
    around = place.inset(-rim)
    return [Fill(around, ground, around.width / 2), Symbol(standing.shape, place, standing.color)]
