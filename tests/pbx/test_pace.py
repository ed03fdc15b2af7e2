"""How fast somebody is read, with a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest

from app.pbx.pace import Pace


async def test_who_sends_more_in_a_second_waits_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    now, waited = 1000.0, list[float]()

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        if seconds:
            waited.append(seconds)

    with monkeypatch.context() as patched:
        patched.setattr(asyncio.get_running_loop(), "time", lambda: now)
        patched.setattr(asyncio, "sleep", sleep)
        pace = Pace(3)
        for _ in range(3):
            await pace.take()
        now += 0.25
        await pace.take()
        assert waited == [0.75]
        for _ in range(3):
            await pace.take()
        assert waited == [0.75]
        await pace.take()
        assert waited == [0.75, 1.0]


async def test_between_any_two_everybody_else_has_a_turn() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    pace = Pace(1000)
    for taken in range(50):
        await pace.take()
        assert turns >= taken
    task.cancel()
