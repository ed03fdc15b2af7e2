"""Plays every scenario beside this file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.language import play
from tests.scenarios.rig import Rig

SCENARIOS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
async def test_scenario(path: Path, tmp_path: Path) -> None:
    rig = Rig(tmp_path, kiosk=_speaks_of_kiosk(path))
    try:
        await play(path, rig)
    finally:
        await rig.close()


def _speaks_of_kiosk(path: Path) -> bool:
    return "the kiosk" in path.read_text()
