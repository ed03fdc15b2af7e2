"""Where the log goes: the console and a file of limited size, both written by a thread of their own.

Rooms log with the standard `logging` and know nothing of this. A line is filtered on the thread that logs it and
then queued, so that a slow disk or a blocked console delays nobody; when the queue is full, lines are dropped and
their number is logged.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import queue
import sys
import time
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from app.diagnostics.filters import OncePerSecond, redact
from app.diagnostics.flags import FLAGS
from app.model.flags import LogFlag
from app.model.plain_text import plain
from app.model.snapshot import Notice, Severity

log = logging.getLogger(LogFlag.DIAGNOSTICS)

LOG_NOTICE = "diagnostics.log"
"""The id of the notice about a log that is not kept."""

_QUEUE_LINES = 2000
_FILES = 4
_LINE_CHARACTERS = 2000
_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)-11s %(message)s"
_TIME = "%Y-%m-%d %H:%M:%S"
"""In UTC, whatever the display shows: an hour is never there twice, and logs of several machines fit together."""


class LogSinks:
    """The log of one process, from construction (or `with`) to `close`.

    `levels` says from which severity on each flag is logged, "error" to "debug". `file` is the newest of four
    files that together hold about `size` bytes; None keeps no file. A file that cannot be written is told in
    `notices`, and tried again with each line; the console goes on without it.
    """

    def __init__(
        self, levels: Mapping[LogFlag, str], file: Path | None = None, size: int = 4_000_000, *, console: bool = True
    ) -> None:
        self._file = None if file is None else _LogFile(file, size)
        sinks: list[logging.Handler] = [logging.StreamHandler(sys.stderr)] if console else []
        sinks += [] if self._file is None else [self._file]
        for sink in sinks:
            sink.setFormatter(_Formatter(_FORMAT, _TIME))
        self._entrance = _Entrance()
        self._writer = logging.handlers.QueueListener(self._entrance.queue, *sinks)
        self._sinks = sinks
        for flag in LogFlag:
            self.set_level(flag, levels.get(flag, "info"))
        root = logging.getLogger()
        self._root_level = root.level
        root.setLevel(logging.WARNING)
        root.addHandler(self._entrance)
        self._writer.start()

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is wrong with the log itself now."""
        trouble = "" if self._file is None else self._file.trouble
        if self._file is None or not trouble:
            return ()
        text = f"No log is kept: {self._file.baseFilename} cannot be written ({trouble})."
        advice = "Free some space or choose another folder; until then the log goes to the console only."
        return (Notice(LOG_NOTICE, Severity.WARNING, text, advice),)

    def reopen(self) -> None:
        """The file can be written again, as far as anybody knows: use it before the next line. May block."""
        if self._file is not None:
            self._file.reopen()

    def set_level(self, flag: LogFlag, level: str) -> None:
        """Log this flag from this severity on, at once."""
        for logger in FLAGS[flag].loggers(flag):
            logger.setLevel(level.upper())

    def close(self) -> None:
        """Write what is queued and let go of the file. Blocks until it is written."""
        root = logging.getLogger()
        root.removeHandler(self._entrance)
        root.setLevel(self._root_level)
        for flag in LogFlag:
            for logger in FLAGS[flag].loggers(flag):
                logger.setLevel(logging.NOTSET)
        self._writer.stop()
        for sink in self._sinks:
            sink.close()

    def __enter__(self) -> LogSinks:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _LogFile(logging.handlers.RotatingFileHandler):
    """The newest of the files. A line that cannot be written is lost; `trouble` says why, until one can be again.

    Written by one thread at a time; `trouble` may be read by any.
    """

    def __init__(self, path: Path, size: int) -> None:
        super().__init__(
            path,
            maxBytes=max(1, size // _FILES),
            backupCount=_FILES - 1,
            encoding="utf-8",
            delay=True,
            errors="replace",
        )
        self.trouble = self._failed = ""
        self.reopen()

    def reopen(self) -> None:
        """Open the file where it is not open."""
        with self.lock or contextlib.nullcontext():
            try:
                self.stream = self.stream or self._open()
            except OSError as error:
                self.trouble = error.strerror or str(error)
            else:
                self.trouble = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, into a file that is opened anew where that is needed."""
        self._failed = ""
        super().emit(record)
        self.trouble = self._failed

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the library's name
        """In place of a traceback for each line."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self._failed = error.strerror or str(error)
        stream, self.stream = self.stream, None
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return super()._open()


class _Formatter(logging.Formatter):
    """Words from a network cannot pass for a line of ours, nor move a terminal's cursor."""

    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        """Further lines of a message are indented, and what cannot be printed is escaped."""
        lines = record.message.splitlines() or [""]
        record.message = "\n    ".join(plain(line, _LINE_CHARACTERS) for line in lines)
        return super().formatMessage(record)


class _Entrance(logging.handlers.QueueHandler):
    """Filters a line and queues it. Runs on whichever thread logs, under the handler's lock; never waits."""

    def __init__(self) -> None:
        super().__init__(queue.Queue(_QUEUE_LINES))
        self.addFilter(OncePerSecond())
        self._dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Fill the arguments in and blank secrets, in the text and in a traceback alike."""
        prepared: logging.LogRecord = super().prepare(record)
        prepared.msg = prepared.message = redact(str(prepared.msg))
        return prepared

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue a line, with word of those that found no room before it."""
        if self._dropped:
            record.msg = f"{record.msg} ({self._dropped} lines were lost before this one)"
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self._dropped += 1
        else:
            self._dropped = 0
