"""Which moves of a keypad are a person's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hal.key_guard import HELD_SECONDS, MOST_DOWN, MOST_PRESSES, QUIET_SECONDS, KeyGuard
from hal.keypad import KeyMove, PhoneKey

FIVE, STAR = PhoneKey.DIGIT_5, PhoneKey.STAR


def test_a_person_types_as_fast_as_he_can() -> None:
    guard = KeyGuard()
    for number in range(100):
        assert guard.moved(FIVE, number / 12, pressed=True) == KeyMove(FIVE, pressed=True)
        assert guard.moved(FIVE, number / 12 + 0.05, pressed=False) == KeyMove(FIVE, pressed=False)
    assert not guard.broken


def test_a_key_that_is_stuck_is_let_go_once_and_believed_after_it_came_up() -> None:
    guard = KeyGuard()
    assert guard.deadline is None
    guard.moved(FIVE, 1, pressed=True)
    assert guard.deadline == 1 + HELD_SECONDS
    assert guard.tick(HELD_SECONDS) == []
    assert guard.tick(1 + HELD_SECONDS) == [KeyMove(FIVE, pressed=False)]
    assert guard.broken == guard.down == {FIVE}
    assert guard.deadline is None
    assert guard.moved(FIVE, 100, pressed=True) is None
    assert guard.moved(FIVE, 101, pressed=False) is None
    assert not guard.broken
    assert guard.moved(FIVE, 102, pressed=True) == KeyMove(FIVE, pressed=True)


def test_a_key_that_chatters_is_believed_after_it_was_quiet() -> None:
    guard = KeyGuard()
    told = [guard.moved(FIVE, number / 1000, pressed=number % 2 == 0) for number in range(1000)]
    assert len([move for move in told if move is not None and move.pressed]) == MOST_PRESSES - 1
    assert guard.broken == {FIVE}
    assert guard.moved(STAR, 1, pressed=True) == KeyMove(STAR, pressed=True)
    assert guard.tick(0.999 + QUIET_SECONDS - 0.01) == []
    assert guard.broken == {FIVE}
    guard.tick(0.999 + QUIET_SECONDS)
    assert not guard.broken


@given(st.lists(st.tuples(st.sampled_from(PhoneKey), st.booleans(), st.floats(0, 30)), max_size=300))
def test_whatever_the_keypad_does_few_keys_are_down_and_each_is_let_go(
    moves: list[tuple[PhoneKey, bool, float]],
) -> None:
    guard = KeyGuard()
    now = 0.0
    down: set[PhoneKey] = set()
    for key, pressed, pause in moves:
        now += pause
        told = [*guard.tick(now), *filter(None, [guard.moved(key, now, pressed=pressed)])]
        for move in told:
            assert (move.key in down) is not move.pressed
            down ^= {move.key}
        assert len(down) <= MOST_DOWN
        assert guard.deadline is None or guard.deadline > now
    guard.tick(now + HELD_SECONDS)
    assert guard.deadline is None
