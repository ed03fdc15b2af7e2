"""What a node looks like: a short display list. Colours are names of theme tokens, places are pixels of the panel."""

from __future__ import annotations

import dataclasses
import enum

from app.kiosk.geometry import Rect
from app.kiosk.theme import Token, Type


@dataclasses.dataclass(frozen=True)
class Fill:
    """A rectangle with round corners; `radius` 0 is square."""

    area: Rect
    color: Token
    radius: float = 0.0


@dataclasses.dataclass(frozen=True)
class Stroke:
    """A line of `width` pixels inside the edge of a rectangle with round corners."""

    area: Rect
    color: Token
    radius: float
    width: float


@dataclasses.dataclass(frozen=True)
class Text:
    """One run of text on a baseline. `x` is its left end, middle or right end as `align` is -1, 0 or 1.

    It is cut with an ellipsis at `limit` pixels. `strong` and `underlined` are ranges of characters.
    """

    text: str
    type: Type
    color: Token
    x: int
    baseline: int
    align: int = -1
    limit: int | None = None
    strong: tuple[int, int] | None = None
    underlined: tuple[int, int] | None = None


@dataclasses.dataclass(frozen=True)
class Icon:
    """A vector icon of `app.kiosk.icons` in a square."""

    name: str
    area: Rect
    color: Token


class Shape(enum.StrEnum):
    """The shapes that say a state besides word and colour."""

    DISC = "disc"
    SQUARE = "square"
    TRIANGLE = "triangle"
    RING = "ring"


@dataclasses.dataclass(frozen=True)
class Symbol:
    """A small shape in a square."""

    shape: Shape
    area: Rect
    color: Token


@dataclasses.dataclass(frozen=True)
class Modules:
    """The dark modules of a QR code, a byte each, 1 for dark; as large as whole pixels allow, in a square's middle."""

    rows: tuple[bytes, ...]
    area: Rect
    color: Token


Mark = Fill | Stroke | Text | Icon | Symbol | Modules


def shifted(mark: Mark, dx: int, dy: int) -> Mark:
    """The same mark elsewhere."""
    if isinstance(mark, Text):
        return dataclasses.replace(mark, x=mark.x + dx, baseline=mark.baseline + dy)
    return dataclasses.replace(mark, area=mark.area.shifted(dx, dy))
