"""docs/settings.md says what the registry says."""

from __future__ import annotations

from pathlib import Path

from app.settings.document import document

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_as_the_registry_is() -> None:
    written = PAGE.read_text().splitlines()
    assert written == list(document()), "run `python -m app.settings.document > docs/settings.md`"
