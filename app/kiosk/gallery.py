"""`python -m app.kiosk.gallery FOLDER`: pictures of the screens in their themes, from sample truths."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

import pygame

from app.kiosk.presenter import MemoryPresenter
from app.kiosk.samples import MAIN, MORE, NOW, WALL, Sample
from app.kiosk.screen import Screen
from app.kiosk.text import TextEngine
from app.kiosk.theme import THEMES, Panel
from app.kiosk.ui import Ui
from app.kiosk.view import Say
from app.model.commands import AnyCommand


def kiosk_for(panel: Panel, text: TextEngine, say: Say = str) -> Ui:
    """A kiosk's mind with standing clocks and nobody to send commands to."""

    def nowhere(command: AnyCommand) -> int:
        return command.id

    def wall() -> dt.datetime:
        return WALL

    return Ui(panel, text, nowhere, lambda: NOW, wall, say)


def picture(sample: Sample, theme: str, panel: Panel, text: TextEngine, say: Say = str) -> pygame.Surface:
    """One screen as a picture."""
    ui = kiosk_for(panel, text, say)
    sample.show(ui, theme)
    presenter = MemoryPresenter((panel.width, panel.height))
    Screen(ui, presenter, text).refresh()
    return presenter.surface


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(prog="python -m app.kiosk.gallery", description="Draw the kiosk's screens.")
    parser.add_argument("folder", type=Path, help="where the pictures go; made when missing")
    parser.add_argument("--all", action="store_true", help="all states and all themes, not only the six screens")
    parser.add_argument("--size", default="800x480", help="pixels of the panel (default: 800x480)")
    parser.add_argument("--dpi", type=float, default=133.0, help="pixels an inch of the panel (default: 133)")
    given = parser.parse_args(arguments)
    width, height = (int(part) for part in given.size.split("x"))
    panel = Panel(width, height, given.dpi)
    text = TextEngine(panel)
    given.folder.mkdir(parents=True, exist_ok=True)
    for sample in MAIN + MORE if given.all else MAIN:
        for theme in THEMES if given.all else ("night", "day"):
            pygame.image.save(picture(sample, theme, panel, text), given.folder / f"{sample.name}-{theme}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
