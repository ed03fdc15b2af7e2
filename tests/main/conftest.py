from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenarios.rig import Rig


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Rig]:
    """A demo PBX that runs."""
    rig = Rig(tmp_path)
    await rig.start_pbx()
    yield rig
    await rig.close()
