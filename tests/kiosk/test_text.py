from __future__ import annotations

import logging
from pathlib import Path

import pygame
import pytest

from app.kiosk import text as text_module
from app.kiosk.text import FALLBACK_FAMILIES, TextEngine, find_font, legible
from app.kiosk.theme import Panel, Steps
from tests.kiosk.harness import text_engine

WHITE = (255, 255, 255)


def test_figures_have_one_width_where_they_change() -> None:
    engine = text_engine()
    assert len({engine.measure(f"0{digit}:11", Steps.TIMER) for digit in range(10)}) == 1


def test_a_run_is_kept() -> None:
    engine = text_engine()
    assert engine.run("Hold", Steps.KEY, WHITE) is engine.run("Hold", Steps.KEY, WHITE)


def test_text_is_cut_with_an_ellipsis() -> None:
    engine = text_engine()
    cut = engine.fit("Bartholomäus Freiherr von Wolkenstein", Steps.KEY, 120)
    assert cut.endswith("…")
    assert engine.measure(cut, Steps.KEY) <= 120
    assert engine.fit("Anna", Steps.KEY, 120) == "Anna"


def test_lines_are_broken_at_spaces() -> None:
    engine = text_engine()
    lines = engine.wrap("The people you call most will stand here.", Steps.SECOND, 220, 3)
    assert " ".join(lines) == "The people you call most will stand here."
    balanced = engine.wrap("The people you call most will stand here.", Steps.SECOND, 290, 3, balanced=True)
    widths = [engine.measure(line, Steps.SECOND) for line in balanced]
    assert min(widths) > 0.6 * max(widths)


def test_nothing_invisible_or_turning_is_drawn() -> None:
    assert legible("a\x00b\nc\u202ed") == "a b c d"
    assert len(legible("x" * 5000)) == 300


def test_the_ink_stands_on_the_baseline() -> None:
    run = text_engine().run("H", Steps.WHO, WHITE)
    ink = run.picture.get_bounding_rect(min_alpha=128)
    assert ink.bottom == run.baseline


def test_letters_that_inter_lacks_come_from_another_face(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    inter = find_font("Inter-Regular")
    if inter is None:
        pytest.skip("the font Inter is not installed")
    (tmp_path / inter.name).symlink_to(inter)
    monkeypatch.setattr(text_module, "FONT_FOLDERS", (tmp_path,))

    def drawn(text: str) -> bytes:
        return pygame.image.tobytes(TextEngine(Panel()).run(text, Steps.KEY, WHITE).picture, "RGBA")

    lacking, own, nobodys = "\u0628", "\u041f", "\u6f22"
    before = {letter: drawn(letter) for letter in (lacking, own, nobodys)}
    # pygame's own face, which has Arabic letters, takes the part of the first spare one.
    spare = Path(pygame.font.__file__).with_name(pygame.font.get_default_font())
    (tmp_path / f"{FALLBACK_FAMILIES[0]}.ttf").symlink_to(spare)
    changed = {letter for letter, picture in before.items() if drawn(letter) != picture}
    assert changed == {lacking}


def test_a_missing_family_is_said_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(text_module, "FONT_FOLDERS", (tmp_path,))
    with caplog.at_level(logging.WARNING, "kiosk"):
        engine = TextEngine(Panel())
    assert engine.missing_family
    assert [record.getMessage() for record in caplog.records if "fonts-inter" in record.getMessage()]
    assert engine.run("Phone is starting", Steps.TITLE, WHITE).width > 50
