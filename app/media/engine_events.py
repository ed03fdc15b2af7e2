"""Brings the engine's events onto the asyncio loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from native import Engine, EngineError, Event

_log = logging.getLogger("media")


class EngineEvents:
    """Watches the engine's eventfd on the running loop and hands on each event, on the loop's thread.

    What the engine cannot do for a handler (EngineError) is logged, and the next event is handed on.
    """

    def __init__(self, engine: Engine, handler: Callable[[Event], None]) -> None:
        self._engine = engine
        self._handler = handler
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to watch; needs a running loop."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._engine.fileno(), self._drain)

    def stop(self) -> None:
        """Stop watching; do so before the engine is closed."""
        if self._loop is not None:
            self._loop.remove_reader(self._engine.fileno())
            self._loop = None

    def _drain(self) -> None:
        for event in self._engine.drain():
            try:
                self._handler(event)
            except EngineError:  # the others are drained, too, and come but once
                _log.exception("a %s could not be handled", type(event).__name__)
