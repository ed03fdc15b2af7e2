"""Whole screens, and where things stand on them."""

from __future__ import annotations

from app.kiosk.geometry import Rect
from app.kiosk.layout import Bands
from app.kiosk.tree import Node, Role
from app.kiosk.view import View
from app.kiosk.widgets import keys, status
from app.kiosk.widgets.keys import KeySpec


def screen(view: View, node_id: str, name: str, *children: Node) -> Node:
    """The root of a screen."""
    return Node(node_id, Role.SCREEN, view.screen, name=name, children=children)


def page(view: View, areas: Bands, node_id: str, name: str, content: Node, specs: tuple[KeySpec, ...]) -> Node:
    """A screen of the menu: one thing between the bands."""
    return screen(view, node_id, name, status.band(view, areas), content, keys.soft_keys(view, areas, specs))


def middle(areas: Bands, height: int) -> Rect:
    """A strip of the content's width in its middle."""
    area = areas.content
    height = min(height, area.height)
    return Rect(area.x, area.y + (area.height - height) // 2, area.width, height)
