"""The mixers of sound cards: the levels that stand in the hardware, under the volumes that the engine applies."""

from __future__ import annotations

import alsaaudio
import msgspec

from hal.errors import DeviceMissing
from hal.status import DeviceStatus, Presence


class Mixer(msgspec.Struct, frozen=True):
    """A mixer control of a card, with its levels in percent; None where it has no such direction."""

    name: str
    playback: int | None = None
    capture: int | None = None


def read_mixers(device: str) -> tuple[Mixer, ...]:
    """The mixer controls of an ALSA control device ("hw:0"). Raises `DeviceMissing`."""
    try:
        return tuple(_read(name, device) for name in dict.fromkeys(alsaaudio.mixers(device=device)))
    except alsaaudio.ALSAAudioError as error:
        raise DeviceMissing(
            f"The mixer of '{device}' cannot be opened: {error}.", "Check the card with `ip270 devices`."
        ) from error


def mixer_status(device: str) -> DeviceStatus | None:
    """How loud the controls of a device are set, for people; None where it has none."""
    try:
        levels = [words for mixer in read_mixers(device) for words in _levels(mixer)]
    except DeviceMissing:
        return None
    if not levels:
        return None
    silent = any(words.endswith(" 0 %") for words in levels)
    advice = f"What stands at 0 % is silent: turn it up with `alsamixer -D {device}` (alsa-utils)." if silent else ""
    return DeviceStatus("mixer", Presence.PRESENT, f"{device}: {', '.join(levels)}", advice)


def _levels(mixer: Mixer) -> list[str]:
    both = mixer.playback is not None and mixer.capture is not None
    levels = (("plays at " if both else "", mixer.playback), ("records at " if both else "", mixer.capture))
    return [f"{mixer.name} {how}{level} %" for how, level in levels if level is not None]


def _read(name: str, device: str) -> Mixer:
    mixer = alsaaudio.Mixer(name, device=device)
    try:
        return Mixer(
            name,
            _level(mixer, alsaaudio.PCM_PLAYBACK, "Playback Volume"),
            _level(mixer, alsaaudio.PCM_CAPTURE, "Capture Volume"),
        )
    finally:
        mixer.close()


def _level(mixer: alsaaudio.Mixer, direction: int, wanted: str) -> int | None:
    if wanted not in mixer.volumecap():
        return None
    return max(mixer.getvolume(direction), default=0)
