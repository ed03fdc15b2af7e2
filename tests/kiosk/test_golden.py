from __future__ import annotations

from pathlib import Path

import pygame
import pytest

from app.kiosk.samples import Sample
from tests.kiosk import golden
from tests.kiosk.harness import text_engine


def test_inter_is_installed() -> None:
    assert not text_engine().missing_family, "the golden pictures need the font Inter (Debian: fonts-inter)"


@pytest.mark.parametrize(("sample", "theme"), golden.CASES, ids=lambda value: getattr(value, "name", value))
def test_screen_looks_as_kept(sample: Sample, theme: str, tmp_path: Path) -> None:
    drawn = golden.draw(sample, theme)
    kept_path = golden.path(sample, theme)
    assert kept_path.exists(), "there is no golden picture yet: python -m tests.kiosk.regenerate, and look at it"
    kept = pygame.image.load(kept_path)
    assert drawn.get_size() == kept.get_size()
    share = golden.differing(drawn, kept).mean()
    if share > golden.SHARE:
        sheet = tmp_path / f"{sample.name}-{theme}.png"
        pygame.image.save(golden.difference_picture(drawn, kept), sheet)
        pytest.fail(f"{share:.2%} of the pixels differ; drawn, kept and difference stand in {sheet}")


def test_no_golden_picture_is_left_over() -> None:
    assert {path.name for path in golden.FOLDER.glob("*.png")} == {golden.path(*case).name for case in golden.CASES}


def test_a_changed_pixel_block_is_found() -> None:
    sample, theme = golden.CASES[0]
    drawn = golden.draw(sample, theme)
    kept = drawn.copy()
    kept.fill("red", (100, 100, 20, 20))
    assert golden.differing(drawn, kept).sum() == 400
