"""The claim of a state folder by itself: held once, given up whole, and never in the way of a folder that is broken."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.diagnostics.notices import NoticeBoard
from app.main import storage_watch
from app.main.state_claim import StateClaim, StateTaken
from app.main.storage import STATE_NOTICE
from app.model.snapshot import Notice, Severity


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_folder_has_one_owner_until_he_gives_it_up(tmp_path: Path) -> None:
    first, second = StateClaim(tmp_path), StateClaim(tmp_path)
    first.take()
    first.take()
    with pytest.raises(StateTaken, match="another --state"):
        second.take()
    first.release()
    second.take()
    second.release()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_claimed_when_it_comes(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    claim = StateClaim(folder)
    claim.take()
    folder.mkdir()
    claim.take()
    with pytest.raises(StateTaken):
        StateClaim(folder).take()
    claim.release()


def test_who_is_refused_keeps_no_descriptor(tmp_path: Path) -> None:
    first = StateClaim(tmp_path)
    first.take()
    before = _descriptors()
    for _ in range(5):
        with pytest.raises(StateTaken):
            StateClaim(tmp_path).take()
    assert _descriptors() == before
    first.release()


async def test_a_folder_that_was_mended_for_another_phone_stays_his(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_watch, "INTERVAL", 0.01)
    folder = tmp_path / "state"
    call_list: Any = None
    posted = asyncio.Event()
    notices = NoticeBoard(posted.set)
    notices.post(Notice(STATE_NOTICE, Severity.ERROR, "It is not there."))
    folder.mkdir()
    owner = StateClaim(folder)
    owner.take()
    with ThreadPoolExecutor(1) as worker:
        watch = storage_watch.StorageWatch(StateClaim(folder), folder, call_list, None, notices, worker)
        posted.clear()
        watch.start()
        await asyncio.wait_for(posted.wait(), 15)
        assert "another --state" in notices.current[0].text
        await watch.stop()
    owner.release()
