"""The kiosk's own icons: strokes of two units with round ends on a field of 24 by 24, drawn at any size.

An icon is a list of strokes; a stroke is a list of points, or a filled dot. `clear` strokes rub out what lies
under them, so that a bar across a symbol stands free of it.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import pygame

from app.kiosk.raster import Canvas, Point
from app.kiosk.theme import Color

FIELD = 24
STROKE = 2.0


@dataclasses.dataclass(frozen=True)
class Stroke:
    """A line through points; `width` in units of the field."""

    points: tuple[Point, ...]
    width: float = STROKE
    clear: bool = False


def _line(*points: Point, width: float = STROKE) -> Stroke:
    return Stroke(points, width)


def _arc(center: Point, radius: float, start: float, end: float) -> Stroke:
    """A piece of a circle; degrees, 0 to the right, growing clockwise as the screen's y does."""
    steps = max(2, int(abs(end - start) / 6))
    return Stroke(tuple(_around(center, radius, start + (end - start) * i / steps) for i in range(steps + 1)))


def _around(center: Point, radius: float, degrees: float) -> Point:
    angle = math.radians(degrees)
    return center[0] + radius * math.cos(angle), center[1] + radius * math.sin(angle)


def _circle(center: Point, radius: float) -> Stroke:
    return _arc(center, radius, 0, 360)


def _dot(center: Point, radius: float) -> Stroke:
    return Stroke((center,), radius * 2)


def _curve(*controls: Point) -> tuple[Point, ...]:
    """A Bézier curve of any degree as points (de Casteljau)."""
    points = []
    for step in range(17):
        t = step / 16
        level = list(controls)
        while len(level) > 1:
            level = [((1 - t) * a[0] + t * b[0], (1 - t) * a[1] + t * b[1]) for a, b in itertools.pairwise(level)]
        points.append(level[0])
    return tuple(points)


def _chord(x: float) -> float:
    """Half the height of a disc of radius 8 at a column."""
    return math.sqrt(max(0.0, 8.0**2 - (x - 12) ** 2))


def _struck(*strokes: Stroke) -> tuple[Stroke, ...]:
    """A symbol with a bar across it that says "off"."""
    ends = ((4.0, 3.6), (20.0, 20.4))
    return (*strokes, Stroke(((5.9, 2.6), (21.6, 19.5)), 2.2, clear=True), _line(*ends))


def _rounded(x: float, y: float, width: float, height: float, radius: float) -> Stroke:
    corners = (
        ((x + width - radius, y + radius), -90),
        ((x + width - radius, y + height - radius), 0),
        ((x + radius, y + height - radius), 90),
        ((x + radius, y + radius), 180),
    )
    points = [_around(center, radius, start + 15 * i) for center, start in corners for i in range(7)]
    return Stroke((*points, points[0]))


def _turned(stroke: Stroke, degrees: float, shift: Point = (0.0, 0.0)) -> Stroke:
    """A stroke turned about the field's middle, then moved."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = (((x - 12) * cos - (y - 12) * sin, (x - 12) * sin + (y - 12) * cos) for x, y in stroke.points)
    return dataclasses.replace(stroke, points=tuple((12 + x + shift[0], 12 + y + shift[1]) for x, y in turned))


_RECEIVER = Stroke(
    (
        *_curve((2.6, 14.11), (2.2, 11.60), (3.2, 10.68)),
        *_curve((3.2, 10.68), (7.4, 7.38), (12, 7.38)),
        *_curve((12, 7.38), (16.6, 7.38), (20.8, 10.68)),
        *_curve((20.8, 10.68), (21.8, 11.60), (21.4, 14.11)),
        *_curve((21.4, 14.11), (21.1, 16.75), (20, 16.62)),
        *_curve((20, 16.62), (18.4, 16.49), (16.9, 15.83)),
        *_curve((16.9, 15.83), (15.9, 15.30), (15.8, 13.85)),
        *_curve((15.8, 13.85), (15.8, 12.40), (15.5, 12.26)),
        *_curve((15.5, 12.26), (12, 10.94), (8.5, 12.26)),
        *_curve((8.5, 12.26), (8.2, 12.40), (8.2, 13.85)),
        *_curve((8.2, 13.85), (8.1, 15.30), (7.1, 15.83)),
        *_curve((7.1, 15.83), (5.6, 16.49), (4, 16.62)),
        *_curve((4, 16.62), (2.9, 16.75), (2.6, 14.11)),
    )
)
_MICROPHONE = (
    _rounded(9, 2.6, 6, 11.6, 3),
    _arc((12, 11.4), 6.6, 0, 180),
    _line((12, 18.2), (12, 21.4)),
)
_BELL = (
    Stroke(
        (
            *_curve((4.4, 17.0), (6.4, 15.2), (6.4, 12.4), (6.4, 9.6)),
            *(_around((12, 9.0), 5.6, 180 + 12 * i) for i in range(16)),
            *_curve((17.6, 9.6), (17.6, 12.4), (17.6, 15.2), (19.6, 17.0)),
            (4.4, 17.0),
        )
    ),
    _arc((12, 19.0), 2.3, 25, 155),
)

ICONS: dict[str, tuple[Stroke, ...]] = {
    "answer": (_turned(_RECEIVER, -135, (0.4, -0.4)),),
    "end": (_RECEIVER,),
    "microphone": _MICROPHONE,
    "microphone-off": _struck(*_MICROPHONE),
    "bell": _BELL,
    "bell-off": _struck(*_BELL),
    "hold": (_line((8.6, 5), (8.6, 19)), _line((15.4, 5), (15.4, 19))),
    "resume": (_line((8, 5.2), (18.6, 12), (8, 18.8), (8, 5.2)),),
    "keypad": tuple(_dot((x, y), 1.45) for y in (5.5, 12.0, 18.5) for x in (5.5, 12.0, 18.5)),
    "swap": (
        _line((4.5, 8.5), (19.5, 8.5), (15.6, 4.6)),
        _line((19.5, 15.5), (4.5, 15.5), (8.4, 19.4)),
    ),
    "record": (_circle((12, 12), 8.4), _dot((12, 12), 3.9)),
    "record-stop": (_circle((12, 12), 8.4), _rounded(9.1, 9.1, 5.8, 5.8, 0.8)),
    "add": (_line((12, 4.5), (12, 19.5)), _line((4.5, 12), (19.5, 12))),
    "minus": (_line((4.5, 12), (19.5, 12)),),
    "lock": (
        _rounded(5, 10.6, 14, 10, 2.2),
        Stroke(((8, 10.6), *(_around((12, 7.2), 4, 180 + 15 * i) for i in range(13)), (16, 10.6))),
    ),
    "unlock": (
        _rounded(5, 10.6, 14, 10, 2.2),
        Stroke(((8, 10.6), *(_around((12, 6.6), 4, 180 + 15 * i) for i in range(11)))),
    ),
    "handset": (_turned(_RECEIVER, -135, (0.4, -0.4)),),
    "speaker": (
        _line((3.6, 9.4), (7.2, 9.4), (12.2, 5), (12.2, 19), (7.2, 14.6), (3.6, 14.6), (3.6, 9.4)),
        _arc((12.4, 12), 4, -48, 48),
        _arc((12.4, 12), 8, -46, 46),
    ),
    "headset": (
        _arc((12, 12), 8, 180, 360),
        _rounded(3.2, 12.6, 4, 6.4, 1.8),
        _rounded(16.8, 12.6, 4, 6.4, 1.8),
        Stroke((*_curve((18.8, 19.2), (18.6, 21.4), (16.4, 21.4)), (13.6, 21.4))),
    ),
    "outgoing": (_line((6.5, 17.5), (17.2, 6.8)), _line((8.6, 6.5), (17.5, 6.5), (17.5, 15.4))),
    "incoming": (_line((17.5, 6.5), (6.8, 17.2)), _line((15.4, 17.5), (6.5, 17.5), (6.5, 8.6))),
    "missed": (
        _line((4.2, 7.4), (12.0, 15.2), (20.2, 7.0)),
        _line((4.0, 13.0), (4.0, 7.2), (9.8, 7.2)),
    ),
    "calls": (_circle((12, 12), 8.6), _line((12, 6.8), (12, 12), (15.6, 14.2))),
    "message": (_rounded(3.6, 5.6, 16.8, 12.8, 1.6), _line((4.2, 7), (12, 13), (19.8, 7))),
    "menu": (_line((4, 6.5), (20, 6.5)), _line((4, 12), (20, 12)), _line((4, 17.5), (20, 17.5))),
    "erase": (
        Stroke(((8.6, 5.4), (20.6, 5.4), (20.6, 18.6), (8.6, 18.6), (2.8, 12), (8.6, 5.4))),
        _line((11.4, 9.4), (16.6, 14.6)),
        _line((16.6, 9.4), (11.4, 14.6)),
    ),
    "theme": (
        _circle((12, 12), 4.2),
        *(_line(_around((12, 12), 7.6, angle), _around((12, 12), 9.4, angle)) for angle in range(0, 360, 45)),
    ),
    "moon": (
        Stroke(
            (
                *_arc((12, 12), 8.8, 5, 265).points,
                *_arc((16.6, 7.4), 6.85, 217, 53).points,
                _around((12, 12), 8.8, 5),
            )
        ),
    ),
    "contrast": (
        _circle((12, 12), 8.6),
        *(_line((x, 12 - _chord(x)), (x, 12 + _chord(x))) for x in (13.0, 14.5, 16.0, 17.5, 19.0)),
    ),
    "about": (_circle((12, 12), 8.8), _line((12, 11.2), (12, 16.4)), _dot((12, 7.7), 1.25)),
    "warning": (
        _line((12, 4), (21, 19.6), (3, 19.6), (12, 4)),
        _line((12, 10), (12, 14)),
        _dot((12, 16.7), 1.15),
    ),
    "person": (_circle((12, 8.2), 4.0), Stroke(_curve((4.6, 20), (5.0, 14.6), (12, 12.9), (19, 14.6), (19.4, 20)))),
    "people": (
        _circle((8.6, 8.4), 3.7),
        Stroke(_curve((2.2, 19.6), (2.6, 14.6), (8.6, 13.2), (14.6, 14.6), (15.0, 19.6))),
        _arc((15.4, 8.4), 3.7, -78, 78),
        Stroke(_curve((17.0, 13.6), (21.2, 14.4), (21.8, 19.6))),
    ),
    "server": (
        _rounded(3.6, 4.2, 16.8, 6.6, 1.6),
        _rounded(3.6, 13.2, 16.8, 6.6, 1.6),
        _dot((7.2, 7.5), 1.15),
        _dot((7.2, 16.5), 1.15),
    ),
    "globe": (
        _circle((12, 12), 8.6),
        _line((3.4, 12), (20.6, 12)),
        Stroke(tuple((12 + (x - 12) * 0.44, y) for x, y in _circle((12, 12), 8.6).points)),
    ),
    "star": tuple(_line((12, 12), _around((12, 12), 7.4, angle), width=2.2) for angle in range(30, 390, 60)),
    "hash": (
        _line((9.9, 4.2), (7.9, 19.8), width=2.2),
        _line((16.1, 4.2), (14.1, 19.8), width=2.2),
        _line((5.0, 9.3), (19.6, 9.3), width=2.2),
        _line((4.4, 14.7), (19.0, 14.7), width=2.2),
    ),
    "again": (_arc((12, 12), 8.0, 10, 318), _line((18.7, 3.0), (18.3, 7.3), (14.0, 6.9))),
    "up": (_line((5.5, 15), (12, 8.5), (18.5, 15)),),
    "down": (_line((5.5, 9), (12, 15.5), (18.5, 9)),),
}


def drawn(name: str, size: int, color: Color) -> pygame.Surface:
    """An icon of `size` by `size` pixels. Raises KeyError for a name that `ICONS` lacks."""
    canvas, unit = Canvas(size, size, color), size / FIELD
    for stroke in ICONS[name]:
        points = [(x * unit, y * unit) for x, y in stroke.points]
        canvas.line(points, stroke.width * unit, clear=stroke.clear)
    return canvas.picture()
