from __future__ import annotations

from pathlib import Path

from app.media.tone_document import document

PAGE = Path(__file__).parents[2] / "docs" / "tones.md"


def test_the_page_is_as_the_tables_are() -> None:
    assert PAGE.read_text().splitlines() == list(document()), "python -m app.media.tone_document > docs/tones.md"
