from __future__ import annotations

import pygame
import pytest

from app.kiosk.input_map import (
    Action,
    CharacterAction,
    Expose,
    InputMap,
    KeyAction,
    PointerAction,
    Quit,
    Step,
    StepAction,
)
from app.model.keys import Key

SIZE = (800, 480)


def down(key: int, unicode: str = "", mod: int = 0) -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=key, unicode=unicode, mod=mod)


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        (down(pygame.K_5, "5"), KeyAction(Key.DIGIT_5, pressed=True)),
        (down(pygame.K_KP5, "5"), KeyAction(Key.DIGIT_5, pressed=True)),
        (down(pygame.K_KP0, ""), KeyAction(Key.DIGIT_0, pressed=True)),
        (down(pygame.K_PLUS, "*"), KeyAction(Key.STAR, pressed=True)),
        (down(pygame.K_3, "#"), KeyAction(Key.HASH, pressed=True)),
        (down(pygame.K_RETURN, "\r"), KeyAction(Key.OK, pressed=True)),
        (down(pygame.K_ESCAPE), KeyAction(Key.ESCAPE, pressed=True)),
        (down(pygame.K_F4), KeyAction(Key.SOFT_4, pressed=True)),
        (down(pygame.K_TAB, "\t"), StepAction(Step.NEXT)),
        (down(pygame.K_TAB, "\t", pygame.KMOD_LSHIFT), StepAction(Step.PREVIOUS)),
        (down(pygame.K_SPACE, " "), StepAction(Step.ACTIVATE)),
        (down(pygame.K_BACKSPACE), StepAction(Step.ERASE)),
        (down(pygame.K_F12), StepAction(Step.HOOK)),
        (down(pygame.K_1, "1", pygame.KMOD_LALT), StepAction(Step.HOME)),
        (down(pygame.K_2, "2", pygame.KMOD_LALT), StepAction(Step.DIAL)),
        (down(pygame.K_3, "#", pygame.KMOD_RALT), KeyAction(Key.HASH, pressed=True)),
        (down(pygame.K_3, "", pygame.KMOD_LALT), StepAction(Step.CALLS)),
        (down(pygame.K_0, "0", pygame.KMOD_LALT), StepAction(Step.MENU)),
        (down(pygame.K_9, "9", pygame.KMOD_LALT), None),
        (down(pygame.K_F4, "", pygame.KMOD_LALT), None),
        (down(pygame.K_q, "q"), CharacterAction("q")),
        (down(pygame.K_LSHIFT, ""), None),
        (down(pygame.K_DELETE, "\x7f"), StepAction(Step.ERASE)),
        (pygame.event.Event(pygame.QUIT), Quit()),
        (pygame.event.Event(pygame.WINDOWEXPOSED), Expose()),
        (pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(3, 4), touch=False), PointerAction("down", 3, 4)),
        (pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=3, pos=(3, 4), touch=False), None),
        (pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(3, 4), touch=True), None),
        (
            pygame.event.Event(pygame.MOUSEMOTION, buttons=(1, 0, 0), pos=(3, 4), touch=False),
            PointerAction("move", 3, 4),
        ),
        (pygame.event.Event(pygame.MOUSEMOTION, buttons=(0, 0, 0), pos=(3, 4), touch=False), None),
        (pygame.event.Event(pygame.FINGERUP, x=0.5, y=0.5), PointerAction("up", 400, 240)),
    ],
)
def test_events(event: pygame.event.Event, wanted: Action | None) -> None:
    assert InputMap(SIZE).action(event) == wanted


def test_letting_go_of_a_key_lets_go_of_what_it_pressed() -> None:
    keyboard = InputMap(SIZE)
    keyboard.action(down(pygame.K_3, "#"))
    released = keyboard.action(pygame.event.Event(pygame.KEYUP, key=pygame.K_3, unicode="", mod=0))
    assert released == KeyAction(Key.HASH, pressed=False)


def test_every_key_of_the_phone_can_be_typed() -> None:
    typed = {InputMap(SIZE).action(down(key, char)) for key, char in ((pygame.K_1, c) for c in "0123456789*#")}
    typed |= {InputMap(SIZE).action(down(key)) for key in range(pygame.K_F1, pygame.K_F12)}
    typed |= {InputMap(SIZE).action(down(key)) for key in (pygame.K_UP, pygame.K_DOWN, pygame.K_LEFT, pygame.K_RIGHT)}
    typed |= {InputMap(SIZE).action(down(key)) for key in (pygame.K_RETURN, pygame.K_ESCAPE)}
    assert {one.key for one in typed if isinstance(one, KeyAction)} == set(Key)
