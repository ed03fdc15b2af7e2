"""Tells one state of a file from another without reading it."""

from __future__ import annotations

from pathlib import Path

import msgspec


class FileStamp(msgspec.Struct, frozen=True):
    """What changes whenever a file is written, replaced, or its rights are changed."""

    modified_ns: int
    changed_ns: int
    size: int
    inode: int


def stamp_of(path: Path) -> FileStamp | None:
    """The stamp of a file as it is now; None where there is none. Blocks on the disk."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileStamp(found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
