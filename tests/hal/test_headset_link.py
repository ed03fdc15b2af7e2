"""The state machine between a headset and the phone, row by row: what is reported, what is meant, what is shown."""

from __future__ import annotations

import pytest

from hal.headset import HeadsetControl, HeadsetLamps, HeadsetWish
from hal.headset_link import SETTLE_SECONDS, HeadsetLink, HeadsetTraits

HOOK, MUTE = HeadsetControl.HOOK, HeadsetControl.MUTE
IDLE, TALKING, MUTED = HeadsetLamps(), HeadsetLamps(off_hook=True), HeadsetLamps(off_hook=True, mute=True)
STATES = HeadsetTraits()
BUTTONS = HeadsetTraits(frozenset({HOOK, MUTE}))


def lit(link: HeadsetLink, lamps: HeadsetLamps, now: float = 0.0) -> HeadsetLink:
    """The phone shows this, and it is sent."""
    link.show(lamps, now)
    link.sent()
    return link


@pytest.mark.parametrize(
    ("lamps", "control", "wish"),
    [
        (IDLE, HOOK, HeadsetWish.TALK),
        (TALKING, HOOK, None),  # the acknowledgement of our lamp
        (TALKING, MUTE, HeadsetWish.MUTE),
        (MUTED, MUTE, None),
    ],
)
def test_a_state_that_comes_on(lamps: HeadsetLamps, control: HeadsetControl, wish: HeadsetWish | None) -> None:
    assert lit(HeadsetLink(STATES), lamps).moved(control, 0, down=True) is wish


@pytest.mark.parametrize(
    ("lamps", "control", "wish"),
    [
        (TALKING, HOOK, HeadsetWish.END),
        (MUTED, MUTE, HeadsetWish.UNMUTE),
        (IDLE, HOOK, None),  # the acknowledgement that the lamp went out
        (TALKING, MUTE, None),
    ],
)
def test_a_state_that_goes_off(lamps: HeadsetLamps, control: HeadsetControl, wish: HeadsetWish | None) -> None:
    link = lit(HeadsetLink(STATES), MUTED)
    assert link.moved(control, 0, down=True) is None
    assert lit(link, lamps).moved(control, 1, down=False) is wish


@pytest.mark.parametrize(
    ("lamps", "control", "wish"),
    [
        (IDLE, HOOK, HeadsetWish.TALK),
        (TALKING, HOOK, HeadsetWish.END),
        (TALKING, MUTE, HeadsetWish.MUTE),
        (MUTED, MUTE, HeadsetWish.UNMUTE),
    ],
)
def test_a_button_turns_over_when_it_is_pressed_and_not_when_it_is_let_go(
    lamps: HeadsetLamps, control: HeadsetControl, wish: HeadsetWish
) -> None:
    link = lit(HeadsetLink(BUTTONS), lamps)
    assert link.moved(control, 0, down=True) is wish
    assert link.moved(control, 0, down=True) is None
    assert link.moved(control, 1, down=False) is None


@pytest.mark.parametrize(
    ("control", "wish"),
    [
        (HeadsetControl.FLASH, HeadsetWish.FLASH),
        (HeadsetControl.REDIAL, HeadsetWish.REDIAL),
        (HeadsetControl.DROP, HeadsetWish.DROP),
        (HeadsetControl.VOLUME_UP, HeadsetWish.VOLUME_UP),
        (HeadsetControl.VOLUME_DOWN, HeadsetWish.VOLUME_DOWN),
    ],
)
def test_a_key_is_told_once_for_each_press(control: HeadsetControl, wish: HeadsetWish) -> None:
    link = HeadsetLink(STATES)
    told = [link.moved(control, at, down=down) for at, down in ((0, True), (0, True), (1, False), (1, True))]
    assert told == [wish, None, None, wish]


def test_a_press_told_twice_counts_once_where_the_table_says_so() -> None:
    presses = ((0, True), (0.001, False), (0.002, True), (0.003, False), (0.2, True))
    counted = HeadsetTraits(repeat_seconds=0.005)
    for traits, times in ((counted, 2), (STATES, 3)):
        link = HeadsetLink(traits)
        wishes = [link.moved(HeadsetControl.VOLUME_UP, at, down=down) for at, down in presses]
        assert wishes.count(HeadsetWish.VOLUME_UP) == times


def test_a_call_answered_at_the_headset_is_acknowledged_by_its_lamp() -> None:
    link = HeadsetLink(STATES)
    link.moved(HOOK, 0, down=True)
    assert not link.due
    link.show(TALKING, 0.1)
    assert link.due
    link.sent()
    link.tick(0.1 + SETTLE_SECONDS)
    assert (link.due, link.deadline) == (False, None)
    assert link.moved(HOOK, 9, down=False) is HeadsetWish.END


def test_a_wish_that_came_to_nothing_is_told_so_and_the_next_press_counts() -> None:
    link = HeadsetLink(STATES)
    assert link.moved(HOOK, 0, down=True) is HeadsetWish.TALK
    link.tick(SETTLE_SECONDS - 0.1)
    assert not link.due
    link.tick(SETTLE_SECONDS)
    assert link.due
    assert link.lamps == IDLE
    link.sent()
    assert link.moved(HOOK, 5, down=True) is HeadsetWish.TALK


def test_a_refused_mute_button_is_answered_too() -> None:
    link = HeadsetLink(BUTTONS)
    assert link.moved(MUTE, 0, down=True) is HeadsetWish.MUTE
    link.tick(SETTLE_SECONDS)
    assert link.due


def test_a_headset_that_never_acknowledges_is_taken_to_have_followed() -> None:
    link = lit(HeadsetLink(STATES), TALKING)
    link.tick(SETTLE_SECONDS)
    assert link.moved(HOOK, 60, down=True) is None
    assert link.moved(HOOK, 61, down=False) is HeadsetWish.END


def test_a_headset_that_contradicts_a_lamp_is_told_again() -> None:
    """It stays on hook: END is asked for, and the call goes on all the same."""
    link = lit(HeadsetLink(STATES), TALKING)
    link.moved(HOOK, 0.1, down=True)
    assert link.moved(HOOK, 0.2, down=False) is HeadsetWish.END
    link.tick(0.2 + SETTLE_SECONDS)
    assert link.due
    assert link.lamps == TALKING
    link.sent()
    link.tick(99)
    assert link.deadline is None


def test_what_a_headset_was_told_before_it_was_plugged_in_is_not_believed() -> None:
    link = HeadsetLink(STATES)
    assert not link.due
    link.show(IDLE, 0)
    assert link.due


def test_nothing_is_sent_that_is_shown_already() -> None:
    link = lit(HeadsetLink(STATES), TALKING)
    link.show(TALKING, 1)
    assert not link.due
