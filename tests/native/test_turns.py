"""Whether the media thread goes round: it rests while there is nothing to do, and turns while there is."""

from __future__ import annotations

import time
from collections.abc import Callable

from native import Clock, Engine

PATIENCE = 15.0


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_it_rests_until_there_is_a_stream_and_again_afterwards() -> None:
    with Engine(Clock.TIMER) as engine:
        engine.start()
        until(lambda: engine.turns is None)
        stream = engine.new_memory_stream()
        until(lambda: engine.turns is not None)
        before = engine.turns
        assert before is not None
        until(lambda: engine.turns is not None and engine.turns > before + 3)
        stream.close()
        until(lambda: engine.turns is None)


def test_one_that_was_never_started_goes_not_round_and_does_not_rest() -> None:
    with Engine(Clock.TIMER) as engine:
        assert engine.turns == engine.turns == 0
