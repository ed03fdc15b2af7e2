"""The hook switch under the handset."""

from __future__ import annotations

import abc
from collections.abc import Callable

from hal.listeners import Listeners
from hal.status import DeviceStatus


class HookSwitch(abc.ABC):
    """Whether the handset is lifted. Listeners are told True for off hook, on the loop's thread.

    A back end must override `status`, `start` and `close`, and calls `_move` with every state it reads; only changes
    are told. A hook switch that is missing counts as on hook.
    """

    def __init__(self) -> None:
        self._listeners: Listeners[bool] = Listeners()
        self._off_hook = False

    @property
    def off_hook(self) -> bool:
        """True while the handset is lifted."""
        return self._off_hook

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the hook switch stands."""

    @abc.abstractmethod
    def start(self) -> None:
        """Begin to listen, and read where the handset is; needs a running loop."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of the device. May be called twice."""

    def subscribe(self, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Hear of every lifting and replacing; call the result to stop."""
        return self._listeners.add(listener)

    def _move(self, *, off_hook: bool) -> None:
        if off_hook != self._off_hook:
            self._off_hook = off_hook
            self._listeners.tell(off_hook)
