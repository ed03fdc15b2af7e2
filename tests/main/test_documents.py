"""What the documents name exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))]
NAME = re.compile(r"`((?:app|hal|native)(?:\.\w+)+)`")
C_NAME = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")
FILE = re.compile(r"\]\(([^)#:]+)\)|`((?:app|hal|native|tests|ci|docs)/[\w./-]+)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_name_is_there(page: str) -> None:
    missing = [name for name in NAME.findall((ROOT / page).read_text()) if not _exists(name)]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_file_is_there(page: str) -> None:
    base = (ROOT / page).parent
    missing = []
    for link, path in FILE.findall((ROOT / page).read_text()):
        target = base / link if link else ROOT / path
        if not target.exists() and "build/" not in str(target):
            missing.append(link or path)
    assert not missing


def test_every_function_of_the_engine_is_there() -> None:
    page = (ROOT / "docs" / "life-of-a-call.md").read_text()
    voice = page[page.index("## Voice") : page.index("## What the user sees")]
    sources = "".join(path.read_text() for path in (ROOT / "native" / "src").glob("*.c"))
    missing = [name for name in C_NAME.findall(voice) if f"{name}(" not in sources and "native" not in name]
    assert not missing


def _exists(name: str) -> bool:
    parts = name.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:split]))
        except ModuleNotFoundError:
            continue
        for part in parts[split:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False
