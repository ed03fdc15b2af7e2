"""From device events to actions: the phone's keypad, a keyboard, and a finger all say the same few things."""

from __future__ import annotations

import dataclasses
import enum

import pygame

from app.model.keys import Key


class Step(enum.Enum):
    """What a keyboard has keys for and the phone's keypad has not: focus, and going to a screen at once."""

    NEXT = "next"
    PREVIOUS = "previous"
    ACTIVATE = "activate"
    ERASE = "erase"
    HOOK = "hook"
    """Lift or replace the simulated handset."""
    HOME = "home"
    DIAL = "dial"
    CALLS = "calls"
    MENU = "menu"


@dataclasses.dataclass(frozen=True)
class KeyAction:
    """A key of the phone, from its own keypad or from a keyboard acting for it."""

    key: Key
    pressed: bool
    character: str = dataclasses.field(default="", compare=False)
    """What a keyboard's key writes, where text is wanted."""


@dataclasses.dataclass(frozen=True)
class CharacterAction:
    """A character of a keyboard that the phone's keypad has no key for."""

    character: str


@dataclasses.dataclass(frozen=True)
class StepAction:
    """A step of a keyboard."""

    step: Step


@dataclasses.dataclass(frozen=True)
class PointerAction:
    """A finger or the mouse: down, moved while down, or up, at a pixel."""

    phase: str
    x: int
    y: int


@dataclasses.dataclass(frozen=True)
class Expose:
    """The window must be shown again."""


@dataclasses.dataclass(frozen=True)
class Quit:
    """The window was closed."""


Action = KeyAction | CharacterAction | StepAction | PointerAction | Expose | Quit

_KEYS: dict[int, Key] = {
    pygame.K_UP: Key.UP,
    pygame.K_DOWN: Key.DOWN,
    pygame.K_LEFT: Key.LEFT,
    pygame.K_RIGHT: Key.RIGHT,
    pygame.K_RETURN: Key.OK,
    pygame.K_KP_ENTER: Key.OK,
    pygame.K_ESCAPE: Key.ESCAPE,
    pygame.K_F1: Key.SOFT_1,
    pygame.K_F2: Key.SOFT_2,
    pygame.K_F3: Key.SOFT_3,
    pygame.K_F4: Key.SOFT_4,
    pygame.K_F5: Key.REDIAL,
    pygame.K_F6: Key.HOLD,
    pygame.K_F7: Key.MUTE,
    pygame.K_F8: Key.SPEAKER,
    pygame.K_F9: Key.HEADSET,
    pygame.K_F10: Key.VOLUME_DOWN,
    pygame.K_F11: Key.VOLUME_UP,
    pygame.K_KP_MULTIPLY: Key.STAR,
    **{pygame.K_KP0 if digit == 0 else pygame.K_KP1 + digit - 1: Key(str(digit)) for digit in range(10)},
}
_STEPS: dict[int, Step] = {
    pygame.K_SPACE: Step.ACTIVATE,
    pygame.K_BACKSPACE: Step.ERASE,
    pygame.K_DELETE: Step.ERASE,
    pygame.K_F12: Step.HOOK,
}
_JUMPS: dict[int, Step] = {
    pygame.K_1: Step.HOME,
    pygame.K_2: Step.DIAL,
    pygame.K_3: Step.CALLS,
    pygame.K_0: Step.MENU,
}
"""With the left ALT, as in myApps: 1 is home, then what is used most, and 0 the rest. The right one may be AltGr."""
_CHARACTERS = {key.value: key for key in Key if len(key.value) == 1}
_REPEATING = frozenset((Key.UP, Key.DOWN, Key.LEFT, Key.RIGHT, Key.VOLUME_UP, Key.VOLUME_DOWN))
"""Keys that do more the longer they are held. The others do one thing; a digit that is held may even mean another."""
_FINGER = {pygame.FINGERDOWN: "down", pygame.FINGERMOTION: "move", pygame.FINGERUP: "up"}
_MOUSE = {pygame.MOUSEBUTTONDOWN: "down", pygame.MOUSEBUTTONUP: "up"}


class InputMap:
    """Turns SDL events on a panel of `size` pixels into actions; remembers which keys are down."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._held: dict[int, Key] = {}
        self._stepping: set[int] = set()

    def action(self, event: pygame.event.Event) -> Action | None:
        """What an event means; None for what means nothing."""
        if event.type == pygame.QUIT:
            return Quit()
        if event.type in (pygame.WINDOWEXPOSED, pygame.WINDOWRESTORED):
            return Expose()
        if event.type in (pygame.KEYDOWN, pygame.KEYUP):
            return self._keyboard(event)
        return self._pointer(event)

    def _keyboard(self, event: pygame.event.Event) -> Action | None:
        pressed = event.type == pygame.KEYDOWN
        if event.key == pygame.K_TAB:
            step = Step.PREVIOUS if event.mod & pygame.KMOD_SHIFT else Step.NEXT
            return StepAction(step) if pressed else None
        if event.mod & pygame.KMOD_LALT and pressed:
            return StepAction(_JUMPS[event.key]) if event.key in _JUMPS else None
        if event.key in _STEPS:
            return self._step(_STEPS[event.key], event.key, pressed=pressed)
        if not pressed:
            released = self._held.pop(event.key, None)
            return KeyAction(released, pressed=False) if released is not None else None
        key = _KEYS.get(event.key) or _CHARACTERS.get(event.unicode)
        if key is None:
            return CharacterAction(event.unicode) if event.unicode.isprintable() and event.unicode else None
        if event.key in self._held and key not in _REPEATING:
            return None
        self._held[event.key] = key
        return KeyAction(key, pressed=True, character=event.unicode if event.unicode in _CHARACTERS else "")

    def _step(self, step: Step, key: int, *, pressed: bool) -> StepAction | None:
        """Only erasing goes on while its key is held."""
        repeated = key in self._stepping
        if pressed:
            self._stepping.add(key)
        else:
            self._stepping.discard(key)
        return StepAction(step) if pressed and (step is Step.ERASE or not repeated) else None

    def _pointer(self, event: pygame.event.Event) -> Action | None:
        if event.type in _FINGER:
            width, height = self._size
            return PointerAction(_FINGER[event.type], int(event.x * width), int(event.y * height))
        # SDL also makes mouse events of touches; those were handled as fingers.
        if getattr(event, "touch", False):
            return None
        if event.type in _MOUSE and event.button == 1:
            return PointerAction(_MOUSE[event.type], *event.pos)
        if event.type == pygame.MOUSEMOTION and event.buttons[0]:
            return PointerAction("move", *event.pos)
        return None
