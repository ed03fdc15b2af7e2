"""The watch over the state folder outlives whatever goes wrong in one look."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.calls.call_store import CallListContents, CallStore
from app.calls.history import CallList
from app.diagnostics.notices import NoticeBoard
from app.main import storage_watch
from app.main.state_claim import StateClaim
from app.main.storage import CALL_LIST_NOTICE
from app.model.history import CallDirection, CallRecord
from app.model.party import Party
from app.model.snapshot import Notice, Severity


class FailingStore(CallStore):
    """A list that is in memory, and the first attempt to put it back fails as nobody foresaw."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.returns = 0

    def open(self) -> CallListContents:
        super().open()
        return CallListContents(in_memory=True)

    def return_to_file(self) -> CallListContents | None:
        self.returns += 1
        if self.returns == 1:
            raise sqlite3.InternalError("nobody foresaw it")
        return super().return_to_file()


async def test_a_look_that_fails_is_followed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(storage_watch, "INTERVAL", 0.01)
    returned = asyncio.Event()
    notices = NoticeBoard(lambda: None if notices.has(CALL_LIST_NOTICE) else returned.set())
    notices.post(Notice(CALL_LIST_NOTICE, Severity.WARNING, "It is in memory."))
    claim = StateClaim(tmp_path)
    claim.take()
    with ThreadPoolExecutor(1) as worker:
        store = FailingStore(tmp_path / "calls.sqlite")
        contents = worker.submit(store.open).result()
        call_list = CallList(store, contents, worker, lambda: None, lambda trouble: None)
        watch = storage_watch.StorageWatch(claim, tmp_path, call_list, None, notices, worker)
        watch.start()
        await asyncio.wait_for(returned.wait(), 15)
        await watch.stop()
        call_list.add(CallRecord(CallDirection.OUTGOING, Party("201"), 1.7e9, 12.5, answered=True, cause=16))
        await asyncio.wrap_future(call_list.close())
    assert [call.party.number for call in call_list.newest] == ["201"]
    assert "nobody foresaw it" in caplog.text
    claim.release()
