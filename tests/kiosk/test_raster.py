from __future__ import annotations

import math

import pygame
import pytest

from app.kiosk.raster import Canvas

INK = (200, 100, 50)
ROUNDING = 16
"""Of 255: a sixteenth of a pixel's side is the least that is told apart."""


def cover(picture: pygame.Surface, x: int, y: int) -> int:
    return picture.get_at((x, y)).a


def area(picture: pygame.Surface) -> float:
    """In pixels."""
    width, height = picture.get_size()
    return sum(cover(picture, x, y) for x in range(width) for y in range(height)) / 255


def test_nothing_is_covered_at_first() -> None:
    assert area(Canvas(8, 4, INK).picture()) == 0


@pytest.mark.parametrize(("edge", "expected"), [(2.0, 0), (2.25, 64), (2.5, 128), (2.75, 191), (3.0, 255)])
def test_a_pixel_shows_how_far_it_is_covered(edge: float, expected: int) -> None:
    canvas = Canvas(6, 6, INK)
    canvas.polygon(((0, 0), (edge, 0), (edge, 6), (0, 6)))
    assert cover(canvas.picture(), 2, 3) == pytest.approx(expected, abs=ROUNDING)


def test_what_is_covered_has_the_colour() -> None:
    canvas = Canvas(8, 8, INK)
    canvas.round_rect(0)
    red, green, blue, alpha = canvas.picture().get_at((4, 4))
    assert (red, green, blue, alpha) == pytest.approx((*INK, 255), abs=1)


def test_round_corners_are_quarters_of_a_disc() -> None:
    canvas = Canvas(20, 16, INK)
    canvas.round_rect(6, 1)
    assert area(canvas.picture()) == pytest.approx(18 * 14 - (4 - math.pi) * 5**2, abs=2)


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 130])
def test_a_line_is_as_wide_as_it_should_be(degrees: float) -> None:
    canvas, angle = Canvas(40, 40, INK), math.radians(degrees)
    x, y = 10 * math.cos(angle), 10 * math.sin(angle)
    canvas.line(((20 - x, 20 - y), (20 + x, 20 + y)), 3)
    assert area(canvas.picture()) == pytest.approx(20 * 3 + math.pi * 1.5**2, rel=0.03)


def test_a_line_through_one_point_is_a_dot() -> None:
    canvas = Canvas(10, 10, INK)
    canvas.line(((5, 5),), 6)
    assert area(canvas.picture()) == pytest.approx(math.pi * 3**2, rel=0.02)


def test_what_is_cleared_is_covered_no_more() -> None:
    canvas = Canvas(10, 10, INK)
    canvas.round_rect(0)
    canvas.line(((5, 0), (5, 10)), 2, clear=True)
    picture = canvas.picture()
    assert (cover(picture, 4, 5), cover(picture, 5, 5)) == (0, 0)
    assert area(picture) == pytest.approx(80, abs=2)
