"""One phone for each socket: a lock file beside it says whether somebody serves it, and outlives nobody."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path


class SocketTaken(OSError):
    """Another phone serves this socket, or something that is no socket stands in its place."""


class SocketClaim:
    """The right to serve a path, from `take` to `release`.

    It is a lock of the kernel's (flock), which ends with the process however that ends: a socket whose claim is
    free was left behind and may be replaced, one whose claim is held is somebody's.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path.with_name(path.name + ".lock")
        self._descriptor: int | None = None

    def take(self) -> None:
        """Claim the path and clear away what a dead phone left there. Raises SocketTaken, or OSError of the folder."""
        self._descriptor = self._locked()
        try:
            _clear(self._path)
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        """Give the path up, and take the socket away; does nothing without a claim."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        if _is_socket(self._path):
            self._path.unlink(missing_ok=True)
        self._lock.unlink(missing_ok=True)
        os.close(descriptor)

    def _locked(self) -> int:
        while True:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _still_there(descriptor, self._lock):
                    return descriptor
            except BlockingIOError:
                os.close(descriptor)
                raise SocketTaken(
                    errno.EADDRINUSE,
                    f"Another phone is running with the socket {self._path}. End it, or choose another with --socket",
                ) from None
            # Its owner took the file away between our two steps: there is another to lock now, or none.
            os.close(descriptor)


def _still_there(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _clear(path: Path) -> None:
    if _is_socket(path):
        path.unlink(missing_ok=True)
    elif os.path.lexists(path):
        raise SocketTaken(
            errno.EEXIST, f"{path} is in the way of the phone's socket. Move it, or choose another path with --socket"
        )
