"""Passing a call on at the display, by touch and by keys alone."""

from __future__ import annotations

import msgspec

from app.kiosk.samples import CALL, MORE, Sample
from app.model.commands import (
    BeginTransfer,
    CancelTransfer,
    CompleteTransfer,
    Dial,
    Park,
    Transfer,
)
from app.model.keys import Key
from app.model.services import TransferState
from tests.kiosk.harness import Harness


def sample(name: str) -> Sample:
    return next(each for each in MORE if each.name == name)


def test_a_call_is_passed_on_or_parked_where_the_pbx_does_that() -> None:
    assert Harness().sample(sample("passing-on")).tap("transfer").sent == [BeginTransfer(id=0, call=CALL.id)]
    assert Harness().sample(sample("passing-on")).tap("park").sent == [Park(id=0, call=CALL.id)]
    assert Harness().sample(sample("on-hold")).root.find("transfer") is None


def test_whom_to_is_typed_and_the_keypad_alone_does_it_all() -> None:
    harness = Harness().sample(sample("transfer"))
    assert harness.root.id == "transfer"
    assert harness.node("title").name == "Not transferred: Busy"
    assert harness.digits("05").keys(Key.SOFT_2).node("number").value == "240"
    assert harness.keys(Key.SOFT_3).sent == [Dial(id=0, number="240")]
    assert harness.keys(Key.OK).sent[-1] == Transfer(id=0, number="240")
    assert harness.keys(Key.ESCAPE).sent[-1] == CancelTransfer(id=0)


def test_a_consultation_is_handed_over_or_cancelled() -> None:
    harness = Harness().sample(sample("transfer-consulting"))
    assert harness.keys(Key.OK).sent == [CompleteTransfer(id=0)]
    assert harness.keys(Key.SOFT_1).sent[-1] == CancelTransfer(id=0)
    assert harness.keys(Key.ESCAPE).sent[-1] == CancelTransfer(id=0)


def test_while_the_pbx_is_at_work_only_cancel_is_left() -> None:
    snapshot = sample("transfer-consulting").snapshot
    assert snapshot is not None
    assert snapshot.transfer is not None
    asked = msgspec.structs.replace(snapshot.transfer, state=TransferState.ASKED, can_complete=False)
    harness = Harness().show(msgspec.structs.replace(snapshot, transfer=asked))
    assert not harness.node("transfer-now").enabled
    assert harness.tap("cancel-transfer").sent == [CancelTransfer(id=0)]


def test_what_was_typed_for_a_transfer_goes_with_it() -> None:
    shown = sample("transfer")
    harness = Harness().sample(shown)
    assert harness.ui.state.typed == "24"
    assert shown.snapshot is not None
    harness.show(msgspec.structs.replace(shown.snapshot, transfer=None))
    assert harness.ui.state.typed == ""
