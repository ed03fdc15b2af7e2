"""A small file that survives a power cut at any moment.

Each write goes to a temporary file, which is synchronised, renamed over the old one, and the folder synchronised
too. The content carries a checksum; the generation before it is kept beside it, and is used when the newest one
does not check out.
"""

from __future__ import annotations

import contextlib
import enum
import hashlib
import os
from pathlib import Path

import msgspec

SIZE_LIMIT = 1024 * 1024
"""Bytes; a longer file is not ours."""

_MAGIC = b"ip270 1 "


class Source(enum.Enum):
    """Where the content came from."""

    NEWEST = "the newest generation"
    LAST_GOOD = "the last good generation"
    NOTHING = "nothing was stored"
    LOST = "nothing readable was left"


class Loaded(msgspec.Struct, frozen=True):
    """What a file held. `problem` says in words why it is not the newest; empty when all is well."""

    source: Source
    content: bytes = b""
    problem: str = ""


class DurableFile:
    """One content under one path, with its last good generation in `PATH.last-good`.

    All methods block on the disk: `load` belongs to the start, `save` and `remove` to a worker. Two of those must not
    overlap.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last_good = path.with_name(path.name + ".last-good")
        self._good: bytes | None = None

    def load(self) -> Loaded:
        """The newest content that checks out. Never raises: trouble is part of the answer."""
        newest, trouble = _read(self._path)
        if newest is not None:
            self._good = newest
            return Loaded(Source.NEWEST, newest)
        older, older_trouble = _read(self._last_good)
        if older is not None:
            return Loaded(Source.LAST_GOOD, older, trouble or f"the file {self._path.name} is missing")
        if not trouble and not older_trouble:
            return Loaded(Source.NOTHING)
        return Loaded(Source.LOST, problem=trouble or older_trouble)

    def save(self, content: bytes) -> None:
        """Make `content` the newest. Returns when it is safe on the disk; raises `OSError` and leaves the old one."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._good is not None and self._good != content:
            _write(self._last_good, self._good)
        _write(self._path, content)
        self._good = content

    def remove(self) -> None:
        """Leave no generation on the disk, the older one going first. Raises `OSError`; then one may be left."""
        self._last_good.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)
        self._good = None
        with contextlib.suppress(FileNotFoundError):  # nothing was ever saved
            _synchronise(self._path.parent)


def _read(path: Path) -> tuple[bytes | None, str]:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"the file {path.name} cannot be read: {error.strerror}"
    head, _, content = data.partition(b"\n")
    if len(data) > SIZE_LIMIT:
        return None, f"the file {path.name} is longer than {SIZE_LIMIT} bytes"
    if head != _MAGIC + hashlib.sha256(content).hexdigest().encode():
        return None, f"the file {path.name} is damaged: its checksum does not fit"
    return content, ""


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - the descriptor carries the mode 0600
            file.write(_MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _synchronise(path.parent)


def _synchronise(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
