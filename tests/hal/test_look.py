"""Looking in a worker thread: whatever becomes of one look, the one that waits comes."""

from __future__ import annotations

import asyncio
import threading

import pytest

from hal.linux.look import Look

PATIENCE = 15.0


class Slow:
    """What is looked at; each look is held up until it is let go on, and the first may fail."""

    def __init__(self, *, failing: bool = False) -> None:
        self.looks = 0
        self.failing = failing
        self.go_on = threading.Event()

    def read(self) -> int:
        self.looks += 1
        look = self.looks
        assert self.go_on.wait(PATIENCE)
        if self.failing and look == 1:
            raise OSError("it went while it was looked at")
        return look


async def test_changes_during_a_look_cost_one_more() -> None:
    slow, taken = Slow(), asyncio.Queue[int]()
    look = Look("things", slow.read, taken.put_nowait)
    for _ in range(5):
        look.begin()
    slow.go_on.set()
    assert [await asyncio.wait_for(taken.get(), PATIENCE) for _ in range(2)] == [1, 2]
    assert slow.looks == 2


async def test_a_look_that_fails_does_not_cost_the_one_that_waits(caplog: pytest.LogCaptureFixture) -> None:
    slow, taken = Slow(failing=True), asyncio.Queue[int]()
    look = Look("things", slow.read, taken.put_nowait)
    look.begin()
    look.begin()
    slow.go_on.set()
    assert await asyncio.wait_for(taken.get(), PATIENCE) == 2
    assert "the look at the things failed" in caplog.text


async def test_after_the_end_nobody_looks() -> None:
    slow, taken = Slow(), asyncio.Queue[int]()
    look = Look("things", slow.read, taken.put_nowait)
    look.begin()
    await asyncio.sleep(0)
    look.begin()
    look.close()
    look.close()
    slow.go_on.set()
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    await asyncio.sleep(0)
    assert taken.empty()
    assert slow.looks <= 1
