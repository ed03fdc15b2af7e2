"""The reset button, which is mostly reached by a paper clip."""

from __future__ import annotations

import abc

from hal.listeners import Watched
from hal.status import DeviceStatus


class ResetButton(Watched[bool | None]):
    """Listeners are told True when it is pressed and False when it is let go of, on the loop's thread.

    A back end must override `status`, `start` and `close`, and calls `_move` with every state it reads, `at` the second
    of a clock that nobody sets; only changes are told. A button that is down at the start waits for its next press.
    `_lose` says that the device has gone, which is no letting go: listeners are told None.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pressed = False
        self._pressed_at = 0.0
        self.held = 0.0
        """Seconds from the last press to its end, however late anybody heard of them."""

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the button stands."""

    def _move(self, *, pressed: bool, at: float) -> None:
        if pressed != self._pressed:
            self._pressed = pressed
            if pressed:
                self._pressed_at = at
            else:
                self.held = at - self._pressed_at
            self._tell(pressed)

    def _lose(self) -> None:
        if self._pressed:
            self._pressed = False
            self._tell(None)
