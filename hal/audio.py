"""Sound devices: which cards there are, and which ALSA PCMs serve the handset, headset, loudspeaker and ringer.

Sound itself never comes this way: the engine opens the PCMs named here (`native`).
"""

from __future__ import annotations

import abc
import enum
from collections.abc import Mapping

import msgspec

from hal.listeners import Watched
from hal.status import DeviceStatus


class Place(enum.StrEnum):
    """Where sound comes out or goes in."""

    HANDSET = "handset"
    HEADSET = "headset"
    SPEAKER = "speaker"
    RINGER = "ringer"


class SoundCard(msgspec.Struct, frozen=True):
    """A sound card. `id` is ALSA's short name ("Headset"), `name` for a person, `index` ALSA's number of now.

    `playback` and `capture` hold the numbers of the card's PCM devices of each direction.
    """

    index: int
    id: str
    name: str
    usb: bool = False
    playback: tuple[int, ...] = ()
    capture: tuple[int, ...] = ()


class Endpoint(msgspec.Struct, frozen=True):
    """The PCMs of a place, by their ALSA names; empty where it has none.

    With `simulated` the names mean nothing to ALSA: the engine's memory device takes the card's part.
    """

    playback: str = ""
    capture: str = ""
    simulated: bool = False


class AudioChange(msgspec.Struct, frozen=True):
    """Cards came or went, or only a sound server's PCMs did; `paths` is what is usable now."""

    arrived: tuple[SoundCard, ...]
    left: tuple[SoundCard, ...]
    paths: Mapping[Place, Endpoint]


class AudioDevices(Watched[AudioChange]):
    """All sound devices of the phone. Every method runs on the loop's thread and must be done in a few milliseconds.

    A back end must override `cards`, `paths`, `prefer`, `status`, `start` and `close`, and calls `_tell`
    when cards came or went.
    """

    @abc.abstractmethod
    def cards(self) -> tuple[SoundCard, ...]:
        """The sound cards there are now, by their index."""

    @abc.abstractmethod
    def paths(self) -> Mapping[Place, Endpoint]:
        """The places that can be used now. A place without playback is left out."""

    @abc.abstractmethod
    def prefer(self, choices: Mapping[Place, Endpoint]) -> None:
        """Use these PCMs instead of the board's, from the next `paths` on; an empty name leaves the board's."""

    @abc.abstractmethod
    def status(self) -> tuple[DeviceStatus, ...]:
        """How the cards and places stand. May take longer: it is for people."""
