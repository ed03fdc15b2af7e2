"""Text on the screen: a line, a paragraph, a field to type in, a card of facts."""

from __future__ import annotations

from collections.abc import Callable

from app.kiosk.geometry import Rect
from app.kiosk.marks import Fill, Mark, Text
from app.kiosk.theme import Steps, Token
from app.kiosk.theme import Type as Step
from app.kiosk.tree import Node, Role
from app.kiosk.view import View


def label(
    view: View,
    node_id: str,
    text: str,
    step: Step,
    color: Token,
    area: Rect,
    align: int = -1,
    role: Role = Role.TEXT,
    name: str = "",
    later: Callable[[View], Node] | None = None,
) -> Node:
    """A line of text in the middle of an area's height."""
    x = (area.x, area.center_x, area.right)[align + 1]
    mark = Text(text, step, color, x, view.text.baseline(step, area.center_y), align, area.width)
    return Node(node_id, role, area, name=name or text, value=text if name else "", marks=(mark,), later=later)


def paragraph(view: View, node_id: str, text: str, step: Step, color: Token, area: Rect, lines: int) -> Node:
    """Text broken into lines, from the top of an area; the node is as high as its lines."""
    pitch = round(view.panel.em(step) * 1.4)
    marks = tuple(
        Text(line, step, color, area.x, view.text.baseline(step, area.y + (number + 0.5) * pitch), limit=area.width)
        for number, line in enumerate(view.text.wrap(text, step, area.width, lines))
    )
    return Node(node_id, Role.TEXT, Rect(area.x, area.y, area.width, pitch * len(marks)), name=text, marks=marks)


def text_field(view: View, node_id: str, area: Rect, typed: str, name: str, hint: str) -> Node:
    """What was typed, on a line, with a cursor; a long text shows its end, and none of it a hint."""
    thick = max(2, view.px(2))
    room = area.width - view.px(12)
    step = Steps.NUMBER
    if view.text.measure(typed, step) > room:
        step = Steps.NUMBER_SMALL
    shown = typed
    while view.text.measure("…" + shown if shown != typed else shown, step) > room:
        shown = shown[1:]
    shown = "…" + shown if shown != typed else shown
    middle = area.center_y - thick
    color = Token.TEXT if typed else Token.MUTED
    words_step = step if typed else Steps.DETAIL
    cursor_x = area.x + (view.text.measure(shown, step) + view.px(5) if typed else 0)
    text_x = area.x if typed else area.x + view.px(12)
    cursor_height = view.px(36)
    marks: tuple[Mark, ...] = (
        Text(shown or hint, words_step, color, text_x, view.text.baseline(words_step, middle), limit=room),
        Fill(Rect(cursor_x, middle - cursor_height // 2, thick, cursor_height), Token.ACCENT),
        Fill(Rect(area.x, area.bottom - thick, area.width, thick), Token.ACCENT),
    )
    return Node(node_id, Role.TEXT_FIELD, area, name=name, value=typed, marks=marks)


def facts(view: View, area: Rect, rows: list[tuple[str, str]]) -> Node:
    """A card of names and values, one below the other."""
    inner = area.inset(view.px(24), view.px(12))
    height = min(view.px(48), inner.height // max(1, len(rows)))
    label_width = min(view.px(160), inner.width // 3)
    children: list[Node] = []
    for number, (name, value) in enumerate(rows):
        row = Rect(inner.x, inner.y + number * height, inner.width, height)
        cell = Rect(row.x + label_width, row.y, row.width - label_width, height)
        head = row._replace(width=label_width - view.px(12))
        children += [
            label(view, f"fact-{number}", name, Steps.SECOND, Token.MUTED, head),
            label(view, f"value-{number}", value, Steps.SECOND_STRONG, Token.TEXT, cell, name=name),
        ]
    card = Fill(area, Token.SURFACE, view.px(14))
    return Node("facts", Role.GROUP, area, marks=(card,), children=tuple(children))
