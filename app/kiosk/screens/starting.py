"""The phone itself is not there (yet, or again, or no longer): say so, and wait."""

from __future__ import annotations

from app.kiosk.geometry import Rect
from app.kiosk.layout import bands
from app.kiosk.marks import Icon
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import labels, pages


def build(view: View) -> Node:
    """The screen while there is no connection to the phone, which alone knows whose time is to be shown."""
    return _screen(
        view,
        "starting",
        view.say("Starting"),
        view.say("Phone is starting"),
        view.say("Calls can be made in a moment. A call that is on goes on."),
    )


def build_farewell(view: View) -> Node:
    """The last one, until the machine is off or starts again."""
    return _screen(
        view,
        "farewell",
        view.say("Switching off"),
        view.say("Phone is switching off"),
        view.say("If it restarts, it comes back by itself."),
    )


def _screen(view: View, name: str, words: str, headline: str, explanation: str) -> Node:
    areas = bands(view.panel)
    screen = view.screen
    middle = screen.center_y + view.px(28)
    size = view.px(56)
    symbol = Rect(screen.center_x - size // 2, middle - view.px(60) - size, size, size)
    title = Rect(areas.margin, middle - view.px(40), areas.content.width, view.px(40))
    detail = Rect(areas.margin, middle + view.px(4), areas.content.width, view.px(32))
    return pages.screen(
        view,
        name,
        words,
        Node("symbol", Role.IMAGE, symbol, marks=(Icon("answer", symbol, Token.LINE),)),
        labels.label(view, "title", headline, Steps.TITLE, Token.TEXT, title, 0, Role.STATUS),
        labels.label(view, "detail", explanation, Steps.SECOND, Token.MUTED, detail, 0),
    )
