"""The shared memory in which the engine writes down how far each stream has come, for whoever goes on after a crash."""

from __future__ import annotations

import fcntl
import os

from native.binding import lib

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def make_continuity() -> int:
    """A descriptor of such memory, empty, close-on-exec and sealed in its size. Raises OSError."""
    descriptor = os.memfd_create("ip270-voice", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, lib.MEDIA_CONTINUITY_BYTES)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
