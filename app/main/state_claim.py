"""One phone for each state folder: two would overwrite each other's settings and call list."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path


class StateTaken(OSError):
    """Another phone keeps its settings in this folder. `strerror` says what to do."""


class StateClaim:
    """The right to write into a folder, from `take` to `release`.

    It is the kernel's lock of the folder itself (flock): it ends with the process, however that ends, and leaves
    nothing behind. Blocks for as long as a file system takes to answer.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    def take(self) -> None:
        """Claim the folder; once is enough. Raises StateTaken.

        A folder that cannot be opened, or whose file system has no locks, is left unclaimed: what is wrong with it
        is told by whoever writes there.
        """
        if self._descriptor is not None:
            return
        with contextlib.suppress(OSError):
            self._descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        if self._descriptor is None:
            return
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise StateTaken(
                errno.EBUSY,
                f"Another phone is running with the state folder {self._folder}. "
                "End it, or start this one with another --state and another --socket",
            ) from None
        except OSError:
            self.release()

    def release(self) -> None:
        """Give the folder up; does nothing without a claim."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)
