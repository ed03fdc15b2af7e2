"""The buttons and lamps of headsets: what their users wish, and what they should be shown.

Their sound is `hal.audio`'s business, and goes on whatever is wrong with their buttons.
"""

from __future__ import annotations

import abc
import enum

import msgspec

from hal.listeners import Watched
from hal.status import DeviceStatus


class HeadsetControl(enum.StrEnum):
    """What a headset has to press, by its usage on the telephony, button and consumer pages (HID Usage Tables 1.5)."""

    HOOK = "hook switch"
    MUTE = "mute"
    FLASH = "flash"
    REDIAL = "redial"
    DROP = "drop"
    VOLUME_UP = "volume up"
    VOLUME_DOWN = "volume down"


class HeadsetLamp(enum.StrEnum):
    """What a headset can be shown; the name is the field's in `HeadsetLamps`."""

    OFF_HOOK = "off_hook"
    RING = "ring"
    MUTE = "mute"
    HOLD = "hold"


class HeadsetLamps(msgspec.Struct, frozen=True):
    """What is true of the call, for a headset to show and to know."""

    off_hook: bool = False
    ring: bool = False
    mute: bool = False
    hold: bool = False


class HeadsetWish(enum.StrEnum):
    """What the user wants, once it is known that the headset does not only agree with the phone."""

    TALK = "talk"
    END = "end"
    MUTE = "mute"
    UNMUTE = "unmute"
    FLASH = "flash"
    REDIAL = "redial"
    DROP = "drop"
    VOLUME_UP = "volume up"
    VOLUME_DOWN = "volume down"


class HeadsetsChanged(msgspec.Struct, frozen=True):
    """A headset's buttons came, went or failed: `Headsets.status` has other words now."""


HeadsetEvent = HeadsetWish | HeadsetsChanged


class Headsets(Watched[HeadsetEvent]):
    """The buttons and lamps of all headsets. Every method runs on the loop's thread and waits for no headset.

    A back end must override `show`, `status`, `start` and `close`, and calls `_tell`.
    """

    @abc.abstractmethod
    def show(self, lamps: HeadsetLamps, card: str) -> None:
        """Show this on the headset of the sound card with ALSA's id `card`, and on those that have no sound card.

        All others are dark, and their buttons mean nothing: the voice goes by another. `card` may be empty.
        """

    @abc.abstractmethod
    def status(self) -> tuple[DeviceStatus, ...]:
        """How the buttons of each headset stand."""
