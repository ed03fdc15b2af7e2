"""The call list on disk: an SQLite file that outlives power cuts, and is mended when it is damaged.

Everything here blocks and belongs to one worker thread.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from pathlib import Path

import msgspec

from app.model.history import CallDirection, CallRecord
from app.model.party import Party

KEPT = 1000
"""How many calls the list holds; older ones make room."""
NEWEST = 50
"""How many of them surfaces see."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    row INTEGER PRIMARY KEY,
    direction TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    uri TEXT NOT NULL,
    began REAL NOT NULL,
    seconds REAL NOT NULL,
    answered INTEGER NOT NULL,
    cause INTEGER NOT NULL,
    line TEXT NOT NULL,
    guid TEXT NOT NULL DEFAULT '',
    seen INTEGER NOT NULL
)
"""
_ADD_GUID = "ALTER TABLE calls ADD COLUMN guid TEXT NOT NULL DEFAULT ''"
"""For the file of an older version; with the default that version can go on with the newer file, too."""
_COLUMNS = "row, direction, number, name, uri, began, seconds, answered, cause, line, guid, seen"
_INSERT = f"INSERT OR REPLACE INTO calls ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - constants only
_SELECT = f"SELECT {_COLUMNS} FROM calls"  # noqa: S608 - constants only
_SELECT_OLDER = _SELECT.replace("guid", "''")
_Row = tuple[int, str, str, str, str, float, float, int, int, str, str, int]
_log = logging.getLogger("calls")


class CallListContents(msgspec.Struct, frozen=True):
    """What the store held when it was opened."""

    newest: tuple[CallRecord, ...] = ()
    """At most `NEWEST`, newest first."""
    missed: int = 0
    """Missed calls nobody has looked at."""
    last_row: int = 0
    last_dialled: str = ""
    """The number of the newest outgoing call; empty when there is none."""
    trouble: str = ""
    """What is wrong with the store, in words for a person; empty when nothing is."""
    in_memory: bool = False
    """Whether the list is lost with the process: its file could not be used."""


class CallStore:
    """The SQLite file at `path`. While it cannot be used, the list lives in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._copied: int | None = None
        """The last row that a list in memory shares with the file; None while the list is in the file."""
        self._owed: list[_Row] = []
        """Rows that could not be written, at most `KEPT`: the disk was full, say."""
        self._seen_owed = False
        """Whether all rows but those owed are to be marked as seen first."""

    def open(self) -> CallListContents:
        """Check, mend if need be, and read. Never raises for a damaged or missing file, or a full disk."""
        trouble = ""
        try:
            self._database = self._open_checked()
        except (OSError, sqlite3.OperationalError) as error:  # no permission, no space: the file itself may be well
            trouble = self._use_memory(error, self._salvage())
        except sqlite3.DatabaseError as error:
            _log.warning("the call list is damaged (%s) and is rebuilt", error)
            trouble = self._rebuild()
        return _contents(self._connection, trouble, in_memory=self._copied is not None)

    def return_to_file(self) -> CallListContents | None:
        """Put a list that lives in memory at the end of the file's; None where the file still cannot be used."""
        if self._copied is None:
            return _contents(self._connection)
        try:
            file = self._open_checked()
        except (OSError, sqlite3.Error):
            return None
        memory = self._connection
        try:
            self.write_owed()  # to the list in memory: in the file its row numbers are others'
            with file:
                self._copy(memory, file)
                contents = _contents(file)
        except sqlite3.Error:  # the disk filled meanwhile, say: what it took is undone, and the list in memory goes on
            file.close()
            return None
        memory.close()
        self._database, self._copied = file, None
        return contents

    def write(self, record: CallRecord) -> None:
        """Keep a record under its own row number; the oldest beyond `KEPT` go.

        Raises sqlite3.Error; the record is then written with the next one, or at the end.
        """
        self._owed = [*self._owed, _row(record)][-KEPT:]
        self.write_owed()

    def write_owed(self) -> None:
        """Write what could not be written before. Raises sqlite3.Error; it is owed still."""
        if not self._owed and not self._seen_owed:
            return
        with self._connection as database:
            if self._seen_owed:
                database.execute("UPDATE calls SET seen = 1 WHERE seen = 0")
            if self._owed:
                database.executemany(_INSERT, self._owed)
                database.execute("DELETE FROM calls WHERE row <= ?", (self._owed[-1][0] - KEPT,))
        self._owed.clear()
        self._seen_owed = False

    def mark_seen(self) -> None:
        """Nothing counts as missed any more. Raises sqlite3.Error; it is then written with the next record."""
        self._owed = [(*row[:-1], 1) for row in self._owed]
        self._seen_owed = True
        self.write_owed()

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error):
                self.write_owed()
            self._database.close()
            self._database = None

    # --- opening ----------------------------------------------------------------------------------------

    def _open_checked(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._keep_private()
        database = _connect(str(self._path))
        try:
            (verdict,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
            _prepare(database)
            database.execute(_SELECT + " LIMIT 1").fetchall()
        except BaseException:
            database.close()
            raise
        return database

    def _keep_private(self) -> None:
        """Who called whom is nobody else's business, whatever the folder allows. SQLite's side files follow suit."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)

    def _rebuild(self) -> str:
        """Save the rows that can still be read into a new file; the damaged one stays beside it, for a look."""
        saved = self._salvage()
        damaged = self._path.with_name(self._path.name + ".damaged")
        try:
            self._path.replace(damaged)
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._database = self._open_checked()
            with self._database:
                self._database.executemany(_INSERT, saved)
        except (OSError, sqlite3.Error) as error:
            return self._use_memory(error, saved)
        return f"The call list was damaged; {len(saved)} calls could be saved"

    def _salvage(self) -> list[_Row]:
        rows: list[_Row] = []
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_connect(str(self._path))) as database:
            select = _SELECT if _has_guid(database) else _SELECT_OLDER
            for row in database.execute(select + " ORDER BY row DESC"):
                with contextlib.suppress(ValueError, TypeError):
                    rows.append(_row(_record(row)))
                if len(rows) == KEPT:
                    break
        return rows

    def _copy(self, memory: sqlite3.Connection, file: sqlite3.Connection) -> None:
        (last,) = file.execute("SELECT coalesce(max(row), 0) FROM calls").fetchone()
        copied = memory.execute("SELECT seen, row FROM calls WHERE row <= ?", (self._copied,)).fetchall()
        new = memory.execute(_SELECT + " WHERE row > ? ORDER BY row", (self._copied,)).fetchall()
        file.executemany("UPDATE calls SET seen = ? WHERE row = ?", copied)
        file.executemany(_INSERT, [(last + number, *row[1:]) for number, row in enumerate(new, 1)])

    def _use_memory(self, error: Exception, saved: list[_Row]) -> str:
        _log.error("the call list cannot be kept in %s: %s", self._path, error)
        self._database = _connect(":memory:")
        _prepare(self._database)
        with self._database:
            self._database.executemany(_INSERT, saved)
        self._copied = max((row[0] for row in saved), default=0)
        return "The call list cannot be stored; it will be lost at the next restart"

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._database is None:
            raise sqlite3.ProgrammingError("the call list is not open")
        return self._database


def _connect(name: str) -> sqlite3.Connection:
    # Opened, used and closed by a worker pool of one thread, but perhaps not the same one for ever.
    return sqlite3.connect(name, timeout=2.0, check_same_thread=False)


def _contents(database: sqlite3.Connection, trouble: str = "", *, in_memory: bool = False) -> CallListContents:
    newest = database.execute(_SELECT + " ORDER BY row DESC LIMIT ?", (NEWEST,)).fetchall()
    (missed,) = database.execute("SELECT count(*) FROM calls WHERE seen = 0").fetchone()
    (last_row,) = database.execute("SELECT coalesce(max(row), 0) FROM calls").fetchone()
    dialled = database.execute(
        "SELECT number FROM calls WHERE direction = ? AND number <> '' ORDER BY row DESC LIMIT 1",
        (CallDirection.OUTGOING.value,),
    ).fetchone()
    return CallListContents(
        newest=tuple(_record(row) for row in newest),
        missed=missed,
        last_row=last_row,
        last_dialled=dialled[0] if dialled else "",
        trouble=trouble,
        in_memory=in_memory,
    )


def _prepare(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    with database:
        database.execute(_SCHEMA)
        if not _has_guid(database):
            database.execute(_ADD_GUID)


def _has_guid(database: sqlite3.Connection) -> bool:
    return any(name == "guid" for _, name, *_ in database.execute("PRAGMA table_info(calls)"))


def _row(record: CallRecord) -> _Row:
    party = record.party
    return (
        record.row,
        record.direction.value,
        party.number,
        party.name,
        party.uri,
        record.began,
        record.seconds,
        int(record.answered),
        record.cause,
        record.line,
        record.guid,
        int(record.seen),
    )


def _record(row: _Row) -> CallRecord:
    number, direction, *_ = row
    return CallRecord(
        direction=CallDirection(direction),
        party=Party(number=row[2], name=row[3], uri=row[4]),
        began=float(row[5]),
        seconds=float(row[6]),
        answered=bool(row[7]),
        cause=int(row[8]),
        line=row[9],
        guid=row[10],
        seen=bool(row[11]),
        row=int(number),
    )
