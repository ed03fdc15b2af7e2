"""The page of updates: what it says, and the one thing that can be done there."""

from __future__ import annotations

import msgspec
import pytest

from app.kiosk.intents import Go, Place
from app.kiosk.samples import IDLE
from app.model.commands import AnyCommand, InstallUpdate, RestartToUpdate, SeeUpdate
from app.model.keys import Key
from app.model.snapshot import UpdateState, UpdateView
from tests.kiosk.harness import Harness

FAILURE = UpdateView(UpdateState.FAILED, "1.0", "A", "2.0", problem="It is damaged.", advice="Ask.", unseen=True)


def page(update: UpdateView) -> Harness:
    harness = Harness().show(msgspec.structs.replace(IDLE, update=update))
    harness.ui.perform(Go(Place.UPDATE))
    return harness


@pytest.mark.parametrize(
    ("state", "command"),
    [
        (UpdateState.CURRENT, None),
        (UpdateState.OFFERED, InstallUpdate(id=0)),
        (UpdateState.FETCHING, None),
        (UpdateState.INSTALLING, None),
        (UpdateState.READY, RestartToUpdate(id=0)),
        (UpdateState.FAILED, InstallUpdate(id=0)),
        (UpdateState.UNAVAILABLE, None),
    ],
)
def test_what_can_be_done(state: UpdateState, command: AnyCommand | None) -> None:
    harness = page(UpdateView(state, "1.0", "A", "2.0", 42))
    assert harness.keys(Key.SOFT_4).sent == ([] if command is None else [command])


def test_who_reads_why_it_failed_has_seen_it() -> None:
    harness = page(FAILURE)
    assert harness.sent == [SeeUpdate(id=0)]
    words = {node.value or "" for node in harness.root.walk()}
    assert {"It is damaged.", "Ask."} <= words


def test_nothing_new_to_see() -> None:
    assert page(msgspec.structs.replace(FAILURE, unseen=False)).sent == []


def test_way_there_and_back() -> None:
    harness = Harness().show(IDLE)
    harness.ui.perform(Go(Place.ABOUT))
    assert harness.keys(Key.SOFT_4).root.id == "update"
    assert harness.keys(Key.ESCAPE).root.id == "about"
