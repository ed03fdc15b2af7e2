"""The hook switch as a switch or key of an input device."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import evdev
from evdev import ecodes

from hal.hook import HookSwitch
from hal.linux.evdev_reader import EvdevReader
from hal.linux.event_codes import code_of
from hal.linux.input_search import Capabilities
from hal.status import DeviceStatus

REPLACED_AFTER_S = 0.04
"""So long a handset has to lie: contacts that bounce or are worn must not end a call."""


class EvdevHookSwitch(HookSwitch):
    """The Linux back end. `code` is the board's ("SW_MUTE_DEVICE", "KEY_PHONE"), 1 meaning off hook unless `inverted`.

    Raises `BoardInvalid` for a code evdev does not know.
    """

    def __init__(self, code: str, *, inverted: bool = False) -> None:
        super().__init__()
        self._type = ecodes.EV_SW if code.startswith("SW_") else ecodes.EV_KEY
        self._code = code_of(code, "SW_", "KEY_")
        self._inverted = inverted
        self._name = code
        self._replacing: asyncio.TimerHandle | None = None
        self._reader = EvdevReader("hook", self._has_it, self._moved, self._settled)

    def status(self) -> DeviceStatus:
        """The device that was found, or what is missing."""
        return self._reader.status(f"Check the board's [hook] code: no device has {self._name}.")

    def start(self) -> None:
        """Take the switch, or wait for it, and read where the handset is; needs a running loop."""
        self._reader.start()

    def close(self) -> None:
        """Let go of the device. May be called twice."""
        self._reader.close()
        self._stop_replacing()

    def _has_it(self, capabilities: Capabilities) -> bool:
        return self._code in capabilities.get(self._type, ())

    def _moved(self, event: evdev.InputEvent) -> None:
        if (event.type, event.code) != (self._type, self._code) or event.value not in (0, 1):
            return
        self._stop_replacing()
        if bool(event.value) != self._inverted:
            self._move(off_hook=True)
        else:
            self._replacing = asyncio.get_running_loop().call_later(REPLACED_AFTER_S, self._replaced)

    def _settled(self, down: Mapping[int, frozenset[int]]) -> None:
        self._stop_replacing()
        # An empty mapping means that the device is lost: then the handset counts as on hook.
        self._move(off_hook=bool(down) and (self._code in down.get(self._type, ())) != self._inverted)

    def _replaced(self) -> None:
        self._replacing = None
        self._move(off_hook=False)

    def _stop_replacing(self) -> None:
        if self._replacing is not None:
            self._replacing.cancel()
            self._replacing = None
