"""What puts the painted surface on the glass. The painter draws into `surface`; `show` brings rectangles of it out."""

from __future__ import annotations

import abc
import logging
import os
import socket
from pathlib import Path

import pygame

from app.kiosk.geometry import Rect
from app.kiosk.input_map import Action, InputMap

log = logging.getLogger("kiosk")


REPEAT_DELAY_MS, REPEAT_INTERVAL_MS = 250, 33
"""Of keys held down in a window: as Linux repeats them (drivers/input/input.c)."""


class PresenterError(Exception):
    """The picture can't be shown."""


class NoDisplay(PresenterError, OSError):
    """There is no display to open a window on."""


class Presenter(abc.ABC):
    """A way to the glass. Descendants must give `surface` and `show`; they may bring events. Main thread only."""

    surface: pygame.Surface
    has_input = False
    """Whether `events` must be asked now and then."""
    descriptor: int | None = None
    """A file descriptor that becomes readable when `events` has something, where there is one."""

    @abc.abstractmethod
    def show(self, areas: list[Rect]) -> None:
        """Bring these rectangles of `surface` out. Must be implemented."""

    def events(self) -> list[Action]:
        """What the user did at this window since the last call. May be implemented."""
        return []

    def use_keyboard_layout(self, layout: str) -> None:  # noqa: B027
        """Have keyboards write by this layout, where no window system knows theirs. May be implemented."""

    def close(self) -> None:
        """Give the display back. May be implemented."""
        return


class MemoryPresenter(Presenter):
    """A picture in memory, for tests, screenshots and phones without a display. What was shown can be observed."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.surface = pygame.Surface(size)
        self.frames = 0
        self.shown: list[Rect] = []

    def show(self, areas: list[Rect]) -> None:
        """Count a frame."""
        self.frames += 1
        self.shown = areas


class WindowPresenter(Presenter):
    """An SDL window; with `dummy` SDL's driver that shows nothing, which proves the same path without a display."""

    has_input = True

    def __init__(self, size: tuple[int, int], *, dummy: bool = False) -> None:
        if dummy:
            os.environ["SDL_VIDEODRIVER"] = "dummy"
        # SDL's own accelerated path uploads and draws the whole window for each small rectangle.
        os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        try:
            pygame.display.init()
            self.surface = pygame.display.set_mode(size)
        except pygame.error as error:
            raise NoDisplay(f"no window can be opened: {error}; use the memory presenter without a display") from error
        if not dummy and pygame.display.get_driver() in ("dummy", "offscreen"):
            log.warning("SDL shows nothing here (driver %s)", pygame.display.get_driver())
        pygame.display.set_caption("IP270")
        pygame.key.set_repeat(REPEAT_DELAY_MS, REPEAT_INTERVAL_MS)
        self._input_map = InputMap(size)
        self.descriptor = None if dummy else _display_server_socket()

    def show(self, areas: list[Rect]) -> None:
        """Update the window."""
        pygame.display.update(areas)

    def events(self) -> list[Action]:
        """The window's events as actions."""
        found = (self._input_map.action(event) for event in pygame.event.get())
        return [one for one in found if one is not None]

    def close(self) -> None:
        """Close the window."""
        pygame.display.quit()


def _display_server_socket() -> int | None:
    """The connection to the X server or Wayland compositor, which SDL keeps to itself; None when it isn't found."""
    for entry in Path("/proc/self/fd").iterdir():
        descriptor = int(entry.name)
        try:
            with socket.socket(fileno=os.dup(descriptor)) as connection:
                peer = connection.getpeername()
        except OSError:
            continue
        name = os.fsdecode(peer) if isinstance(peer, str | bytes) else ""
        if "/.X11-unix/" in name or "/wayland-" in name:
            return descriptor
    return None


def open_presenter(kind: str, size: tuple[int, int]) -> Presenter:
    """A presenter by its name on the command line: window, panel, memory or dummy. Raises `NoDisplay`."""
    if kind == "panel":
        from app.kiosk.panel_presenter import PanelPresenter  # a window needs none of its libraries

        return PanelPresenter(size)
    if kind == "memory":
        return MemoryPresenter(size)
    return WindowPresenter(size, dummy=kind == "dummy")
