"""The phone as `running_phone` starts it, in the test's own process."""

from __future__ import annotations

import gc
from pathlib import Path

from app.main.face import Setup
from app.main.run import running_phone
from hal.board import load_board


async def test_what_start_up_made_is_not_searched_for_garbage_while_the_phone_runs(tmp_path: Path) -> None:
    setup = Setup(tmp_path / "phone.socket", kiosk=False)
    async with running_phone(load_board("headless"), tmp_path / "state", None, setup) as phone:
        assert gc.get_freeze_count() > 0
        gc.collect()
        assert not any(found is phone for found in gc.get_objects())
    assert gc.get_freeze_count() == 0
