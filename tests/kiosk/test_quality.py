"""The quality of the call: on the call in words, on its page in figures that move."""

from __future__ import annotations

import msgspec
import pytest

from app.kiosk.intents import Go, Place
from app.kiosk.samples import CALL, IN_CALL
from app.kiosk.tree import Node
from app.model.commands import Watch
from app.model.quality import Levels, QualityCause
from app.model.snapshot import LockView, Snapshot
from tests.kiosk.harness import Harness

WATCHED = msgspec.structs.replace(IN_CALL, levels=Levels(microphone=-31, ear=-22))


def node(harness: Harness, name: str) -> Node | None:
    return next((each for each in harness.root.walk() if each.id == name), None)


def with_quality(snapshot: Snapshot, **changes: object) -> Snapshot:
    (call,) = snapshot.calls
    assert call.quality is not None
    quality = msgspec.structs.replace(call.quality, **changes)
    return msgspec.structs.replace(snapshot, calls=(msgspec.structs.replace(call, quality=quality),))


def test_a_good_call_says_so_and_nothing_more() -> None:
    harness = Harness().show(IN_CALL)
    quality = node(harness, "quality")
    assert quality is not None
    assert quality.value == "Excellent, Encrypted"
    assert node(harness, "cause") is None


@pytest.mark.parametrize("cause", list(QualityCause))
def test_a_bad_call_says_why(cause: QualityCause) -> None:
    harness = Harness().show(with_quality(IN_CALL, bars=1, cause=cause))
    words = node(harness, "cause")
    assert words is not None
    assert words.name
    harness.ui.perform(Go(Place.QUALITY))
    verdict = node(harness, "verdict")
    assert verdict is not None
    assert verdict.value.startswith(words.name)


def test_who_opens_the_page_lets_the_phone_know_and_who_leaves_it_too() -> None:
    harness = Harness().show(IN_CALL)
    harness.ui.perform(Go(Place.QUALITY))
    assert harness.sent == [Watch(id=0, on=True)]
    assert harness.root.id == "quality-page"
    harness.tap("back")
    assert harness.sent == [Watch(id=0, on=True), Watch(id=0, on=False)]
    assert harness.root.id == "in-call"


def test_figures_and_levels_move_while_they_are_watched() -> None:
    harness = Harness().show(IN_CALL)
    harness.ui.perform(Go(Place.QUALITY))
    harness.show(WATCHED)
    level = node(harness, "you-hear-level")
    assert level is not None
    assert level.value == "-22 dB"
    harness.show(with_quality(WATCHED, jitter_ms=33.0))
    jitter = node(harness, "you-hear-2")
    assert jitter is not None
    assert (jitter.name, jitter.value) == ("Jitter", "33 ms")


def test_a_call_without_figures_has_a_page_with_a_sentence() -> None:
    bare = msgspec.structs.replace(CALL, quality=None)
    harness = Harness().show(msgspec.structs.replace(IN_CALL, calls=(bare,)))
    harness.ui.perform(Go(Place.QUALITY))
    words = node(harness, "no-figures")
    assert words is not None


def test_the_page_ends_with_the_call_and_with_the_lock() -> None:
    harness = Harness().show(IN_CALL)
    harness.ui.perform(Go(Place.QUALITY))
    harness.show(msgspec.structs.replace(IN_CALL, calls=(), active=None))
    assert harness.root.id == "idle"
    harness = Harness().show(IN_CALL)
    harness.ui.perform(Go(Place.QUALITY))
    harness.show(msgspec.structs.replace(IN_CALL, lock=LockView(locked=True, pin_set=True)))
    assert harness.root.id == "in-call"
    quality = node(harness, "quality")
    assert quality is not None
    assert quality.intent is None
