"""The call list: in memory, on disk, and after damage."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from app.calls import call_store
from app.calls.call_store import NEWEST, CallListContents, CallStore
from app.calls.history import CallList
from app.model.history import CallDirection, CallRecord
from app.model.party import Party


def record(number: str, direction: CallDirection = CallDirection.OUTGOING, *, seen: bool = True) -> CallRecord:
    return CallRecord(direction, Party(number, "Anna \u00e9", "sip:a@b"), 1.7e9, 12.5, seen, 16, "line-1", seen)


def keep(path: Path, *records: CallRecord) -> None:
    """Write records as the phone does, and close."""
    with ThreadPoolExecutor(1) as worker:
        store = CallStore(path)
        calls = CallList(store, worker.submit(store.open).result(), worker, lambda: None, lambda trouble: None)
        for each in records:
            calls.add(each)
        calls.close().result()


def reopened(path: Path) -> CallListContents:
    store = CallStore(path)
    contents = store.open()
    store.close()
    return contents


def test_calls_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "data" / "calls.sqlite"
    keep(path, record("201"), record("301", CallDirection.INCOMING, seen=False), record("302", CallDirection.INCOMING))
    contents = reopened(path)
    assert [call.party.number for call in contents.newest] == ["302", "301", "201"]
    assert contents.newest[2].party == Party("201", "Anna \u00e9", "sip:a@b")
    assert (contents.missed, contents.last_row, contents.last_dialled, contents.trouble) == (1, 3, "201", "")
    keep(path, record("202"))
    assert reopened(path).last_dialled == "202"


def test_an_empty_list_opens(tmp_path: Path) -> None:
    assert reopened(tmp_path / "calls.sqlite") == CallListContents()


def of_an_older_version(path: Path) -> None:
    """Make a list without names of conversations, as phones did."""
    keep(path, record("201"), record("202"))
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE calls DROP COLUMN guid")


def test_the_list_of_an_older_version_gets_names_of_conversations(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    of_an_older_version(path)
    keep(path, msgspec.structs.replace(record("203"), guid="c" * 32))
    assert [(each.party.number, each.guid) for each in reopened(path).newest] == [
        ("203", "c" * 32),
        ("202", ""),
        ("201", ""),
    ]


def test_a_damaged_list_of_an_older_version_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "calls.sqlite"
    of_an_older_version(path)
    opened = CallStore._open_checked
    outcomes = iter([sqlite3.DatabaseError("malformed")])

    def once(store: CallStore) -> sqlite3.Connection:
        for error in outcomes:
            raise error
        return opened(store)

    monkeypatch.setattr(CallStore, "_open_checked", once)
    contents = reopened(path)
    assert [each.party.number for each in contents.newest] == ["202", "201"]
    assert "2 calls could be saved" in contents.trouble


def test_the_newest_are_at_hand_at_once_and_missed_calls_count_until_seen(tmp_path: Path) -> None:
    changes: list[int] = []
    with ThreadPoolExecutor(1) as worker:
        store = CallStore(tmp_path / "calls.sqlite")
        calls = CallList(
            store, worker.submit(store.open).result(), worker, lambda: changes.append(1), lambda trouble: None
        )
        for number in range(NEWEST + 5):
            calls.add(record(str(number), CallDirection.INCOMING, seen=False))
        assert len(calls.newest) == NEWEST
        assert calls.newest[0].row == NEWEST + 5
        assert calls.missed == NEWEST + 5
        calls.mark_seen()
        assert calls.missed == 0
        assert all(call.seen for call in calls.newest)
        before = len(changes)
        calls.mark_seen()
        assert len(changes) == before
        calls.close().result()
    assert reopened(tmp_path / "calls.sqlite").missed == 0


def test_the_oldest_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_store, "KEPT", 10)
    path = tmp_path / "calls.sqlite"
    keep(path, *(record(str(number)) for number in range(25)))
    with sqlite3.connect(path) as database:
        rows = [row for (row,) in database.execute("SELECT row FROM calls ORDER BY row")]
    database.close()
    assert rows == list(range(16, 26))


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    path.write_bytes(os.urandom(8192))
    contents = reopened(path)
    assert contents.newest == ()
    assert "damaged" in contents.trouble
    assert (tmp_path / "calls.sqlite.damaged").exists()
    keep(path, record("201"))
    assert reopened(path).trouble == ""


def test_a_torn_page_costs_some_calls_but_not_all(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    keep(path, *(record(f"{number:04}") for number in range(400)))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(os.urandom(4096))
    contents = reopened(path)
    assert "could be saved" in contents.trouble
    assert len(contents.newest) == NEWEST
    assert contents.newest[0].party.number == "0399"
    assert reopened(path).trouble == ""


def test_a_place_that_cannot_be_written_leaves_a_list_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = CallStore(tmp_path / "file" / "calls.sqlite")
    contents = store.open()
    assert "cannot be stored" in contents.trouble
    store.write(record("201"))
    store.close()


def test_a_list_in_memory_goes_to_the_end_of_its_file_when_that_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "data" / "calls.sqlite"
    keep(path, record("201"), record("202", CallDirection.INCOMING, seen=False))
    away = tmp_path / "away"
    path.parent.rename(away)
    path.parent.write_text("in the way")
    with ThreadPoolExecutor(1) as worker:
        store = CallStore(path)
        calls = CallList(store, worker.submit(store.open).result(), worker, lambda: None, lambda trouble: None)
        calls.add(record("301"))
        assert calls.begin_return().result() is None
        calls.finish_return(None)
        calls.add(record("302"))
        path.parent.unlink()
        away.rename(path.parent)
        moved = calls.begin_return()
        calls.add(record("303"))
        calls.finish_return(moved.result())
        calls.add(record("304"))
        assert [call.party.number for call in calls.newest] == ["304", "303", "302", "301", "202", "201"]
        assert [call.row for call in calls.newest] == [6, 5, 4, 3, 2, 1]
        assert calls.missed == 1
        calls.close().result()
    assert reopened(path).newest == calls.newest


def test_what_was_seen_in_memory_is_seen_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "calls.sqlite"
    keep(path, record("301", CallDirection.INCOMING, seen=False))
    store = CallStore(path)
    with monkeypatch.context() as full:
        full.setattr(store, "_open_checked", lambda: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        assert store.open().missed == 1
    store.mark_seen()
    store.write(msgspec.structs.replace(record("302"), row=2))
    contents = store.return_to_file()
    assert contents is not None
    assert [call.party.number for call in contents.newest] == ["302", "301"]
    assert contents.missed == 0
    store.close()


def test_a_disk_that_fills_while_the_list_is_put_back_leaves_it_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "calls.sqlite"
    keep(path, record("201"))
    store = CallStore(path)
    opened = store._open_checked
    with monkeypatch.context() as away:
        away.setattr(store, "_open_checked", lambda: (_ for _ in ()).throw(OSError(errno.EIO, "away")))
        store.open()
    for row in range(2, 402):
        store.write(msgspec.structs.replace(record("3" * 60), row=row))

    def open_almost_full() -> sqlite3.Connection:
        file = opened()
        (pages,) = file.execute("PRAGMA page_count").fetchone()
        file.execute(f"PRAGMA max_page_count = {pages + 2}")
        return file

    with monkeypatch.context() as full:
        full.setattr(store, "_open_checked", open_almost_full)
        assert store.return_to_file() is None
    store.write(msgspec.structs.replace(record("402"), row=402))  # the list in memory is as it was
    contents = store.return_to_file()
    assert contents is not None
    assert (contents.last_row, contents.newest[0].party.number, contents.in_memory) == (402, "402", False)
    store.close()
    assert reopened(path).newest == contents.newest


def test_what_is_owed_to_the_list_in_memory_takes_nobodys_place_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "calls.sqlite"
    keep(path, record("201"), record("202"))
    store = CallStore(path)
    with monkeypatch.context() as away:
        away.setattr(store, "_open_checked", lambda: (_ for _ in ()).throw(OSError(errno.EIO, "away")))
        away.setattr(store, "_salvage", list)  # nor can it be read: rows begin with 1 again
        store.open()
    store._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(sqlite3.OperationalError):
        store.write(msgspec.structs.replace(record("301"), row=1))
    assert store.return_to_file() is None
    store._connection.execute("PRAGMA query_only = 0")
    contents = store.return_to_file()
    assert contents is not None
    assert [call.party.number for call in contents.newest] == ["301", "202", "201"]
    store.close()
    assert reopened(path).newest == contents.newest


def test_a_write_that_fails_is_told_and_the_list_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    path = tmp_path / "calls.sqlite"
    with ThreadPoolExecutor(1) as worker:
        store = CallStore(path)
        calls = CallList(store, worker.submit(store.open).result(), worker, lambda: None, told.append)
        calls.add(record("200", CallDirection.INCOMING, seen=False))
        worker.submit(lambda: store._connection.execute("PRAGMA query_only = 1")).result()
        calls.add(record("201", CallDirection.INCOMING, seen=False))
        calls.mark_seen()
        calls.add(record("202", CallDirection.INCOMING, seen=False))
        worker.submit(lambda: store._connection.execute("PRAGMA query_only = 0")).result()
        calls.write_owed()
        calls.close().result()
    assert [call.party.number for call in calls.newest] == ["202", "201", "200"]
    assert [bool(trouble) for trouble in told] == [False, True, True, True, False]
    assert "readonly" in told[1]
    assert "could not be written" in caplog.text
    assert reopened(path).newest == calls.newest


@pytest.mark.parametrize("another", [True, False], ids=["with the next call", "at the end"])
def test_a_call_that_could_not_be_written_is_written_later(tmp_path: Path, another: bool) -> None:
    path = tmp_path / "calls.sqlite"
    store = CallStore(path)
    store.open()
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    long = msgspec.structs.replace(record("201"), party=Party("201", "A" * 5000), row=1)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.write(long)
    store._connection.execute("PRAGMA max_page_count = 10000")
    if another:
        store.write(msgspec.structs.replace(record("202"), row=2))
    store.close()
    expected = ["202", "201"] if another else ["201"]
    assert [call.party.number for call in CallStore(path).open().newest] == expected


def test_nobody_else_may_read_who_called_whom(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "calls.sqlite"
    path.touch(0o644)
    store = CallStore(path)
    store.open()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    store.close()
    assert len(modes) > 1
    assert set(modes.values()) == {0o600}
