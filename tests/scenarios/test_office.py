"""Plays every scenario of the folder `office`, over each line that it is for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.scenarios.office import Line, Office
from tests.scenarios.office_steps import lines_of, play

_FILES = sorted((Path(__file__).parent / "office").glob("*.txt"))
_CABLE = pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
SCENARIOS = [
    pytest.param(path, line, id=f"{path.stem}-{line}", marks=_CABLE if "cable" in path.read_text() else ())
    for path in _FILES
    for line in lines_of(path)
]


@pytest.mark.parametrize(("path", "line"), SCENARIOS)
async def test_scenario(path: Path, line: Line, tmp_path: Path) -> None:
    async with Office(tmp_path, line) as office:
        await play(path, office)
        assert office.innovaphone is None or not office.innovaphone.complaints
