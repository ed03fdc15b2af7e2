"""Joins mind, painter and glass: paints what differs from the last picture, and only that."""

from __future__ import annotations

from app.kiosk.geometry import merge
from app.kiosk.painter import Painter
from app.kiosk.presenter import Presenter
from app.kiosk.text import TextEngine
from app.kiosk.tree import Node, damage
from app.kiosk.ui import Ui


class Screen:
    """What is on the glass. `frames` counts the pictures shown."""

    def __init__(self, ui: Ui, presenter: Presenter, text: TextEngine) -> None:
        self._ui = ui
        self._presenter = presenter
        self.painter = Painter(presenter.surface, text, ui.view().theme)
        self.shown: Node | None = None
        self.frames = 0

    def refresh(self) -> bool:
        """Bring the glass up to what is true; False when nothing had changed."""
        root = self._ui.build()
        theme = self._ui.view().theme
        if theme is not self.painter.theme:
            self.painter.theme = theme
            self.shown = None
        areas = merge(damage(self.shown, root))
        self.shown = root
        if not areas:
            return False
        self.painter.paint(root, areas)
        self._presenter.show(areas)
        self.frames += 1
        return True

    def expose(self) -> None:
        """The window lost its picture: show all of it again."""
        if self.shown is not None:
            self._presenter.show([self.shown.bounds])
