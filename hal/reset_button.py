"""The reset button, which is mostly reached by a paper clip."""

from __future__ import annotations

import abc
from collections.abc import Callable

from hal.listeners import Listeners
from hal.status import DeviceStatus


class ResetButton(abc.ABC):
    """Listeners are told True when it is pressed and False when it is let go of, on the loop's thread.

    A back end must override `status`, `start` and `close`, and calls `_move` with every state it reads, `at` the second
    of a clock when it was so; only changes are told. `_lose` says that the device has gone, which is no letting go:
    listeners are told None.
    """

    def __init__(self) -> None:
        self._listeners: Listeners[bool | None] = Listeners()
        self._pressed = False
        self._pressed_at = 0.0
        self.held = 0.0
        """Seconds from the last press to its end, however late anybody heard of them; wrong where a clock was set."""

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the button stands."""

    @abc.abstractmethod
    def start(self) -> None:
        """Begin to listen; needs a running loop. A button that is down already waits for its next press."""

    @abc.abstractmethod
    def close(self) -> None:
        """Let go of the device. May be called twice."""

    def subscribe(self, listener: Callable[[bool | None], None]) -> Callable[[], None]:
        """Hear of the button; call the result to stop."""
        return self._listeners.add(listener)

    def _move(self, *, pressed: bool, at: float) -> None:
        if pressed != self._pressed:
            self._pressed = pressed
            if pressed:
                self._pressed_at = at
            else:
                self.held = at - self._pressed_at
            self._listeners.tell(pressed)

    def _lose(self) -> None:
        if self._pressed:
            self._pressed = False
            self._listeners.tell(None)
