"""The presenter of a phone: the whole panel, by the kernel's own mode setting, fingers on it, and keyboards."""

from __future__ import annotations

import logging

import pygame

from app.kiosk.geometry import Rect
from app.kiosk.input_map import Action, InputMap, PointerAction
from app.kiosk.presenter import NoDisplay, Presenter
from hal.errors import HalError
from hal.linux.panel import Panel
from hal.linux.panel_input import LinuxPanelInput
from hal.panel_input import KeyStroke, TouchMove

log = logging.getLogger("kiosk")

_KEYS: dict[str, int] = {
    "KEY_TAB": pygame.K_TAB,
    "KEY_UP": pygame.K_UP,
    "KEY_DOWN": pygame.K_DOWN,
    "KEY_LEFT": pygame.K_LEFT,
    "KEY_RIGHT": pygame.K_RIGHT,
    "KEY_ENTER": pygame.K_RETURN,
    "KEY_KPENTER": pygame.K_KP_ENTER,
    "KEY_ESC": pygame.K_ESCAPE,
    "KEY_SPACE": pygame.K_SPACE,
    "KEY_BACKSPACE": pygame.K_BACKSPACE,
    "KEY_DELETE": pygame.K_DELETE,
    "KEY_KPASTERISK": pygame.K_KP_MULTIPLY,
    **{f"KEY_F{number}": pygame.K_F1 + number - 1 for number in range(1, 13)},
    **{f"KEY_{digit}": pygame.K_0 + digit for digit in range(10)},
    **{f"KEY_KP{digit}": pygame.K_KP0 if digit == 0 else pygame.K_KP1 + digit - 1 for digit in range(10)},
}
_WRITING = 1 << 24
"""Keys that only write are numbered from here, where SDL has no key: each is let go by its number."""


class PanelPresenter(Presenter):
    """Where nothing else draws. Raises `NoDisplay` where there is no panel, or somebody else has it.

    The picture is painted in memory of its own and copied, since reading back from a panel's memory is slow.
    """

    has_input = True

    def __init__(self, size: tuple[int, int]) -> None:
        try:
            self._panel = Panel()
        except HalError as error:
            raise NoDisplay(f"{error}. {error.advice}") from error
        if (self._panel.width, self._panel.height) != size:
            log.warning("the panel has %d by %d pixels, not the board's", self._panel.width, self._panel.height)
        self.surface = pygame.Surface(size, depth=32)
        columns = self._panel.pitch // 4
        pixels = memoryview(self._panel.pixels)[: columns * self._panel.height * 4]
        self._glass = pygame.image.frombuffer(pixels, (columns, self._panel.height), "BGRA")
        self._glass.set_alpha(None)
        self._input = LinuxPanelInput()
        self._input_map = InputMap(size)
        self._writing: dict[str, int] = {}
        self.descriptor = self._input.descriptor

    def show(self, areas: list[Rect]) -> None:
        """Copy the rectangles, and tell the kernel of them."""
        for area in areas:
            self._glass.blit(self.surface, area, area)
        self._panel.show(areas)

    def events(self) -> list[Action]:
        """What fingers did, and keyboards."""
        self._input.start()  # not before: it needs the running loop
        found = (self._touch(one) if isinstance(one, TouchMove) else self._key(one) for one in self._input.events())
        return [one for one in found if one is not None]

    def use_keyboard_layout(self, layout: str) -> None:
        """Have keyboards write by it."""
        self._input.use_layout(layout)

    def close(self) -> None:
        """Give panel, fingers and keyboards back."""
        self._input.close()
        self._panel.close()

    def _touch(self, move: TouchMove) -> PointerAction:
        width, height = self.surface.get_size()
        return PointerAction(move.phase, min(int(move.x * width), width - 1), min(int(move.y * height), height - 1))

    def _key(self, stroke: KeyStroke) -> Action | None:
        """As the window's: whatever a key means is the input map's business."""
        key = _KEYS.get(stroke.name) or self._writing.setdefault(stroke.name, _WRITING + len(self._writing))
        modifiers = pygame.KMOD_LSHIFT * stroke.shift | pygame.KMOD_LALT * stroke.alt
        kind = pygame.KEYDOWN if stroke.pressed else pygame.KEYUP
        return self._input_map.action(pygame.event.Event(kind, key=key, unicode=stroke.text, mod=modifiers))
