"""How long the phone waits before it tries the PBX once more."""

from __future__ import annotations

import random

import pytest

from app.pbx.back_off import BackOff


def test_the_delay_doubles_up_to_its_longest() -> None:
    back_off = BackOff(lambda: False)
    assert [back_off.lose() for _ in range(8)] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 32.0, 32.0]


def test_after_it_worked_the_shortest_delay_comes_again() -> None:
    back_off = BackOff(lambda: False)
    for _ in range(4):
        back_off.lose()
    back_off.regain()
    assert [back_off.lose() for _ in range(3)] == [1.0, 2.0, 4.0]


def test_a_call_waits_about_a_second_and_no_two_phones_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    monkeypatch.setattr(random, "uniform", chance.uniform)
    back_off = BackOff(lambda: True)
    delays = [back_off.lose() for _ in range(1000)]
    assert 0.5 <= min(delays) < 0.6
    assert 1.4 < max(delays) <= 1.5
    assert 0.95 < sum(delays) / len(delays) < 1.05


def test_what_a_call_waited_counts_for_nothing_after_it() -> None:
    in_call = False
    back_off = BackOff(lambda: in_call)
    assert [back_off.lose() for _ in range(2)] == [1.0, 2.0]
    in_call = True
    for _ in range(5):
        back_off.lose()
    in_call = False
    assert back_off.lose() == 4.0
