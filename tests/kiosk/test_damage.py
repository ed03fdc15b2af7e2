"""Only what changed is painted, and what is painted is what a whole painting would show."""

from __future__ import annotations

import itertools

import msgspec
import pygame
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kiosk.geometry import Rect, merge
from app.kiosk.painter import Painter
from app.kiosk.samples import CALL, IDLE, IN_CALL, MAIN, MORE, NOW, Sample
from app.kiosk.tree import damage
from app.model.keys import Key
from app.model.snapshot import Snapshot
from tests.kiosk.harness import PANEL, Harness, text_engine


def whole(harness: Harness) -> bytes:
    """The present screen painted from nothing."""
    surface = pygame.Surface((harness.panel.width, harness.panel.height))
    root = harness.root
    Painter(surface, text_engine(harness.panel), harness.ui.view().theme).paint(root, [root.bounds])
    return pygame.image.tobytes(surface, "RGB")


def on_glass(harness: Harness) -> bytes:
    return pygame.image.tobytes(harness.presenter.surface, "RGB")


def test_nothing_is_painted_when_nothing_changes() -> None:
    harness = Harness().sample(MAIN[0])
    assert harness.screen.refresh()
    painted = harness.screen.painter.painted_pixels
    for second in range(30):
        harness.seconds = second
        harness.show(msgspec.structs.replace(IDLE, generation=second, now=NOW + second))
        assert not harness.screen.refresh()
    assert harness.presenter.frames == 1
    assert harness.screen.painter.painted_pixels == painted


def test_a_second_of_a_call_paints_only_the_timer() -> None:
    harness = Harness().sample(MAIN[3])
    harness.screen.refresh()
    before = harness.screen.painter.painted_pixels
    harness.seconds = 1.0
    assert harness.screen.refresh()
    timer = harness.node("timer").bounds
    assert harness.presenter.shown == [timer]
    assert harness.screen.painter.painted_pixels - before == timer.area


def test_a_digit_paints_no_other_key() -> None:
    harness = Harness().sample(MAIN[1])
    harness.screen.refresh()
    harness.ui.on_key(Key.DIGIT_5, pressed=True)
    harness.screen.refresh()
    untouched = harness.node("digit-1").bounds
    assert harness.presenter.shown
    assert not any(area.intersects(untouched) for area in harness.presenter.shown)


@pytest.mark.parametrize(("first", "second"), list(itertools.pairwise(MAIN + MORE + MAIN[:1])))
def test_going_from_screen_to_screen_leaves_nothing_behind(first: Sample, second: Sample) -> None:
    harness = Harness().sample(first)
    harness.screen.refresh()
    harness.ui.on_disconnected()
    harness.sample(second)
    harness.screen.refresh()
    assert on_glass(harness) == whole(harness)


CHANGES: list[Snapshot] = [
    IN_CALL,
    msgspec.structs.replace(IN_CALL, calls=(msgspec.structs.replace(CALL, digits="12"),)),
    msgspec.structs.replace(IN_CALL, calls=(msgspec.structs.replace(CALL, notice="Held elsewhere"),)),
    msgspec.structs.replace(IN_CALL, calls=(msgspec.structs.replace(CALL, quality=None, remote_held=True),)),
    *(sample.snapshot for sample in MAIN + MORE if sample.snapshot is not None),
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.sampled_from(CHANGES),
            st.sampled_from(list(Key)),
            st.floats(min_value=0.1, max_value=90.0),
        ),
        max_size=12,
    )
)
def test_painting_differences_equals_painting_all(steps: list[Snapshot | Key | float]) -> None:
    harness = Harness().show(IDLE)
    harness.screen.refresh()
    for step in steps:
        match step:
            case Snapshot():
                harness.show(step)
            case Key():
                harness.ui.on_key(step, pressed=True)
            case _:
                harness.seconds += step
        harness.screen.refresh()
        assert len(harness.presenter.shown) <= 3
    assert on_glass(harness) == whole(harness)


rects = st.builds(
    Rect,
    st.integers(0, 700),
    st.integers(0, 400),
    st.integers(0, 100),
    st.integers(0, 80),
)


@settings(deadline=None)
@given(st.lists(rects, max_size=12))
def test_merging_keeps_all_pixels_in_three_rectangles_that_do_not_overlap(areas: list[Rect]) -> None:
    merged = merge(areas)
    assert len(merged) <= 3
    assert not any(one.intersects(other) for one, other in itertools.combinations(merged, 2))
    for area in areas:
        if area.area:
            assert any(one.union(area) == one for one in merged)


def test_merging_leaves_what_lies_apart() -> None:
    apart = [Rect(0, 0, 10, 10), Rect(500, 0, 10, 10), Rect(0, 400, 10, 10)]
    assert sorted(merge(apart)) == sorted(apart)


def test_another_theme_paints_everything() -> None:
    harness = Harness().sample(MAIN[0])
    harness.screen.refresh()
    harness.sample(MAIN[0], "day")
    harness.screen.refresh()
    assert harness.presenter.shown == [harness.root.bounds]
    assert on_glass(harness) == whole(harness)


def test_the_same_tree_has_no_damage() -> None:
    root = Harness(PANEL).sample(MAIN[3]).root
    assert damage(root, root) == []
    assert damage(None, root) == [root.bounds]
