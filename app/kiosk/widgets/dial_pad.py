"""The twelve keys of a telephone."""

from __future__ import annotations

from app.kiosk.geometry import Rect
from app.kiosk.intents import Type
from app.kiosk.marks import Fill, Icon, Mark, Stroke, Text
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View

PAD = (
    ("1", ""),
    ("2", "ABC"),
    ("3", "DEF"),
    ("4", "GHI"),
    ("5", "JKL"),
    ("6", "MNO"),
    ("7", "PQRS"),
    ("8", "TUV"),
    ("9", "WXYZ"),
    ("*", ""),
    ("0", "+"),
    ("#", ""),
)
_SHORT_PAD_ORDER = "123*4560789#"
_KEY_WORDS = {"*": "Star", "#": "Hash"}


def pad(view: View, area: Rect, gap: int, letters: bool = True) -> Node:
    """The twelve keys: three columns of four, or on a short panel four columns of three."""
    keys = sorted(PAD, key=lambda pair: _SHORT_PAD_ORDER.index(pair[0])) if view.panel.short else PAD
    columns = 4 if view.panel.short else 3
    rows = area.split_rows((1,) * (len(PAD) // columns), gap)
    children = []
    for number, (digit, below) in enumerate(keys):
        cell = rows[number // columns].split_columns((1,) * columns, gap)[number % columns]
        children.append(_pad_key(view, digit, below, cell, letters=letters))
    return Node("pad", Role.GROUP, area, name=view.say("Keypad"), children=tuple(children))


def _pad_key(view: View, digit: str, below: str, area: Rect, *, letters: bool) -> Node:
    node_id = f"digit-{digit}"
    pressed = view.ui.pressed == node_id
    radius = view.px(14)
    marks: list[Mark] = [Fill(area, Token.RAISED if pressed else Token.SURFACE, radius)]
    if view.theme.outlined:
        marks.append(Stroke(area, Token.LINE, radius, max(1, view.px(2))))
    # Where keys have letters, digits stand on one line in all keys of a row, with letters below or without.
    middle = area.center_y - (view.px(10) if letters else 0)
    if digit in _KEY_WORDS:
        marks.append(_key_sign(view, digit, area, middle))
    else:
        marks.append(Text(digit, Steps.DIGIT, Token.TEXT, area.center_x, view.text.baseline(Steps.DIGIT, middle), 0))
    if below and letters:
        baseline = view.text.baseline(Steps.LETTERS, area.center_y + view.px(18))
        tracking = round(Steps.LETTERS.tracking * view.panel.em(Steps.LETTERS) / 2)
        marks.append(Text(below, Steps.LETTERS, Token.MUTED, area.center_x + tracking, baseline, 0))
    name = view.say(_KEY_WORDS.get(digit, digit))
    return Node(
        node_id, Role.BUTTON, area, name=name, value=below, intent=Type(digit), marks=tuple(marks), focus_radius=radius
    )


def _key_sign(view: View, digit: str, area: Rect, middle: int) -> Mark:
    size = view.px(28)
    return Icon(
        "star" if digit == "*" else "hash",
        Rect(area.center_x - size // 2, middle - size // 2, size, size),
        Token.TEXT,
    )
