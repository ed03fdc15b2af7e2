"""The call model's deadlines, kept by the asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class LoopTimers:
    """The `TimerPort`. `fired` is called on the loop with the name of each deadline that comes."""

    def __init__(self) -> None:
        self.fired: Callable[[str], None] = _nobody
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def start(self, name: str, seconds: float) -> None:
        """Begin or replace a deadline."""
        self.stop(name)
        self._handles[name] = asyncio.get_running_loop().call_later(seconds, self._fire, name)

    def stop(self, name: str) -> None:
        """Forget a deadline."""
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.cancel()

    def close(self) -> None:
        """Forget all deadlines."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def _fire(self, name: str) -> None:
        del self._handles[name]
        self.fired(name)


def _nobody(name: str) -> None:
    raise RuntimeError(f"the deadline {name} came before anybody listened")
