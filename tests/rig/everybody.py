"""A place that every user of the machine may enter, for tests of who may do what."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder. pytest's own lie in one that is its user's alone."""
    with tempfile.TemporaryDirectory(prefix="everybody-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder
