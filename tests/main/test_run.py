"""The phone as `running_phone` starts it, in the test's own process."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator
from pathlib import Path

from app.main.face import Setup
from app.main.phone import Phone
from app.main.run import running_phone
from app.model.commands import Reply, SetVolume
from app.model.snapshot import Snapshot
from hal.board import load_board
from tests.scenarios.rig import Surface


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Phone]:
    setup = Setup(folder / "phone.socket", kiosk=False)
    async with running_phone(load_board("headless"), folder / "state", None, setup) as phone:
        yield phone


async def test_what_start_up_made_is_not_searched_for_garbage_while_the_phone_runs(tmp_path: Path) -> None:
    async with running(tmp_path) as phone:
        assert gc.get_freeze_count() > 0
        gc.collect()
        assert not any(found is phone for found in gc.get_objects())
    assert gc.get_freeze_count() == 0


async def test_many_changes_at_once_are_one_snapshot(tmp_path: Path) -> None:
    replies: list[Reply] = []
    loudest: list[Snapshot] = []

    def is_loudest(snapshot: Snapshot) -> bool:
        if snapshot.audio.volume == 59:
            loudest.append(snapshot)
        return bool(loudest)

    async with running(tmp_path) as phone, contextlib.AsyncExitStack() as stack:
        surface = await Surface.connect(tmp_path / "phone.socket")
        stack.push_async_callback(surface.close)
        assert await surface.until(lambda _: True)
        before = phone.snapshot().generation
        for percent in range(10, 60):
            phone.command(SetVolume(id=percent, percent=percent), replies.append)
        assert await surface.until(is_loudest), surface.describe()
    assert [reply.id for reply in replies] == list(range(10, 60))
    assert loudest[0].generation == before + 1
