"""Joins mind, painter and glass: paints what differs from the last picture, and only that."""

from __future__ import annotations

from collections.abc import Callable

from app.kiosk.geometry import Rect, merge
from app.kiosk.painter import Painter
from app.kiosk.presenter import Presenter
from app.kiosk.text import TextEngine
from app.kiosk.transition import Transition
from app.kiosk.tree import Node, damage
from app.kiosk.ui import Ui


class Screen:
    """What is on the glass. `clock` gives monotonic seconds for motion; without one, screens change at once."""

    def __init__(
        self, ui: Ui, presenter: Presenter, text: TextEngine, clock: Callable[[], float] | None = None
    ) -> None:
        self._ui = ui
        self._presenter = presenter
        self._clock = clock
        self._transition: Transition | None = None
        self.painter = Painter(presenter.surface, text, ui.theme)
        self.shown: Node | None = None

    @property
    def moving(self) -> bool:
        """Whether the next frame is due by itself."""
        return self._transition is not None

    def refresh(self) -> bool:
        """Bring the glass up to what is true; False when nothing had changed."""
        root = self._ui.build()
        theme = self._ui.theme
        before = self.shown
        if theme is not self.painter.theme:
            self.painter.theme = theme
            before = None
        areas = merge(damage(before, root))
        self.shown = root
        if areas:
            self._paint(before, root, areas)
            return True
        if self._transition is not None and self._clock is not None:
            self._move(self._transition, self._clock())
            return True
        return False

    def _paint(self, before: Node | None, root: Node, areas: list[Rect]) -> None:
        if self._transition is not None:
            self._transition.finish(self._presenter.surface)
            self._transition = None
            areas = [root.bounds]
        if self._clock is not None and before is not None and before.id != root.id:
            old = self._presenter.surface.copy()
            self.painter.paint(root, [root.bounds])
            # Towards idle is back, and comes from the left.
            self._transition = Transition(
                old, self._presenter.surface, self._ui.view().px(24), self._clock(), back=root.id == "idle"
            )
            self._move(self._transition, self._clock())
            return
        self.painter.paint(root, areas)
        self._presenter.show(areas)

    def _move(self, transition: Transition, now: float) -> None:
        if transition.step(self._presenter.surface, now):
            self._transition = None
        if self.shown is not None:
            self._presenter.show([self.shown.bounds])

    def expose(self) -> None:
        """The window lost its picture: show all of it again."""
        if self.shown is not None:
            self._presenter.show([self.shown.bounds])
