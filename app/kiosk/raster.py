"""Smooth shapes: drawn many times too large, then averaged down, so that each pixel shows how far it is covered."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import pygame

from app.kiosk.theme import Color

Point = tuple[float, float]

_ENLARGED = 16
"""Steps of cover along each side of a pixel."""


class Canvas:
    """A picture of one colour that is nowhere covered at first. All lengths and places are in its pixels."""

    def __init__(self, width: int, height: int, color: Color) -> None:
        self._size = width, height
        self._covered, self._clear = (*color, 255), (*color, 0)
        self._large = pygame.Surface((width * _ENLARGED, height * _ENLARGED), pygame.SRCALPHA)
        self._large.fill(self._clear)

    def picture(self) -> pygame.Surface:
        """What was drawn, at its own size."""
        return pygame.transform.smoothscale(self._large, self._size)

    def round_rect(self, radius: float, inset: float = 0.0, *, clear: bool = False) -> None:
        """A rectangle with round corners, `inset` inside the edges; `radius` is that of one at the edges."""
        width, height = self._size
        radius = max(0.0, min(radius, width / 2, height / 2) - inset)
        area = (inset, inset, width - 2 * inset, height - 2 * inset)
        pygame.draw.rect(
            self._large, self._ink(clear), [_large(one) for one in area], border_radius=_large(radius) or -1
        )

    def line(self, points: Sequence[Point], width: float, *, clear: bool = False) -> None:
        """Through all points, with round ends and corners; through one it is a dot."""
        ink = self._ink(clear)
        for x, y in points:
            pygame.draw.circle(self._large, ink, (_large(x), _large(y)), _large(width / 2))
        for (left, top), (right, bottom) in itertools.pairwise(points):
            length = math.hypot(right - left, bottom - top)
            if not length:
                continue
            # Half a step less on each side, since a polygon covers its border too.
            half = (width / 2 - 0.5 / _ENLARGED) / length
            x, y = (top - bottom) * half, (right - left) * half
            self.polygon(
                ((left + x, top + y), (right + x, bottom + y), (right - x, bottom - y), (left - x, top - y)),
                clear=clear,
            )

    def polygon(self, points: Sequence[Point], *, clear: bool = False) -> None:
        """A filled one."""
        # Its corners are middles of pixels.
        corners = [(round(x * _ENLARGED - 0.5), round(y * _ENLARGED - 0.5)) for x, y in points]
        pygame.draw.polygon(self._large, self._ink(clear), corners)

    def _ink(self, clear: bool) -> tuple[int, int, int, int]:
        return self._clear if clear else self._covered


def _large(length: float) -> int:
    return round(length * _ENLARGED)
