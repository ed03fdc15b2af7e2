"""The quality of the call: on the call in words, on its page in figures that move."""

from __future__ import annotations

import msgspec
import pytest

from app.kiosk.intents import Go, Place
from app.kiosk.samples import CALL, IN_CALL
from app.kiosk.tree import Node
from app.model.commands import Watch
from app.model.ids import CallId
from app.model.quality import Levels, QualityCause
from app.model.snapshot import CallState, LockView, Snapshot
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


def test_a_page_that_another_call_closes_is_no_longer_watched() -> None:
    harness = Harness().show(IN_CALL)
    harness.ui.perform(Go(Place.QUALITY))
    harness.show(WATCHED)
    harness.sent.clear()
    second = msgspec.structs.replace(CALL, id=CallId("second"), quality=None)
    harness.show(msgspec.structs.replace(WATCHED, calls=(*WATCHED.calls, second), active=second.id))
    assert harness.root.id != "quality-page"
    assert harness.sent == [Watch(id=0, on=False)]


def test_a_page_that_the_lock_closes_asks_for_nothing_that_would_be_refused() -> None:
    harness = Harness().show(IN_CALL)
    harness.ui.perform(Go(Place.QUALITY))
    harness.show(WATCHED)
    harness.sent.clear()
    harness.show(msgspec.structs.replace(IN_CALL, lock=LockView(locked=True, pin_set=True)))
    assert harness.sent == []


def figures(harness: Harness) -> list[str]:
    names = [f"{side}-{number}" for side in ("you-hear", "they-hear") for number in range(4)]
    found = [node(harness, name) for name in names]
    return [each.value for each in found if each is not None]


def test_figures_that_nobody_watches_are_not_known() -> None:
    harness = Harness().show(IN_CALL)
    harness.ui.perform(Go(Place.QUALITY))
    assert figures(harness) == ["\N{EN DASH}"] * 8
    harness.show(WATCHED)
    assert "\N{EN DASH}" not in figures(harness)[:4]
    harness.show(IN_CALL)
    assert figures(harness) == ["\N{EN DASH}"] * 8


def test_an_open_page_asks_again_when_the_phone_stops_measuring() -> None:
    harness = Harness().show(IN_CALL)
    harness.ui.perform(Go(Place.QUALITY))
    harness.show(WATCHED)
    harness.sent.clear()
    harness.show(IN_CALL)
    harness.show(with_quality(IN_CALL, bars=1))
    assert harness.sent == [Watch(id=0, on=True)]


def test_an_open_page_asks_again_for_the_call_that_comes_back_after_another_rang() -> None:
    harness = Harness().show(IN_CALL)
    harness.ui.perform(Go(Place.QUALITY))
    ringing = msgspec.structs.replace(CALL, id=CallId("ringing"), state=CallState.INCOMING, quality=None)
    harness.show(msgspec.structs.replace(IN_CALL, calls=(*IN_CALL.calls, ringing), active=ringing.id))
    harness.sent.clear()
    harness.show(IN_CALL)
    assert harness.sent == [Watch(id=0, on=True)]


def test_a_closed_page_and_one_of_a_call_that_is_over_do_not_ask() -> None:
    harness = Harness().show(IN_CALL).show(WATCHED).show(IN_CALL)
    assert harness.sent == []
    harness.ui.perform(Go(Place.QUALITY))
    harness.show(WATCHED)
    harness.sent.clear()
    over = msgspec.structs.replace(CALL, state=CallState.ENDED)
    harness.show(msgspec.structs.replace(IN_CALL, calls=(over,)))
    assert harness.sent == []


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
