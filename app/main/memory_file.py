"""Files in memory that nobody can change any more, for what may be in memory only."""

from __future__ import annotations

import fcntl
import os

LIMIT = 1 << 20
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def sealed(name: str, data: bytes) -> int:
    """A descriptor of a new file with this content, close-on-exec. Raises OSError."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.fchmod(descriptor, 0o600)
        if os.pwrite(descriptor, data, 0) != len(data):
            raise OSError("no room in memory")
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def content(descriptor: int) -> bytes | None:
    """What such a file holds; None for one that is not sealed, too long, or cannot be read."""
    try:
        sealed_whole = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & _SEALS == _SEALS
        fits = os.fstat(descriptor).st_size <= LIMIT
        return os.pread(descriptor, LIMIT, 0) if sealed_whole and fits else None
    except OSError:
        return None
