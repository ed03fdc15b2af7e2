"""Smooth shapes from their distance fields: each pixel is covered as far as the edge lies from its middle.

All functions return coverage as float arrays of shape (width, height), values 0 to 1, and know no colour.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Coverage = npt.NDArray[np.float64]
Point = tuple[float, float]


def grid(width: int, height: int) -> tuple[Coverage, Coverage]:
    """The middles of the pixels."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5, indexing="ij")
    return x, y


def inside(distance: Coverage) -> Coverage:
    """Coverage of what has a negative distance to the edge."""
    return np.clip(0.5 - distance, 0.0, 1.0)


def round_rect(width: int, height: int, radius: float, inset: float = 0.0) -> Coverage:
    """A filled rectangle with round corners, `inset` pixels inside its box."""
    x, y = grid(width, height)
    radius = max(0.0, min(radius, width / 2, height / 2) - inset)
    dx = np.abs(x - width / 2) - (width / 2 - inset - radius)
    dy = np.abs(y - height / 2) - (height / 2 - inset - radius)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    within = np.minimum(np.maximum(dx, dy), 0)
    return inside(outside + within - radius)


def round_frame(width: int, height: int, radius: float, stroke: float) -> Coverage:
    """The edge of a rectangle with round corners, `stroke` pixels wide, inside its box."""
    return np.clip(round_rect(width, height, radius) - round_rect(width, height, radius, stroke), 0.0, 1.0)


def segment(x: Coverage, y: Coverage, start: Point, end: Point) -> Coverage:
    """Distance to a straight piece of line."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = np.zeros_like(x) if length == 0 else ((x - start[0]) * dx + (y - start[1]) * dy) / length
    along = np.clip(along, 0.0, 1.0)
    return np.hypot(x - start[0] - along * dx, y - start[1] - along * dy)


def polygon(width: int, height: int, points: tuple[Point, ...], rounding: float = 0.0) -> Coverage:
    """A filled convex polygon, points clockwise on the screen, its corners rounded by `rounding` pixels."""
    x, y = grid(width, height)
    edges = list(zip(points, (*points[1:], points[0]), strict=True))
    border = np.min([segment(x, y, start, end) for start, end in edges], axis=0)
    side = np.max(
        [((end[1] - start[1]) * (x - start[0]) - (end[0] - start[0]) * (y - start[1])) for start, end in edges], axis=0
    )
    return inside(np.where(side < 0, -border, border) - rounding)
