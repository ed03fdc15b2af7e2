"""Who wants to hear of a device."""

from __future__ import annotations

import abc
import logging
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger("hal")

_Event = TypeVar("_Event")


class Listeners(Generic[_Event]):
    """Listeners to one kind of event, told in the order they came, on the thread that tells."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[_Event], None]] = []

    def add(self, listener: Callable[[_Event], None]) -> Callable[[], None]:
        """Tell `listener` from now on; call the result, once or more, to stop."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def tell(self, event: _Event) -> None:
        """Tell all. One that fails is logged and keeps the news from nobody."""
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception:
                log.exception("a listener failed on %s", type(event).__name__)


class Watched(abc.ABC, Generic[_Event]):
    """A device that tells what happens to it, on the loop's thread. A back end calls `_tell`."""

    def __init__(self) -> None:
        self._listeners: Listeners[_Event] = Listeners()

    @abc.abstractmethod
    def start(self) -> None:
        """Begin to watch for it, and take it when it comes; needs a running loop."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of it. May be called twice."""

    def subscribe(self, listener: Callable[[_Event], None]) -> Callable[[], None]:
        """Hear of it; call the result to stop."""
        return self._listeners.add(listener)

    def _tell(self, event: _Event) -> None:
        self._listeners.tell(event)
