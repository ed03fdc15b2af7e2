"""`python -m tests.kiosk.regenerate`: draw the golden pictures anew. Look at each before it is committed."""

from __future__ import annotations

import pygame

from tests.kiosk import golden


def main() -> None:
    golden.FOLDER.mkdir(exist_ok=True)
    for old in golden.FOLDER.glob("*.png"):
        old.unlink()
    for sample, theme in golden.CASES:
        pygame.image.save(golden.draw(sample, theme), golden.path(sample, theme))


if __name__ == "__main__":
    main()
