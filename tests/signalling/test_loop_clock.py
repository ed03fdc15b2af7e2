"""A schedule by the loop's own clock."""

from __future__ import annotations

import asyncio

import pytest

from app.signalling.loop_clock import LoopClock
from app.signalling.schedule import Schedule


async def test_wakes_the_schedule_in_time() -> None:
    schedule = Schedule()
    clock = LoopClock(schedule)
    fired = asyncio.Event()
    clock.run(lambda: schedule.after(0.01, fired.set))
    async with asyncio.timeout(15):
        await fired.wait()


async def test_work_that_fails_leaves_the_clock_of_others_alone() -> None:
    schedule = Schedule()
    clock = LoopClock(schedule)
    fired = asyncio.Event()

    def fail() -> None:
        schedule.after(0.01, fired.set)
        raise ValueError("one call's own trouble")

    with pytest.raises(ValueError, match="own trouble"):
        clock.run(fail)
    async with asyncio.timeout(15):
        await fired.wait()


async def test_wakes_nobody_once_stopped() -> None:
    schedule = Schedule()
    clock = LoopClock(schedule)
    fired = asyncio.Event()
    clock.run(lambda: schedule.after(0.01, fired.set))
    clock.stop()
    clock.run(lambda: None)
    await asyncio.sleep(0.05)
    assert not fired.is_set()
