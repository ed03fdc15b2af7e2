"""The reset button as a key of an input device, most often of the kernel's gpio-keys."""

from __future__ import annotations

from collections.abc import Mapping

import evdev
from evdev import ecodes

from hal.linux.evdev_reader import EvdevReader
from hal.linux.event_codes import code_of
from hal.linux.input_kinds import is_keyboard
from hal.linux.input_search import Capabilities
from hal.reset_button import ResetButton
from hal.status import DeviceStatus


class EvdevResetButton(ResetButton):
    """The Linux back end. `code` is the board's name of the key ("KEY_RESTART"); that of a keyboard does not count.

    Raises `BoardInvalid` for a key evdev does not know.
    """

    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code_of(code, "KEY_")
        self._name = code
        self._reader = EvdevReader("reset button", self._has_it, self._moved, self._settled)

    def status(self) -> DeviceStatus:
        """The device that was found, or what is missing."""
        return self._reader.status(f"Check the board's [reset] code: no device has {self._name}.")

    def start(self) -> None:
        """Take the button, or wait for it; needs a running loop."""
        self._reader.start()

    def close(self) -> None:
        """Let go of the device. May be called twice."""
        self._reader.close()

    def _has_it(self, capabilities: Capabilities) -> bool:
        return self._code in capabilities.get(ecodes.EV_KEY, ()) and not is_keyboard(capabilities)

    def _moved(self, event: evdev.InputEvent) -> None:
        if (event.type, event.code) == (ecodes.EV_KEY, self._code) and event.value in (0, 1):
            self._move(pressed=bool(event.value), at=event.timestamp())

    def _settled(self, _: Mapping[int, frozenset[int]]) -> None:
        """Whatever was lost, it is safer to have heard nothing: only a whole press and release counts."""
        self._lose()
