"""As time passes, nodes that tell it are made anew, the others stay, and the picture is that of a fresh building."""

from __future__ import annotations

import msgspec
import pytest

from app.kiosk.samples import CALL, IN_CALL, MAIN, MORE, NOW, Sample
from app.kiosk.view import as_shown
from app.model.snapshot import Snapshot
from tests.kiosk.harness import Harness

MOMENTS = (0.0, 0.4, 0.9, 1.0, 29.7, 45.0, 61.0, 3_700.0)


@pytest.mark.parametrize("sample", MAIN + MORE, ids=lambda sample: sample.name)
def test_a_screen_moved_on_is_the_screen_built_at_that_moment(sample: Sample) -> None:
    harness = Harness().sample(sample)
    for seconds in MOMENTS:
        harness.seconds = seconds
        fresh = Harness().sample(sample)
        fresh.seconds = seconds
        assert harness.root == fresh.root, f"{sample.name} after {seconds} s"


def test_a_second_of_a_call_keeps_all_but_the_timer() -> None:
    harness = Harness().sample(MAIN[3])
    before = harness.root
    harness.seconds = 1.0
    after = harness.root
    for name in ("status", "controls", "soft", "avatar", "who", "quality"):
        assert after.find(name) is before.find(name), name
    assert after.find("timer") != before.find("timer")


def test_counters_that_no_screen_shows_build_nothing() -> None:
    harness = Harness().show(IN_CALL)
    before = harness.root.find("controls")
    assert CALL.quality is not None
    counted = msgspec.structs.replace(CALL.quality, packets_received=99_999, jitter_ms=7.5)
    call = msgspec.structs.replace(IN_CALL.calls[0], quality=counted)
    assert not harness.ui.on_snapshot(msgspec.structs.replace(IN_CALL, generation=7, calls=(call,)))
    assert harness.root.find("controls") is before


def test_what_a_screen_shows_of_the_quality_is_built_anew() -> None:
    harness = Harness().show(IN_CALL)
    assert CALL.quality is not None
    poor = msgspec.structs.replace(CALL.quality, bars=1)
    assert harness.ui.on_snapshot(
        msgspec.structs.replace(IN_CALL, calls=(msgspec.structs.replace(CALL, quality=poor),))
    )
    assert harness.node("quality").value.startswith("Poor")


def test_the_phones_clock_counts_though_nothing_else_is_new() -> None:
    harness = Harness().show(IN_CALL)
    before = harness.node("timer").value
    harness.show(msgspec.structs.replace(IN_CALL, now=NOW + 60))
    assert as_shown(IN_CALL) == as_shown(msgspec.structs.replace(IN_CALL, now=NOW + 60))
    assert harness.node("timer").value != before


def test_a_phone_that_says_next_to_nothing_is_told_from_none() -> None:
    harness = Harness()
    assert harness.root.id == "starting"
    assert harness.show(Snapshot(generation=1, now=NOW)).root.id == "idle"
