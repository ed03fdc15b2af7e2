"""What can go wrong at the engine's border. Each error is ours and, where one fits, a built-in one too."""

from __future__ import annotations


class EngineError(Exception):
    """Root of everything the engine raises."""


class InvalidArgument(EngineError, ValueError):
    """A value the engine can't use; the message names it and its range."""


class NoPortFree(EngineError, OSError):
    """Every pair of UDP ports in the range is taken. Give a wider range or close streams."""


class SocketRefused(EngineError, OSError):
    """The system refused a media socket, for instance because the address is not one of this machine."""


class LimitReached(EngineError, RuntimeError):
    """The engine holds as many objects, or as many waiting commands, as it was built for."""


class TrustUnreadable(EngineError, OSError):
    """The file of trusted certificates is not there, or holds none. Name another one."""


class EngineClosed(EngineError, RuntimeError):
    """The engine, or the object that was called, has been closed."""


class EngineNotBuilt(EngineError, ImportError):
    """The C part is missing: run `python -m native.build_engine`."""
