"""The tree of what is on the screen: one description for the painter, focus, speech, tests and a remote view.

A screen builds the whole tree from what is true now; it is kept until something else is true, and what differs
between two trees is what the painter paints. Where only time has passed, `moved_on` makes anew the nodes that tell
it and keeps the others. Nodes are frozen, so a tree never changes under a reader.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Callable, Iterator

from app.kiosk import marks
from app.kiosk.geometry import Rect
from app.kiosk.intents import Intent
from app.kiosk.marks import Mark
from app.kiosk.theme import Token
from app.kiosk.view import View


class Role(enum.StrEnum):
    """What a node is, in the words of WAI-ARIA."""

    SCREEN = "screen"
    GROUP = "group"
    TOOLBAR = "toolbar"
    BUTTON = "button"
    LIST = "list"
    LIST_ITEM = "listitem"
    TEXT = "text"
    TEXT_FIELD = "textbox"
    TIMER = "timer"
    STATUS = "status"
    ALERT = "alert"
    METER = "meter"
    IMAGE = "image"


class State(enum.StrEnum):
    """What holds of a node now."""

    DISABLED = "disabled"
    PRESSED = "pressed"
    """Chosen or switched on, as ARIA's aria-pressed has it."""
    SELECTED = "selected"
    DEFAULT = "default"
    """The one that OK means while nothing has the focus."""


@dataclasses.dataclass(frozen=True)
class Node:
    """One element. `id` is unique in its tree and the same from one tree to the next as long as it is the same thing.

    `name` is what a person calls it and speech says first, `value` what it holds. `bounds` are pixels of the
    panel. `marks` are painted in order, before the children. A node that looks other as seconds pass has `later`,
    which makes it for another moment of the same truth.
    """

    id: str
    role: Role
    bounds: Rect
    name: str = ""
    value: str = ""
    state: frozenset[State] = frozenset()
    intent: Intent | None = None
    marks: tuple[Mark, ...] = ()
    children: tuple[Node, ...] = ()
    focus_radius: float = 0.0
    """Corner radius in pixels of the focus ring."""
    focus_color: Token = Token.FOCUS
    later: Callable[[View], Node] | None = dataclasses.field(default=None, compare=False, repr=False)

    @functools.cached_property
    def extent(self) -> Rect:
        """All that the node and its children may paint."""
        return functools.reduce(Rect.union, (child.extent for child in self.children), self.bounds)

    @functools.cached_property
    def lives(self) -> bool:
        """Whether it, or a node below it, looks other as seconds pass."""
        return self.later is not None or any(child.lives for child in self.children)

    @property
    def enabled(self) -> bool:
        """Whether it can be acted on."""
        return self.intent is not None and State.DISABLED not in self.state

    @property
    def actions(self) -> tuple[str, ...]:
        """What can be done with it, for speech and a remote view."""
        return ("press", "focus") if self.enabled else ()

    def walk(self) -> Iterator[Node]:
        """The node itself and all below it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, node_id: str) -> Node | None:
        """The node of that name, or None."""
        return next((node for node in self.walk() if node.id == node_id), None)

    def at(self, x: int, y: int) -> Node | None:
        """The topmost node under a point that can be acted on, or None."""
        hit = None
        for node in self.walk():
            if node.enabled and node.bounds.contains(x, y):
                hit = node
        return hit


def damage(old: Node | None, new: Node) -> list[Rect]:
    """The rectangles in which `new` looks other than `old`."""
    if old is None or (old.id, old.bounds) != (new.id, new.bounds):
        return [new.bounds] if old is None else [old.bounds, new.bounds]
    rects: list[Rect] = []
    _compare(old, new, rects)
    return rects


def _compare(old: Node, new: Node, rects: list[Rect]) -> None:
    if old is new:
        return
    if old.bounds != new.bounds or old.marks != new.marks:
        rects += [old.extent, new.extent]
        return
    before = {child.id: child for child in old.children}
    after = {child.id for child in new.children}
    for child in new.children:
        if child.id in before:
            _compare(before[child.id], child, rects)
        else:
            rects.append(child.extent)
    rects += [child.extent for child in old.children if child.id not in after]


def moved_on(node: Node, view: View) -> Node:
    """The node at the moment of `view`, which differs from the view it was built from only in time."""
    if node.later is not None:
        return node.later(view)
    if not node.lives:
        return node
    children = tuple(moved_on(child, view) for child in node.children)
    moved = dataclasses.replace(node, children=children)
    if all(new is old or new.extent == old.extent for new, old in zip(children, node.children, strict=True)):
        vars(moved)["extent"] = node.extent
    return moved


def shifted(node: Node, dx: int, dy: int) -> Node:
    """The same node elsewhere."""
    return dataclasses.replace(
        node,
        bounds=node.bounds.shifted(dx, dy),
        marks=tuple(marks.shifted(mark, dx, dy) for mark in node.marks),
        children=tuple(shifted(child, dx, dy) for child in node.children),
    )
