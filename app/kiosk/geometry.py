"""Rectangles in whole pixels, and how damaged ones are merged."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple


class Rect(NamedTuple):
    """A rectangle; right and bottom are the first pixel outside."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column outside."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row outside."""
        return self.y + self.height

    @property
    def center_x(self) -> int:
        """The middle column."""
        return self.x + self.width // 2

    @property
    def center_y(self) -> int:
        """The middle row."""
        return self.y + self.height // 2

    @property
    def area(self) -> int:
        """Pixels covered."""
        return max(0, self.width) * max(0, self.height)

    def contains(self, x: int, y: int) -> bool:
        """Whether the pixel lies inside."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def inset(self, dx: int, dy: int | None = None) -> Rect:
        """The rectangle made smaller on all sides."""
        dy = dx if dy is None else dy
        return Rect(self.x + dx, self.y + dy, max(0, self.width - 2 * dx), max(0, self.height - 2 * dy))

    def shifted(self, dx: int, dy: int) -> Rect:
        """The same rectangle elsewhere."""
        return self._replace(x=self.x + dx, y=self.y + dy)

    def intersects(self, other: Rect) -> bool:
        """Whether they share a pixel."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def union(self, other: Rect) -> Rect:
        """The smallest rectangle around both; an empty one adds nothing."""
        if self.width <= 0 or self.height <= 0:
            return other
        if other.width <= 0 or other.height <= 0:
            return self
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Rect(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def split_columns(self, weights: tuple[float, ...], gap: int) -> tuple[Rect, ...]:
        """Cut into columns by weight, `gap` pixels between; one of weight n spans n unit columns and their gaps."""
        return tuple(
            Rect(self.x + start, self.y, length, self.height) for start, length in _cut(self.width, weights, gap)
        )

    def split_rows(self, weights: tuple[float, ...], gap: int) -> tuple[Rect, ...]:
        """Cut into rows by weight, as `split_columns` does."""
        return tuple(
            Rect(self.x, self.y + start, self.width, length) for start, length in _cut(self.height, weights, gap)
        )


def _cut(length: int, weights: tuple[float, ...], gap: int) -> list[tuple[int, int]]:
    units = sum(weights)
    unit = (length + gap) / units
    pieces = []
    position = 0.0
    for weight in weights:
        start, end = round(position), round(position + weight * unit) - gap
        pieces.append((start, max(0, end - start)))
        position += weight * unit
    return pieces


def merge(rects: Iterable[Rect], limit: int = 3) -> list[Rect]:
    """Join damaged rectangles until at most `limit` are left and none overlap, adding as little area as can be."""
    merged = [rect for rect in rects if rect.area]
    while len(merged) > 1:
        pairs = list(itertools.combinations(merged, 2))
        overlapping = [pair for pair in pairs if pair[0].intersects(pair[1])]
        one, other = min(overlapping or pairs, key=lambda pair: _waste(*pair))
        if not overlapping and len(merged) <= limit and _waste(one, other) > 0:
            break
        merged.remove(one)
        merged.remove(other)
        merged.append(one.union(other))
    return merged


def _waste(one: Rect, other: Rect) -> int:
    """The area that a union paints for nothing."""
    return one.union(other).area - one.area - other.area
