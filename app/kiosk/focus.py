"""Where the keys are: focus in reading order and by geometry, shown only while keys are used."""

from __future__ import annotations

import dataclasses
import enum

from app.kiosk.geometry import Rect
from app.kiosk.marks import Stroke
from app.kiosk.tree import Node, Role, State


class Direction(enum.Enum):
    """The way an arrow points, as a step in x and y."""

    UP = (0, -1)
    DOWN = (0, 1)
    LEFT = (-1, 0)
    RIGHT = (1, 0)


class Focus:
    """The focused node's id. `shown` is False while only touch is used."""

    def __init__(self) -> None:
        self.node_id = ""
        self.shown = False

    def clear(self) -> None:
        """Nothing has the focus."""
        self.node_id = ""

    def hide(self) -> None:
        """The user touched the panel: the ring goes, and with it the focus."""
        self.shown = False
        self.node_id = ""

    def show(self, node: Node) -> None:
        """Put the focus on a node and show it."""
        self.node_id = node.id
        self.shown = True

    def node(self, root: Node) -> Node | None:
        """The focused node of this tree, or None when there is none that can be acted on."""
        if not self.shown or not self.node_id:
            return None
        node = root.find(self.node_id)
        return node if node is not None and node.enabled else None

    def step(self, root: Node, by: int) -> None:
        """To the next or previous node in reading order, round the ends."""
        nodes = candidates(root)
        if not nodes:
            return
        current = self.node(root)
        if current is None:
            self.show(nodes[0] if by > 0 else nodes[-1])
            return
        place = next(place for place, node in enumerate(nodes) if node.id == current.id)
        self.show(nodes[(place + by) % len(nodes)])

    def move(self, root: Node, direction: Direction) -> None:
        """To the nearest node the arrow points at; without a focus, to where keys begin on this screen."""
        current = self.node(root)
        if current is None:
            entry = entry_point(root)
            if entry is not None:
                self.show(entry)
            return
        found = nearest(current.bounds, candidates(root), direction)
        if found is not None:
            self.show(found)


def candidates(root: Node) -> list[Node]:
    """All nodes that can have the focus, in reading order."""
    return [node for node in root.walk() if node.enabled]


def entry_point(root: Node) -> Node | None:
    """Where the focus begins: the chosen row, a list's first row, the default key, else the first key."""
    nodes = candidates(root)
    selected = (node for node in nodes if State.SELECTED in node.state)
    rows = (node for node in nodes if node.role is Role.LIST_ITEM)
    default = (node for node in nodes if State.DEFAULT in node.state)
    return next((node for group in (selected, rows, default, nodes) for node in group), None)


def default_key(root: Node) -> Node | None:
    """The key that OK means while nothing has the focus; it may be one that can't be acted on now."""
    return next((node for node in root.walk() if State.DEFAULT in node.state), None)


def nearest(start: Rect, nodes: list[Node], direction: Direction) -> Node | None:
    """The node nearest to `start` in a direction; what lies straight ahead beats what lies aside."""
    best: tuple[float, Node] | None = None
    for node in nodes:
        distance = _distance(start, node.bounds, direction)
        if distance is not None and (best is None or distance < best[0]):
            best = distance, node
    return best[1] if best is not None else None


def _distance(start: Rect, end: Rect, direction: Direction) -> float | None:
    dx, dy = direction.value
    if dx:
        ahead = (end.x - start.right if dx > 0 else start.x - end.right) + 1
        aside = max(0, end.y - start.bottom + 1, start.y - end.bottom + 1)
        skew = abs(end.center_y - start.center_y)
    else:
        ahead = (end.y - start.bottom if dy > 0 else start.y - end.bottom) + 1
        aside = max(0, end.x - start.right + 1, start.x - end.right + 1)
        skew = abs(end.center_x - start.center_x)
    if ahead < 1:
        return None
    return ahead + aside * 4 + skew * 0.1


def with_ring(root: Node, focused: Node | None, width: float) -> Node:
    """The tree with the focus ring as the last mark of the focused node."""
    if focused is None:
        return root
    ring = Stroke(focused.bounds, focused.focus_color, focused.focus_radius, width)
    return _replaced(root, focused.id, ring)


def _replaced(node: Node, node_id: str, ring: Stroke) -> Node:
    if node.id == node_id:
        return dataclasses.replace(node, marks=(*node.marks, ring))
    children = tuple(_replaced(child, node_id, ring) for child in node.children)
    if all(new is old for new, old in zip(children, node.children, strict=True)):
        return node
    return dataclasses.replace(node, children=children)
