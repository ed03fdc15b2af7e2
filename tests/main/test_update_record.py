"""What the phone makes of the system that it finds itself in."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app.main.update_record import Failure, UpdateRecord, assess, read
from app.settings.durable import DurableFile
from hal.updater import Slot

A = Slot("A", booted=True, good=True)
B = Slot("B", booted=False, good=True, version="2.0")
B_BAD = Slot("B", booted=False, good=False, version="2.0")
A_LEFT = Slot("A", booted=False, good=True)
B_RUNS = Slot("B", booted=True, good=False, version="2.0")
BEGUN = UpdateRecord("B", "2.0", "run 1")
WRITTEN = UpdateRecord("B", "2.0", "run 1", complete=True)


@pytest.mark.parametrize(
    ("record", "slots", "run_id", "expected"),
    [
        (UpdateRecord(), (A, B), "run 1", UpdateRecord("A", "1.0")),
        (WRITTEN, (A, B), "run 1", WRITTEN),
        (WRITTEN, (A_LEFT, B_RUNS), "run 2", WRITTEN),
        (BEGUN, (A_LEFT, B_RUNS), "run 2", BEGUN),
        (BEGUN, (A, B_BAD), "run 1", UpdateRecord("A", "1.0")),
        (BEGUN, (A, B_BAD), "run 2", UpdateRecord("A", "1.0")),
        (WRITTEN, (A, B), "run 2", UpdateRecord("A", "1.0")),
        (WRITTEN, (A_LEFT, B), "run 2", WRITTEN),
    ],
    ids=[
        "first start",
        "waits for its restart",
        "came up",
        "came up, though the power failed before that was noted",
        "the phone fell while it was written",
        "the power failed while it was written",
        "somebody chose the other system",
        "nobody knows which system runs",
    ],
)
def test_no_failure(record: UpdateRecord, slots: tuple[Slot, ...], run_id: str, expected: UpdateRecord) -> None:
    assert assess(record, slots, run_id, "1.0") == expected


@pytest.mark.parametrize("record", [WRITTEN, UpdateRecord("B", "2.0")], ids=["new", "good for long"])
def test_system_that_came_up_no_more(record: UpdateRecord) -> None:
    found = assess(record, (A, B_BAD), "run 5", "1.0")
    assert found.failure is not None
    assert (found.slot, found.version, found.failure.version) == ("A", "1.0", "2.0")
    assert found.failure.text == "It did not come up; version 1.0 runs again."
    assert assess(found, (A, B_BAD), "run 6", "1.0") == found


def test_failure_is_kept(tmp_path: Path) -> None:
    record = UpdateRecord("A", "1.0", failure=Failure("2.0", "", "It failed.", "Ask."))
    DurableFile(tmp_path / "update").save(msgspec.json.encode(record))
    assert read(DurableFile(tmp_path / "update")) == record


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"slot": 3}', b'{"slot": "\xff"}', b'{"x":' + b"[" * 100_000])
def test_something_else_was_kept(tmp_path: Path, content: bytes) -> None:
    DurableFile(tmp_path / "update").save(content)
    assert read(DurableFile(tmp_path / "update")) == UpdateRecord()
