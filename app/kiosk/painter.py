"""Paints a tree onto a surface, within given rectangles only."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable

import pygame

from app.kiosk import icons
from app.kiosk.geometry import Rect
from app.kiosk.marks import Fill, Icon, Mark, Modules, Shape, Stroke, Symbol, Text
from app.kiosk.raster import Canvas
from app.kiosk.text import TextEngine
from app.kiosk.theme import Color, Theme, Token, Type, Weight
from app.kiosk.tree import Node

_KEPT_PICTURES = 384

_Make = Callable[[], pygame.Surface]


class Painter:
    """Draws nodes in a theme. `painted_pixels` counts what was painted, for tests and meters."""

    def __init__(self, surface: pygame.Surface, text: TextEngine, theme: Theme) -> None:
        self._surface = surface
        self._text = text
        self.theme = theme
        self.painted_pixels = 0
        self._pictures: collections.OrderedDict[tuple[object, ...], pygame.Surface] = collections.OrderedDict()

    def paint(self, root: Node, areas: list[Rect]) -> None:
        """Paint what of the tree lies in the areas."""
        for area in areas:
            self._surface.set_clip(area)
            self._surface.fill(self.theme.colors[Token.GROUND], area)
            self._paint_node(root, area)
            self.painted_pixels += area.area
        self._surface.set_clip(None)

    def _paint_node(self, node: Node, area: Rect) -> None:
        if not node.extent.intersects(area):
            return
        for mark in node.marks:
            self._paint_mark(mark)
        for child in node.children:
            self._paint_node(child, area)

    def _paint_mark(self, mark: Mark) -> None:
        match mark:
            case Fill():
                self._fill(mark)
            case Stroke():
                self._stroke(mark)
            case Text():
                self._write(mark)
            case Icon():
                self._blit(self._icon(mark), mark.area)
            case Modules():
                self._modules(mark)
            case Symbol():
                self._blit(self._symbol(mark), mark.area)

    def _blit(self, picture: pygame.Surface, area: Rect) -> None:
        self._surface.blit(picture, (area.x, area.y))

    # --- text -------------------------------------------------------------------------------------

    def _write(self, mark: Text) -> None:
        color = self.theme.colors[mark.color]
        if mark.strong is None and mark.underlined is None:
            run = self._text.run(mark.text, mark.type, color, mark.limit)
            left = mark.x - (0, run.width // 2, run.width)[mark.align + 1]
            if (mark.type.display or mark.type.tabular) and mark.align < 0:
                left -= run.bearing
            self._surface.blit(run.picture, (left, mark.baseline - run.baseline))
            return
        self._write_spans(mark, color)

    def _write_spans(self, mark: Text, color: Color) -> None:
        """Text of which a part is strong or underlined; always from the left."""
        shown = mark.text if mark.limit is None else self._text.fit(mark.text, mark.type, mark.limit)
        start, end = mark.strong or mark.underlined or (0, 0)
        strong = Type(mark.type.size, Weight.SEMIBOLD, mark.type.tabular) if mark.strong else mark.type
        pen = mark.x
        for part, step in ((shown[:start], mark.type), (shown[start:end], strong), (shown[end:], mark.type)):
            if not part:
                continue
            ink = self.theme.colors[Token.TEXT] if mark.strong and step is strong else color
            run = self._text.run(part, step, ink)
            self._surface.blit(run.picture, (pen, mark.baseline - run.baseline))
            width = self._text.measure(part, step)
            if mark.underlined and part == shown[start:end] and step is strong:
                self._underline(mark, pen, self._text.measure(part.rstrip(), step))
                mark = Text(mark.text, mark.type, mark.color, mark.x, mark.baseline)
            pen += width

    def _underline(self, mark: Text, left: int, width: int) -> None:
        thick = max(2, round(self._text.cap_height(mark.type) / 5))
        area = Rect(left, mark.baseline + thick, width, thick)
        self._surface.fill(self.theme.colors[Token.ACCENT], area)

    # --- shapes -----------------------------------------------------------------------------------

    def _fill(self, mark: Fill) -> None:
        color = self.theme.colors[mark.color]
        radius = min(mark.radius, mark.area.width / 2, mark.area.height / 2)
        if radius < 0.5:
            self._surface.fill(color, mark.area)
            return
        corner = math.ceil(radius)
        self._corners(mark.area, corner, ("corner", radius, color), lambda: _round_rect(2 * corner, radius, color))
        x, y, width, height = mark.area
        self._surface.fill(color, (x + corner, y, width - 2 * corner, height))
        self._surface.fill(color, (x, y + corner, width, height - 2 * corner))

    def _stroke(self, mark: Stroke) -> None:
        color = self.theme.colors[mark.color]
        width = max(1, round(mark.width))
        corner = max(width, math.ceil(min(mark.radius, mark.area.width / 2, mark.area.height / 2)))
        key = ("frame", mark.radius, width, color)
        self._corners(mark.area, corner, key, lambda: _round_frame(2 * corner, mark.radius, width, color))
        x, y, right, bottom = mark.area.x, mark.area.y, mark.area.right, mark.area.bottom
        for side in (
            (x + corner, y, right - x - 2 * corner, width),
            (x + corner, bottom - width, right - x - 2 * corner, width),
            (x, y + corner, width, bottom - y - 2 * corner),
            (right - width, y + corner, width, bottom - y - 2 * corner),
        ):
            self._surface.fill(color, side)

    def _corners(self, area: Rect, corner: int, key: tuple[object, ...], make: _Make) -> None:
        """Put the four quarters of a picture twice as large as a corner into the corners of an area."""
        picture = self._picture((*key, corner), make)
        for right, bottom in ((0, 0), (1, 0), (0, 1), (1, 1)):
            place = (area.right - corner if right else area.x, area.bottom - corner if bottom else area.y)
            self._surface.blit(picture, place, (right * corner, bottom * corner, corner, corner))

    def _modules(self, mark: Modules) -> None:
        color = self.theme.colors[mark.color]
        count = len(mark.rows)
        size = mark.area.width // count
        left = mark.area.x + (mark.area.width - size * count) // 2
        top = mark.area.y + (mark.area.height - size * count) // 2
        for row, modules in enumerate(mark.rows):
            for column in range(count):
                if modules[column]:
                    self._surface.fill(color, (left + column * size, top + row * size, size, size))

    def _icon(self, mark: Icon) -> pygame.Surface:
        color = self.theme.colors[mark.color]
        size = mark.area.width
        return self._picture(("icon", mark.name, size, color), lambda: icons.drawn(mark.name, size, color))

    def _symbol(self, mark: Symbol) -> pygame.Surface:
        color = self.theme.colors[mark.color]
        size = mark.area.width
        return self._picture((mark.shape, size, color), lambda: _symbol_picture(mark.shape, size, color))

    def _picture(self, key: tuple[object, ...], make: _Make) -> pygame.Surface:
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._pictures[key] = make()
            if len(self._pictures) > _KEPT_PICTURES:
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(key)
        return picture


def _round_rect(size: int, radius: float, color: Color) -> pygame.Surface:
    canvas = Canvas(size, size, color)
    canvas.round_rect(radius)
    return canvas.picture()


def _round_frame(size: int, radius: float, stroke: float, color: Color) -> pygame.Surface:
    """The edge of a square with round corners, `stroke` pixels wide."""
    canvas = Canvas(size, size, color)
    canvas.round_rect(radius)
    canvas.round_rect(radius, stroke, clear=True)
    return canvas.picture()


def _symbol_picture(shape: Shape, size: int, color: Color) -> pygame.Surface:
    match shape:
        case Shape.DISC:
            return _round_rect(size, size / 2, color)
        case Shape.RING:
            return _round_frame(size, size / 2, max(1.5, size / 7), color)
        case Shape.SQUARE:
            canvas = Canvas(size, size, color)
            canvas.round_rect(size / 8, size / 16)
            return canvas.picture()
        case Shape.TRIANGLE:
            canvas = Canvas(size, size, color)
            canvas.polygon(((size / 2, size * 0.12), (size * 0.96, size * 0.92), (size * 0.04, size * 0.92)))
            return canvas.picture()
