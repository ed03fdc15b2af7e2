"""Simulated sound devices: plug and unplug cards.

What is heard and said goes through the engine's memory device, which stands in for each simulated endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping

from hal.audio import AudioChange, AudioDevices, Endpoint, Place, SoundCard
from hal.status import DeviceStatus, Presence

_BUILT_IN = (Place.HANDSET, Place.SPEAKER, Place.RINGER)


class SimulatedAudioDevices(AudioDevices):
    """A phone with handset, loudspeaker and ringer; a headset can be plugged in.

    Drive it with `plug_headset` and `unplug_headset`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._headset: SoundCard | None = None
        self._choices: Mapping[Place, Endpoint] = {}

    def plug_headset(self, name: str = "Simulated headset") -> None:
        """Plug a USB headset in; one that is plugged in already is taken out first."""
        self.unplug_headset()
        self._headset = SoundCard(1, "Headset", name, usb=True, playback=(0,), capture=(0,))
        self._tell(AudioChange((self._headset,), (), self.paths()))

    def unplug_headset(self) -> None:
        """Take the headset out; without one nothing happens."""
        if self._headset is not None:
            left, self._headset = self._headset, None
            self._tell(AudioChange((), (left,), self.paths()))

    def cards(self) -> tuple[SoundCard, ...]:
        """The phone's own card, and the headset's."""
        own = SoundCard(0, "Phone", "Simulated phone", playback=(0,), capture=(0,))
        return (own,) if self._headset is None else (own, self._headset)

    def paths(self) -> Mapping[Place, Endpoint]:
        """What is built in, and the headset while it is plugged in."""
        places = _BUILT_IN if self._headset is None else (*_BUILT_IN, Place.HEADSET)
        return {place: self._choices.get(place) or Endpoint(place, place, simulated=True) for place in places}

    def prefer(self, choices: Mapping[Place, Endpoint]) -> None:
        """Take a place's PCMs from here; one with a name is ALSA's and no longer simulated."""
        self._choices = {place: choice for place, choice in choices.items() if choice.playback}

    def status(self) -> tuple[DeviceStatus, ...]:
        """Each place is simulated."""
        return tuple(DeviceStatus(place, Presence.SIMULATED, "no sound is heard or recorded") for place in self.paths())

    def start(self) -> None:
        """Nothing to watch."""

    def close(self) -> None:
        """Nothing to let go of."""
