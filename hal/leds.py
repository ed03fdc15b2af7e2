"""The lamps of the phone."""

from __future__ import annotations

import abc
import enum

from hal.status import DeviceStatus


class Led(enum.StrEnum):
    """A lamp, by what it says."""

    MUTE = "mute"
    MESSAGE = "message"
    SPEAKER = "speaker"
    HEADSET = "headset"
    RING = "ring"


class LedState(enum.StrEnum):
    """What a lamp does."""

    OFF = "off"
    ON = "on"
    BLINK = "blink"


class Leds(abc.ABC):
    """All lamps. A back end must override everything; calls come on the loop's thread and never wait for the lamp."""

    @abc.abstractmethod
    def show(self, led: Led, state: LedState) -> None:
        """Have a lamp do this; what it does already costs nothing.

        A lamp the board does not have, or that fails, is passed over and logged once, and tried again the next time.
        """

    @abc.abstractmethod
    def status(self) -> DeviceStatus:
        """How the lamps stand."""

    @abc.abstractmethod
    def close(self) -> None:
        """All lamps off."""
