"""What the panel's presenter writes into a panel's memory, and what it makes of fingers."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from app.kiosk import panel_presenter
from app.kiosk.geometry import Rect
from app.kiosk.input_map import PointerAction
from app.kiosk.panel_presenter import PanelPresenter
from app.kiosk.presenter import NoDisplay, open_presenter
from hal.errors import DeviceMissing
from hal.linux.panel import Area
from hal.linux.touch import TouchMove

WIDTH, HEIGHT, PITCH = 8, 4, 48
"""Lines are longer in memory than on the glass, as drivers like it."""


class Glass:
    """A panel's memory without a panel."""

    width, height, pitch = WIDTH, HEIGHT, PITCH

    def __init__(self) -> None:
        self.pixels = bytearray(PITCH * HEIGHT + 100)
        self.told: list[Area] = []

    def show(self, areas: Iterable[Area]) -> None:
        self.told += areas

    def close(self) -> None:
        pass

    def pixel(self, x: int, y: int) -> bytes:
        """Blue, green, red."""
        return bytes(self.pixels[y * PITCH + 4 * x :][:3])


class Fingers:
    """What fingers do, without any."""

    descriptor = 3

    def __init__(self) -> None:
        self.waiting: list[TouchMove] = []

    def start(self) -> None:
        pass

    def moves(self) -> list[TouchMove]:
        return self.waiting

    def close(self) -> None:
        pass


@pytest.fixture
def glass(monkeypatch: pytest.MonkeyPatch) -> Glass:
    glass = Glass()
    monkeypatch.setattr(panel_presenter, "Panel", lambda: glass)
    return glass


@pytest.fixture
def fingers(monkeypatch: pytest.MonkeyPatch) -> Fingers:
    fingers = Fingers()
    monkeypatch.setattr(panel_presenter, "TouchPanel", lambda: fingers)
    return fingers


def test_only_what_changed_is_copied_and_told(glass: Glass, fingers: Fingers) -> None:
    presenter = open_presenter("panel", (WIDTH, HEIGHT))
    presenter.surface.fill((200, 100, 50))
    changed = Rect(2, 1, 3, 2)
    presenter.show([changed])
    presenter.close()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            inside = changed.x <= x < changed.right and changed.y <= y < changed.bottom
            assert glass.pixel(x, y) == (bytes((50, 100, 200)) if inside else bytes(3)), (x, y)
    assert glass.told == [changed]
    assert presenter.descriptor == fingers.descriptor


def test_a_panel_of_another_size_gets_what_fits(
    glass: Glass, fingers: Fingers, caplog: pytest.LogCaptureFixture
) -> None:
    presenter = PanelPresenter((WIDTH + 100, HEIGHT + 100))
    assert "not the board's" in caplog.text
    presenter.surface.fill((200, 100, 50))
    presenter.show([Rect(0, 0, WIDTH + 100, HEIGHT + 100)])
    assert glass.pixel(WIDTH - 1, HEIGHT - 1) == bytes((50, 100, 200))
    assert not any(glass.pixels[PITCH * HEIGHT :])


def test_fingers_are_told_in_pixels_of_the_picture(glass: Glass, fingers: Fingers) -> None:
    presenter = PanelPresenter((WIDTH, HEIGHT))
    fingers.waiting = [TouchMove("down", 0.0, 0.5), TouchMove("up", 1.0, 1.0)]
    assert presenter.events() == [PointerAction("down", 0, 2), PointerAction("up", WIDTH - 1, HEIGHT - 1)]


def test_without_a_panel_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Glass:
        raise DeviceMissing("no card has a panel connected", "Check the cable.")

    monkeypatch.setattr(panel_presenter, "Panel", missing)
    with pytest.raises(NoDisplay, match="Check the cable"):
        open_presenter("panel", (WIDTH, HEIGHT))
