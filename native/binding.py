"""The one place where Python calls C: arguments have been checked before, return codes become exceptions here."""

from __future__ import annotations

import errno
import importlib
import os
from typing import Any

from native.errors import (
    EngineClosed,
    EngineError,
    EngineNotBuilt,
    InvalidArgument,
    LimitReached,
    NoPortFree,
    SocketRefused,
)


class _Missing:
    """Stands in for the C module until it is built, so that the build command itself can be imported."""

    def __init__(self, cause: str) -> None:
        self._cause = cause

    def __getattr__(self, name: str) -> Any:
        message = f"the media engine is not built ({self._cause}); run `python -m native.build_engine`"
        raise EngineNotBuilt(message)


def _load() -> tuple[Any, Any]:
    try:
        binding = importlib.import_module("native._binding")
    except ImportError as error:
        missing = _Missing(str(error))
        return missing, missing
    return binding.ffi, binding.lib


ffi, lib = _load()

_ERRORS: dict[int, tuple[type[EngineError], str]] = {
    errno.EINVAL: (InvalidArgument, "out of range, or not a numeric address"),
    errno.ENOENT: (EngineClosed, "this object is closed"),
    errno.EADDRINUSE: (NoPortFree, "no pair of ports is free in the range"),
    errno.EMFILE: (LimitReached, "the engine holds no more objects of this kind"),
    errno.ENOKEY: (InvalidArgument, "the engine has no certificate yet: give it one by set_identity"),
    errno.EKEYREJECTED: (InvalidArgument, "a stream that is resumed goes on with the keys it had"),
    errno.EOVERFLOW: (LimitReached, "a stream that has gone on for so long cannot be resumed"),
    errno.ENOBUFS: (LimitReached, "the engine's queue is full"),
}


def checked(result: int, what: str) -> int:
    """Gives back a result of 0 or more; raises the error that a negative errno stands for."""
    if result >= 0:
        return result
    kind, reason = _ERRORS.get(-result, (SocketRefused, os.strerror(-result)))
    if issubclass(kind, OSError):
        raise kind(-result, f"{what}: {reason}")
    raise kind(f"{what}: {reason}")


class Core:
    """The C engine behind all objects of one `Engine`. Any thread may call; the media thread never waits for one."""

    def __init__(self, clock: int) -> None:
        """Makes an engine; `clock` is one of the MEDIA_CLOCK numbers."""
        error = ffi.new("int *")
        pointer = lib.engine_new(clock, error)
        if pointer == ffi.NULL:
            checked(error[0], "engine")
        self._pointer = ffi.gc(pointer, lib.engine_free)
        self.objects: dict[int, Any] = {}

    @property
    def pointer(self) -> Any:
        """The C engine; raises EngineClosed after `close`."""
        if self._pointer is None:
            message = "this engine is closed"
            raise EngineClosed(message)
        return self._pointer

    def close(self) -> None:
        """Stops the threads and frees everything."""
        if self._pointer is not None:
            pointer, self._pointer = self._pointer, None
            self.objects.clear()
            ffi.release(pointer)


class Handle:
    """An object of the engine, named by a number that is never used twice."""

    def __init__(self, core: Core, number: int) -> None:
        """Takes over an object that C has just made."""
        self._core = core
        self.id = number
        core.objects[number] = self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    def close(self) -> None:
        """Takes the object out of the engine. Closing twice is allowed, and the way after LimitReached."""
        if self.id in self._core.objects:
            checked(lib.engine_remove(self._core.pointer, self.id), "close")
            del self._core.objects[self.id]
