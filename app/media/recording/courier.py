"""Brings recordings from the spool to their server: while they run, and those that were left over, the oldest first."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.media.recording.delivery import Gone, Refused, Source, Target, TooLarge, Troubled, UploadError
from app.media.recording.spool import Spool
from app.model.flags import LogFlag

if TYPE_CHECKING:
    from app.media.recording.upload import Uploader

log = logging.getLogger(LogFlag.MEDIA)

FIRST_DELAY = 5.0
LONGEST_DELAY = 300.0
TROUBLED_MOST = 3
"""Recordings that a server may stumble over before it is taken to stumble over all: it is not given each of them."""
ROOM_SECONDS = 5.0
"""How often running recordings are measured against the limit."""


@dataclass(frozen=True)
class Trouble:
    """What keeps recordings from their server, and what to do, for a person."""

    reason: str
    advice: str


class _Outcome(enum.Enum):
    """What came of sending one recording."""

    DONE = enum.auto()
    """There is nothing more to do for it."""
    REFUSED = enum.auto()
    """The server did not take this one now; it may take others."""
    TROUBLED = enum.auto()
    """The server has a problem, perhaps with this one alone."""
    NO_WAY = enum.auto()
    """Nothing gets to the server now."""


class Courier:
    """Belongs to the loop; `start` and `stop` it. Nothing is lost that fits the spool, whatever the server does.

    `limit` is asked for the spool's size in bytes. `told` hears what is wrong, and None once that is over. `overfull`
    is called with a running recording that nothing else can make room for.
    """

    def __init__(
        self,
        spool: Spool,
        limit: Callable[[], int],
        told: Callable[[Trouble | None], None],
        overfull: Callable[[Path], None],
    ) -> None:
        self._spool = spool
        self._limit = limit
        self._told = told
        self._overfull = overfull
        self._uploader: Uploader | None = None
        self._running: dict[str, Source] = {}
        self._too_large: set[str] = set()
        self._refused: dict[str, Trouble] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._prepared = False
        self._delay = FIRST_DELAY

    def start(self) -> None:
        """Mend the spool, and send what an earlier start left there."""
        self._do(self._work(), "recordings")

    async def stop(self) -> None:
        """Send no more; what is not delivered stays in the spool."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._change(None)

    async def set_target(self, target: Target | None) -> None:
        """Deliver there from now on; None keeps everything here."""
        await self._change(target)
        self._too_large.clear()
        self._refused.clear()
        self._delay = FIRST_DELAY
        self._news.set()

    def begun(self, path: Path) -> None:
        """A recording begins to grow."""
        source = self._running[path.name] = Source(path, finished=False)
        self._do(self._send_running(source), f"recording {path.name}")

    def ended(self, path: Path) -> None:
        """A recording grows no more."""
        source = self._running.get(path.name)
        if source is not None:
            source.finish()

    # --- delivering ----------------------------------------------------------------------------------------

    async def _send_running(self, source: Source) -> None:
        """Try while it grows; what is not delivered at its end waits with the others."""
        delay = FIRST_DELAY
        room = asyncio.create_task(self._keep_room(source))
        try:
            await source.begun()
            while await self._deliver(source) is not _Outcome.DONE and not source.finished:
                await source.wait_finished(delay)
                delay = min(LONGEST_DELAY, delay * 2)
            await source.ended()  # one that the server does not take goes on growing
        finally:
            room.cancel()
            del self._running[source.path.name]
            self._news.set()

    async def _work(self) -> None:
        while True:
            self._news.clear()
            delay = None if await self._send_waiting() else self._delay
            self._delay = FIRST_DELAY if delay is None else min(LONGEST_DELAY, self._delay * 2)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), delay)

    async def _send_waiting(self) -> bool:
        """Send all that is finished; False where it must be tried again later."""
        try:
            if not self._prepared:
                await asyncio.to_thread(self._spool.prepare, self._running)
                self._prepared = True
            await self._make_room()
            waiting = await asyncio.to_thread(self._spool.files, but={*self._running, *self._too_large})
        except OSError as error:
            log.warning("the recordings in %s cannot be read: %s", self._spool.folder, error)
            return False
        known = {*self._running, *(path.name for path in waiting)}
        self._refused = {name: trouble for name, trouble in self._refused.items() if name in known}
        all_done, troubled = True, 0
        # Those that were not taken before come last: three of them end a round.
        for path in sorted(waiting, key=lambda path: path.name in self._refused):
            if self._uploader is None:
                return True
            if path.name in self._running:
                continue
            outcome = await self._deliver(Source(path, finished=True))
            troubled += outcome is _Outcome.TROUBLED
            if outcome is _Outcome.NO_WAY or troubled == TROUBLED_MOST:
                return False
            all_done = all_done and outcome is _Outcome.DONE
        return all_done

    async def _deliver(self, source: Source) -> _Outcome:
        """Send one recording and delete it."""
        uploader, name = self._uploader, source.path.name
        if uploader is None:
            return _Outcome.NO_WAY
        try:
            await uploader.send(source)
        except Gone:
            self._refused.pop(name, None)
            return _Outcome.DONE
        except UploadError as error:
            log.warning("recording %s: %s", name, error)
            if uploader is not self._uploader:
                return _Outcome.NO_WAY  # it was to go elsewhere, and that may be well
            return self._not_taken(name, error)
        log.info("recording %s is delivered", name)
        self._refused.pop(name, None)
        with contextlib.suppress(OSError):
            await asyncio.to_thread(source.path.unlink, missing_ok=True)
        self._told(next(iter(self._refused.values()), None))
        return _Outcome.DONE

    def _not_taken(self, name: str, error: UploadError) -> _Outcome:
        trouble = Trouble(str(error), error.advice)
        self._told(trouble)
        if isinstance(error, TooLarge):
            self._too_large.add(name)
            return _Outcome.DONE
        if isinstance(error, Refused):
            self._refused[name] = trouble
            return _Outcome.TROUBLED if isinstance(error, Troubled) else _Outcome.REFUSED
        return _Outcome.NO_WAY

    # --- room ------------------------------------------------------------------------------------------------

    async def _keep_room(self, source: Source) -> None:
        while not source.finished:
            with contextlib.suppress(OSError):
                if not await self._make_room() and self._running:
                    self._overfull(next(iter(self._running.values())).path)
            await source.wait_finished(ROOM_SECONDS)

    async def _make_room(self) -> bool:
        gone, enough = await asyncio.to_thread(self._spool.make_room, self._limit(), self._running)
        if gone:
            log.warning("%d recordings were deleted undelivered to make room for newer ones", gone)
            self._told(
                Trouble(
                    "The oldest recordings were deleted: there was no room for newer ones",
                    "Have recording.spool_size raised, or the server looked at.",
                )
            )
        return enough

    # --- steps -----------------------------------------------------------------------------------------------

    async def _change(self, target: Target | None) -> None:
        before, self._uploader = self._uploader, None if target is None else _make_uploader(target)
        if before is not None:
            await before.close()

    def _do(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _make_uploader(target: Target) -> Uploader:
    """With its library, which whoever made the target has loaded in a worker."""
    from app.media.recording.upload import Uploader

    return Uploader(target)
