"""How fast a surface is read, with a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest

from app.surface.pace import Pace


async def test_who_sends_more_in_a_second_waits_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    now, waited = 1000.0, list[float]()

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
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
