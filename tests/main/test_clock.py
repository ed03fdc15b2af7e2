"""The time of day is set under a phone that runs: by hours, back and forth, and for the first time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.model import commands
from app.model.history import CallRecord
from app.model.snapshot import CallView
from tests.main.rig import PhoneProcess, connected, line_words, registered
from tests.rig.wall_clock import WallClock
from tests.scenarios.rig import START_PATIENCE, Rig, Surface

ECHO = "100"
HOUR = 3600


def only_call(surface: Surface) -> CallView:
    assert surface.snapshot is not None
    (call,) = surface.snapshot.calls
    return call


async def newest_call(surface: Surface) -> CallRecord:
    assert await surface.until(lambda s: bool(s.history)), surface.describe()
    assert surface.snapshot is not None
    return surface.snapshot.history[0]


async def test_clock_that_jumps_by_hours_changes_nothing_but_the_time(world: Rig, tmp_path: Path) -> None:
    clock = WallClock(tmp_path, 0)
    phone = PhoneProcess(tmp_path / "phone", world.configuration("tls"))
    async with phone.running(environment=clock.environment) as surface:
        assert await surface.until(registered, START_PATIENCE), surface.describe()
        assert (await surface.command(lambda id_: commands.Dial(id_, number=ECHO))).accepted
        assert await surface.until(connected), surface.describe()
        before = only_call(surface)
        for hours in (5, -7):
            clock.set(hours * HOUR)
            assert not await surface.until(lambda s: not connected(s) or not registered(s), 2), surface.describe()
            assert only_call(surface).connected_at == before.connected_at
        assert (await surface.command(commands.HangUp)).accepted
        record = await newest_call(surface)
        assert record.began == pytest.approx(time.time() - 7 * HOUR, abs=60)
        assert 3 < record.seconds < 60
        assert await surface.until(lambda s: not s.lock.locked)
        assert "Traceback" not in phone.said, phone.said


async def test_phone_that_starts_in_1970_registers_when_it_learns_the_time(world: Rig, tmp_path: Path) -> None:
    clock = WallClock(tmp_path, 60 - int(time.time()))
    phone = PhoneProcess(tmp_path / "phone", world.configuration("tls"))
    async with phone.running(environment=clock.environment) as surface:
        assert await surface.until(lambda s: "date and time" in line_words(s), START_PATIENCE), surface.describe()
        clock.set(0)
        began = time.monotonic()
        assert await surface.until(registered, START_PATIENCE), surface.describe()
        print(f"{time.monotonic() - began:.1f} s from the first time to registered")
