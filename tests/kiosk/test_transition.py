from __future__ import annotations

import pygame

from app.kiosk.presenter import MemoryPresenter
from app.kiosk.samples import IN_CALL, MAIN
from app.kiosk.screen import Screen
from app.model.keys import Key
from tests.kiosk.harness import Harness, text_engine


class Moving(Harness):
    """A kiosk whose screens slide."""

    def __init__(self) -> None:
        super().__init__()
        self.presenter = MemoryPresenter((800, 480))
        self.screen = Screen(self.ui, self.presenter, text_engine(), lambda: self.seconds)

    def glass(self) -> bytes:
        return pygame.image.tobytes(self.presenter.surface, "RGB")


def settled(*keys: Key) -> bytes:
    harness = Harness().sample(MAIN[0]).keys(*keys)
    harness.screen.refresh()
    return pygame.image.tobytes(harness.presenter.surface, "RGB")


def test_a_screen_slides_in_for_an_eighth_of_a_second() -> None:
    harness = Moving()
    harness.screen.refresh()
    harness.sample(MAIN[0])
    harness.screen.refresh()
    assert harness.screen.moving
    pictures = [harness.glass()]
    for _ in range(6):
        harness.seconds += 1 / 30
        if harness.screen.refresh():
            pictures.append(harness.glass())
    assert len(set(pictures)) == len(pictures) == 5
    assert not harness.screen.moving
    assert harness.glass() == settled()


def test_a_key_during_the_slide_ends_it() -> None:
    harness = Moving().sample(MAIN[0])
    harness.screen.refresh()
    harness.keys(Key.SOFT_4)
    harness.screen.refresh()
    harness.keys(Key.DIGIT_5)
    harness.screen.refresh()
    assert harness.glass() == settled(Key.SOFT_4, Key.DIGIT_5)


def test_what_changes_within_a_screen_does_not_slide() -> None:
    harness = Moving().show(IN_CALL)
    harness.screen.refresh()
    harness.seconds += 1
    harness.screen.refresh()
    assert not harness.screen.moving
