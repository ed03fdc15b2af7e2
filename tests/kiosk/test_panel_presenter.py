"""What the panel's presenter writes into a panel's memory, and what it makes of fingers."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from app.kiosk import panel_presenter
from app.kiosk.geometry import Rect
from app.kiosk.input_map import Action, CharacterAction, KeyAction, PointerAction, Step, StepAction
from app.kiosk.panel_presenter import PanelPresenter
from app.kiosk.presenter import NoDisplay, open_presenter
from app.model.keys import Key
from hal.errors import DeviceMissing
from hal.linux.panel import Area
from hal.panel_input import KeyStroke, TouchMove
from hal.sim.panel_input import SimulatedPanelInput

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


@pytest.fixture
def glass(monkeypatch: pytest.MonkeyPatch) -> Glass:
    glass = Glass()
    monkeypatch.setattr(panel_presenter, "Panel", lambda: glass)
    return glass


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> SimulatedPanelInput:
    hands = SimulatedPanelInput()
    hands.descriptor = 3
    monkeypatch.setattr(panel_presenter, "LinuxPanelInput", lambda: hands)
    return hands


def test_only_what_changed_is_copied_and_told(glass: Glass, hands: SimulatedPanelInput) -> None:
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
    assert presenter.descriptor == hands.descriptor


def test_a_panel_of_another_size_gets_what_fits(
    glass: Glass, hands: SimulatedPanelInput, caplog: pytest.LogCaptureFixture
) -> None:
    presenter = PanelPresenter((WIDTH + 100, HEIGHT + 100))
    assert "not the board's" in caplog.text
    presenter.surface.fill((200, 100, 50))
    presenter.show([Rect(0, 0, WIDTH + 100, HEIGHT + 100)])
    assert glass.pixel(WIDTH - 1, HEIGHT - 1) == bytes((50, 100, 200))
    assert not any(glass.pixels[PITCH * HEIGHT :])


def test_fingers_are_told_in_pixels_of_the_picture(glass: Glass, hands: SimulatedPanelInput) -> None:
    presenter = PanelPresenter((WIDTH, HEIGHT))
    hands.touch(TouchMove("down", 0.0, 0.5), TouchMove("up", 1.0, 1.0))
    assert presenter.events() == [PointerAction("down", 0, 2), PointerAction("up", WIDTH - 1, HEIGHT - 1)]


@pytest.mark.parametrize(
    ("stroke", "wanted"),
    [
        (KeyStroke("KEY_5", pressed=True, text="5"), KeyAction(Key.DIGIT_5, pressed=True)),
        (KeyStroke("KEY_KP5", pressed=True, text="5"), KeyAction(Key.DIGIT_5, pressed=True)),
        (KeyStroke("KEY_RIGHTBRACE", pressed=True, text="*"), KeyAction(Key.STAR, pressed=True)),
        (KeyStroke("KEY_Y", pressed=True, text="z"), CharacterAction("z")),
        (KeyStroke("KEY_TAB", pressed=True, text="\t", shift=True), StepAction(Step.PREVIOUS)),
        (KeyStroke("KEY_0", pressed=True, text="0", alt=True), StepAction(Step.MENU)),
        (KeyStroke("KEY_F12", pressed=True), StepAction(Step.HOOK)),
        (KeyStroke("KEY_ENTER", pressed=True, text="\r"), KeyAction(Key.OK, pressed=True)),
        (KeyStroke("KEY_EQUAL", pressed=True), None),  # a dead key
    ],
)
def test_keys_of_a_keyboard_mean_what_they_mean_in_a_window(
    glass: Glass, hands: SimulatedPanelInput, stroke: KeyStroke, wanted: Action | None
) -> None:
    presenter = PanelPresenter((WIDTH, HEIGHT))
    hands.stroke(stroke)
    assert presenter.events() == ([] if wanted is None else [wanted])


def test_a_key_held_down_repeats_where_that_helps(glass: Glass, hands: SimulatedPanelInput) -> None:
    presenter = PanelPresenter((WIDTH, HEIGHT))
    for name, text in (("KEY_A", "a"), ("KEY_0", "0"), ("KEY_BACKSPACE", "\b"), ("KEY_DOWN", ""), ("KEY_SPACE", " ")):
        hands.stroke(
            KeyStroke(name, pressed=True, text=text),
            KeyStroke(name, pressed=True, text=text, repeated=True),
            KeyStroke(name, pressed=False),
        )
    assert presenter.events() == [
        *(2 * [CharacterAction("a")]),
        *(KeyAction(Key.DIGIT_0, pressed=pressed) for pressed in (True, False)),
        *(2 * [StepAction(Step.ERASE)]),
        *(KeyAction(Key.DOWN, pressed=pressed) for pressed in (True, True, False)),
        StepAction(Step.ACTIVATE),
    ]


def test_keyboards_write_by_the_layout_that_is_set(glass: Glass, hands: SimulatedPanelInput) -> None:
    PanelPresenter((WIDTH, HEIGHT)).use_keyboard_layout("de")
    assert hands.layout == "de"


def test_without_a_panel_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Glass:
        raise DeviceMissing("no card has a panel connected", "Check the cable.")

    monkeypatch.setattr(panel_presenter, "Panel", missing)
    with pytest.raises(NoDisplay, match="Check the cable"):
        open_presenter("panel", (WIDTH, HEIGHT))
