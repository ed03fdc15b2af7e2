"""The phone's own keys."""

from __future__ import annotations

import abc
import enum
from collections.abc import Callable

import msgspec

from hal.listeners import Listeners, Watched
from hal.status import DeviceStatus


class PhoneKey(enum.StrEnum):
    """A key, named by what is printed on it."""

    DIGIT_0 = "0"
    DIGIT_1 = "1"
    DIGIT_2 = "2"
    DIGIT_3 = "3"
    DIGIT_4 = "4"
    DIGIT_5 = "5"
    DIGIT_6 = "6"
    DIGIT_7 = "7"
    DIGIT_8 = "8"
    DIGIT_9 = "9"
    STAR = "*"
    HASH = "#"
    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    OK = "ok"
    ESCAPE = "escape"
    REDIAL = "redial"
    MUTE = "mute"
    HOLD = "hold"
    SPEAKER = "speaker"
    HEADSET = "headset"
    VOLUME_UP = "volume_up"
    VOLUME_DOWN = "volume_down"
    SOFT_1 = "soft_1"
    SOFT_2 = "soft_2"
    SOFT_3 = "soft_3"
    SOFT_4 = "soft_4"


class KeyMove(msgspec.Struct, frozen=True):
    """A key went down or up. Repeats of a held key are not told."""

    key: PhoneKey
    pressed: bool


class Keypad(Watched[KeyMove]):
    """The keypad. Listeners are told on the loop's thread.

    A back end must override `status`, `start` and `close`, and calls `_tell` for each move; a key that was down when
    the device vanished is told as released. It calls `_tell_status` when it stands otherwise than before.
    """

    def __init__(self) -> None:
        super().__init__()
        self._watchers: Listeners[DeviceStatus] = Listeners()

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the keypad stands."""

    def watch(self, watcher: Callable[[DeviceStatus], None]) -> Callable[[], None]:
        """Hear how the keypad stands, each time that it changed; call the result to stop."""
        return self._watchers.add(watcher)

    def _tell_status(self) -> None:
        self._watchers.tell(self.status())
