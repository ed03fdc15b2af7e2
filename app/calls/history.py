"""The call list as the phone uses it: the newest calls in memory, every change written by a worker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future

import msgspec

from app.calls.call_store import NEWEST, CallListContents, CallStore
from app.model.history import CallRecord

_log = logging.getLogger("calls")


class CallList:
    """The `CallListPort`. Belongs to the main thread and never blocks; `worker` must have a single thread.

    `contents` is what `CallStore.open` gave, run in the same worker. `changed` is called after each change;
    it must not call back. `written` is called in the worker after each write, with what went wrong in words for a
    person, or empty; the list in memory goes on, and what could not be written is written with the next change.
    """

    def __init__(
        self,
        store: CallStore,
        contents: CallListContents,
        worker: Executor,
        changed: Callable[[], None],
        written: Callable[[str], None],
    ) -> None:
        self._store = store
        self._worker = worker
        self._changed = changed
        self._written = written
        self._newest: tuple[CallRecord, ...] = ()
        self._missed = self._last_row = 0
        self.in_memory = False
        """Whether the list is lost with the process."""
        self._take(contents)
        self._waiting: list[CallRecord] | None = None
        """Calls that ended while the list was moved; their rows are not known before that is done."""

    @property
    def newest(self) -> tuple[CallRecord, ...]:
        """The newest calls, newest first."""
        return self._newest

    @property
    def missed(self) -> int:
        """Missed calls nobody has looked at."""
        return self._missed

    def add(self, record: CallRecord) -> None:
        """Keep a finished call; it gets the next row number."""
        if self._waiting is not None:
            self._waiting.append(record)
            return
        self._last_row += 1
        kept = msgspec.structs.replace(record, row=self._last_row)
        self._newest = (kept, *self._newest)[:NEWEST]
        self._missed += not kept.seen
        self._write(lambda: self._store.write(kept))
        self._changed()

    def mark_seen(self) -> None:
        """The user has looked at the missed calls."""
        if not self._missed:
            return
        self._missed = 0
        self._newest = tuple(msgspec.structs.replace(record, seen=True) for record in self._newest)
        self._write(self._store.mark_seen)
        self._changed()

    def write_owed(self) -> None:
        """Try again to write what could not be written."""
        self._write(self._store.write_owed)

    def begin_return(self) -> Future[CallListContents | None]:
        """Have a list that lives in memory put back into its file; `finish_return` must get what comes of it."""
        self._waiting = []
        return self._worker.submit(self._store.return_to_file)

    def finish_return(self, contents: CallListContents | None) -> None:
        """The list is in its file again with these contents, or (None) still cannot be."""
        if contents is not None:
            self._take(contents)
        waiting, self._waiting = self._waiting or [], None
        for record in waiting:
            self.add(record)
        self._changed()

    def close(self) -> Future[None]:
        """Close the store after the writes that wait; no other method may be called any more."""
        return self._worker.submit(self._store.close)

    def _take(self, contents: CallListContents) -> None:
        self._newest = contents.newest
        self._missed = contents.missed
        self._last_row = contents.last_row
        self.in_memory = contents.in_memory

    def _write(self, work: Callable[[], None]) -> None:
        self._worker.submit(work).add_done_callback(self._report)

    def _report(self, done: Future[None]) -> None:
        """Runs in the worker."""
        error = done.exception()
        if error is not None:
            _log.error("the call list could not be written: %s", error)
        self._written("" if error is None else str(error))
