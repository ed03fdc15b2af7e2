"""The state folder goes bad under a phone that runs."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from app.model.commands import Dial, HangUp
from tests.attack.hostile import registered


async def test_call_list_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    async with registered(tmp_path) as rig:
        with contextlib.closing(sqlite3.connect(tmp_path / "state" / "calls.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            await rig.phone.command(lambda id_: Dial(id_, number="102"))
            assert await rig.phone.until(lambda s: bool(s.calls))
            await rig.phone.command(HangUp)
            assert await rig.phone.until(lambda s: bool(s.history))
            told = await rig.phone.until(lambda s: any("call list" in notice.text for notice in s.notices))
            other.execute("ROLLBACK")
        assert told
        assert await rig.phone.until(lambda s: not any("call list" in notice.text for notice in s.notices))
    with contextlib.closing(sqlite3.connect(tmp_path / "state" / "calls.sqlite")) as file:
        assert file.execute("SELECT number FROM calls").fetchall() == [("102",)]
