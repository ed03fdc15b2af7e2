"""The presenter of a phone: the whole panel, by the kernel's own mode setting, and fingers on it."""

from __future__ import annotations

import logging

import pygame

from app.kiosk.geometry import Rect
from app.kiosk.input_map import Action, PointerAction
from app.kiosk.presenter import NoDisplay, Presenter
from hal.errors import HalError
from hal.linux.panel import Panel
from hal.linux.touch import TouchPanel

log = logging.getLogger("kiosk")


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
        self._touch = TouchPanel()
        self.descriptor = self._touch.descriptor

    def show(self, areas: list[Rect]) -> None:
        """Copy the rectangles, and tell the kernel of them."""
        for area in areas:
            self._glass.blit(self.surface, area, area)
        self._panel.show(areas)

    def events(self) -> list[Action]:
        """What fingers did."""
        self._touch.start()  # not before: it needs the running loop
        width, height = self.surface.get_size()
        return [
            PointerAction(move.phase, min(int(move.x * width), width - 1), min(int(move.y * height), height - 1))
            for move in self._touch.moves()
        ]

    def close(self) -> None:
        """Give panel and fingers back."""
        self._touch.close()
        self._panel.close()
