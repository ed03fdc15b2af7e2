"""The golden pictures: which there are, and how a drawn one is compared with a kept one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pygame

from app.kiosk.gallery import picture
from app.kiosk.samples import MAIN, MORE, Sample
from tests.kiosk.harness import PANEL, text_engine

FOLDER = Path(__file__).parent / "golden"
TOLERANCE = 12
"""A channel may differ by so much: font rasterizers round differently."""
SHARE = 0.0005
"""So many of the pixels may differ by more."""

CASES: tuple[tuple[Sample, str], ...] = (
    *((sample, theme) for sample in MAIN for theme in ("night", "day")),
    *((sample, "high-contrast") for sample in MAIN if sample.name in ("idle", "in-call")),
    *((sample, "night") for sample in MORE),
    *(
        (sample, "day")
        for sample in MORE
        if sample.name in ("conference", "conference-party", "consultation", "recording")
    ),
)


def path(sample: Sample, theme: str) -> Path:
    return FOLDER / f"{sample.name}-{theme}.png"


def draw(sample: Sample, theme: str) -> pygame.Surface:
    return picture(sample, theme, PANEL, text_engine())


def differing(one: pygame.Surface, other: pygame.Surface) -> npt.NDArray[np.bool_]:
    """Where two pictures of one size differ by more than the tolerance, shape (width, height)."""
    first = pygame.surfarray.array3d(one).astype(np.int16)
    second = pygame.surfarray.array3d(other).astype(np.int16)
    different: npt.NDArray[np.bool_] = np.abs(first - second).max(axis=2) > TOLERANCE
    return different


def difference_picture(drawn: pygame.Surface, kept: pygame.Surface) -> pygame.Surface:
    """Drawn, kept, and what differs in red, side by side."""
    width, height = drawn.get_size()
    sheet = pygame.Surface((width * 3, height))
    sheet.blit(drawn, (0, 0))
    sheet.blit(kept, (width, 0))
    faint = pygame.transform.smoothscale(drawn, (width, height))
    faint.fill((60, 60, 60), special_flags=pygame.BLEND_RGB_MULT)
    pixels = pygame.surfarray.pixels3d(faint)
    pixels[differing(drawn, kept)] = (255, 40, 40)
    del pixels
    sheet.blit(faint, (width * 2, 0))
    return sheet
