"""Deadlines fire in order, at their own time, once."""

from __future__ import annotations

from app.signalling.schedule import Schedule


def test_deadlines_fire_in_order_each_at_its_own_time() -> None:
    schedule = Schedule()
    fired: list[tuple[str, float]] = []
    schedule.after(2, lambda: fired.append(("late", schedule.now)))
    schedule.after(1, lambda: fired.append(("early", schedule.now)))
    schedule.after(1, lambda: fired.append(("early too", schedule.now)))
    assert schedule.deadline == 1
    schedule.advance(5)
    assert fired == [("early", 1), ("early too", 1), ("late", 2)]
    assert schedule.now == 5
    assert schedule.deadline is None


def test_cancelled_deadline_does_not_fire() -> None:
    schedule = Schedule()
    fired: list[str] = []
    timer = schedule.after(1, lambda: fired.append("no"))
    timer.cancel()
    assert not timer.pending
    assert schedule.deadline is None
    schedule.advance(2)
    assert not fired


def test_deadline_set_by_another_counts_from_that_one() -> None:
    schedule = Schedule()
    fired: list[float] = []
    schedule.after(1, lambda: schedule.after(1, lambda: fired.append(schedule.now)))
    schedule.advance(10)
    assert fired == [2]


def test_time_never_goes_back() -> None:
    schedule = Schedule(now=10)
    schedule.advance(3)
    assert schedule.now == 10
