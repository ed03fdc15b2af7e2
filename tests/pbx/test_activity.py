"""When a user counts as inactive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.pbx.activity import UserActivity


def test_inactive_at_the_second_of_its_deadline_and_active_with_the_next_use() -> None:
    activity = UserActivity(300.0, now=1000.0)
    assert (activity.inactive, activity.deadline) == (False, 1300.0)
    activity.used(1200.0)
    activity.tick(1300.0)
    assert (activity.inactive, activity.deadline) == (False, 1500.0)
    activity.tick(1500.0)
    assert (activity.inactive, activity.deadline) == (True, None)
    activity.used(1600.0)
    assert (activity.inactive, activity.deadline) == (False, 1900.0)


def test_zero_is_never_inactive() -> None:
    activity = UserActivity(0.0, now=0.0)
    activity.tick(1e6)
    assert (activity.inactive, activity.deadline) == (False, None)


def test_another_time_counts_at_once_and_is_no_use_of_the_phone() -> None:
    activity = UserActivity(300.0, now=0.0)
    activity.set_limit(60.0, now=100.0)
    assert activity.inactive
    activity.set_limit(600.0, now=110.0)
    assert (activity.inactive, activity.deadline) == (False, 600.0)
    activity.set_limit(60.0, now=120.0)
    activity.set_limit(0.0, now=130.0)
    assert (activity.inactive, activity.deadline) == (False, None)


@given(st.lists(st.tuples(st.floats(0.0, 400.0), st.booleans()), max_size=40))
def test_it_is_always_the_time_since_the_last_use(steps: list[tuple[float, bool]]) -> None:
    now = last = 0.0
    activity = UserActivity(300.0, now)
    for seconds, use in steps:
        now += seconds
        activity.tick(now)
        assert activity.inactive == (now >= last + 300.0)
        if use:
            activity.used(now)
            last = now
