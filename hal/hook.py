"""The hook switch under the handset."""

from __future__ import annotations

import abc

from hal.listeners import Watched
from hal.status import DeviceStatus


class HookSwitch(Watched[bool]):
    """Whether the handset is lifted. Listeners are told True for off hook, on the loop's thread.

    A back end must override `status`, `start` and `close`, and calls `_move` with every state it reads; only changes
    are told. A hook switch that is missing counts as on hook.
    """

    def __init__(self) -> None:
        super().__init__()
        self._off_hook = False

    @property
    def off_hook(self) -> bool:
        """True while the handset is lifted."""
        return self._off_hook

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the hook switch stands."""

    def _move(self, *, off_hook: bool) -> None:
        if off_hook != self._off_hook:
            self._off_hook = off_hook
            self._tell(off_hook)
