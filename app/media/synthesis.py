"""Struck, plucked and swelling sounds from partials, laid out in time and brought to one loudness. 16 kHz mono."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE = 16000
LOUDNESS_LKFS = -17.0
"""How loud every finished sound is (ITU-R BS.1770-5): leaves the sharpest of them its peaks."""
_PEAK_LIMIT = 0.9
_FADE_S = 0.02
"""At the end of a sound, so that a partial that still rings does not break off."""
_DECAYED = 9.0
"""After so many times its decay a partial is 78 dB down, and nobody hears it end."""
_BLOCK, _STEP = int(0.4 * RATE), int(0.1 * RATE)
"""BS.1770's gating blocks, and how far each is from the last."""
_ABSOLUTE_GATE_LKFS, _RELATIVE_GATE_LU = -70.0, -10.0
_OFFSET_LKFS = -0.691

Sound = npt.NDArray[np.float64]
Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Partial:
    """A sine in a note: times the note's frequency, its amplitude, and the seconds in which it falls by 8.7 dB."""

    ratio: float
    amplitude: float
    decay: float


@dataclass(frozen=True)
class Timbre:
    """What an instrument sounds like. `attack` is in seconds; `tremolo` in Hz, half as deep as the sound."""

    partials: tuple[Partial, ...]
    attack: float = 0.004
    tremolo: float = 0.0


@dataclass(frozen=True)
class Note:
    """A note that begins at a second and lasts for some, at a frequency in Hz."""

    begin: float
    seconds: float
    frequency: float
    strength: float = 1.0


def play(timbre: Timbre, notes: Iterable[Note], seconds: float) -> Sound:
    """A sound of this length with these notes in it; a note that lasts longer is faded out at the end."""
    whole = np.zeros(round(seconds * RATE))
    made: dict[tuple[float, float], Sound] = {}
    for note in notes:
        pitch = note.frequency, note.seconds
        if pitch not in made:
            made[pitch] = _sound(timbre, *pitch)
        begin = round(note.begin * RATE)
        sound = made[pitch][: len(whole) - begin]
        whole[begin : begin + len(sound)] += note.strength * sound
    fade = round(_FADE_S * RATE)
    whole[-fade:] *= np.cos(np.linspace(0, np.pi / 2, fade)) ** 2
    return whole


def finish(sound: Sound) -> Samples:
    """A sound at the common loudness, as the engine plays it; softer where its peaks would not fit."""
    gain = 10 ** ((LOUDNESS_LKFS - loudness(sound)) / 20)
    gain = min(gain, _PEAK_LIMIT / float(np.abs(sound).max()))
    return np.round(sound * gain * 32767).astype(np.int16)


def loudness(sound: Sound) -> float:
    """The integrated, gated loudness of a sound in LKFS (ITU-R BS.1770-5); full scale is 1.0."""
    energy = np.concatenate([[0.0], np.cumsum(_weighted(sound) ** 2)])
    begins = np.arange(0, max(1, len(sound) - _BLOCK + 1), _STEP)
    power = (energy[np.minimum(begins + _BLOCK, len(sound))] - energy[begins]) / _BLOCK
    loud = power[_lkfs(power) > _ABSOLUTE_GATE_LKFS]
    if not len(loud):
        return -np.inf
    gate = _lkfs(np.mean(loud, keepdims=True)) + _RELATIVE_GATE_LU
    return float(_lkfs(np.mean(loud[_lkfs(loud) > gate], keepdims=True))[0])


def _lkfs(power: Sound) -> Sound:
    result: Sound = _OFFSET_LKFS + 10 * np.log10(power + 1e-20)
    return result


def _weighted(sound: Sound) -> Sound:
    """K-weighting: the head's shelf and the high-pass of BS.1770, by their analogue prototypes in the spectrum."""
    frequency = np.fft.rfftfreq(len(sound), 1 / RATE).astype(np.float64)
    shelf = _second_order(frequency, 1681.97, 0.7072, high=10 ** (4.0 / 20), middle=10 ** (4.0 * 0.4997 / 20))
    high_pass = _second_order(frequency, 38.135, 0.5003, high=1.0, middle=0.0, low=0.0)
    return np.fft.irfft(np.fft.rfft(sound) * shelf * high_pass, len(sound))


def _second_order(
    frequency: Sound, corner: float, quality: float, *, high: float, middle: float, low: float = 1.0
) -> Sound:
    """The gain of (high s^2 + middle/Q s + low) / (s^2 + s/Q + 1) at s = jf/corner."""
    s = frequency / corner
    above = (low - high * s**2) ** 2 + (middle / quality * s) ** 2
    below = (1 - s**2) ** 2 + (s / quality) ** 2
    gain: Sound = np.sqrt(above / below)
    return gain


def _sound(timbre: Timbre, frequency: float, seconds: float) -> Sound:
    time = np.arange(round(seconds * RATE)) / RATE
    sound = np.zeros(len(time))
    for partial in timbre.partials:
        own = frequency * partial.ratio
        if own < RATE / 2.2:  # above, nothing would come out but its mirror
            audible = time[: round(_DECAYED * partial.decay * RATE)]
            turns = own * audible
            phase = (2 * np.pi * (turns - np.floor(turns))).astype(np.float32)
            envelope = np.exp((audible / -partial.decay).astype(np.float32))
            sound[: len(audible)] += partial.amplitude * envelope * np.sin(phase)  # single precision: half the work
    if timbre.tremolo:
        sound *= 0.75 - 0.25 * np.cos(2 * np.pi * timbre.tremolo * time)
    sound *= 1 - np.exp(-time / timbre.attack)
    fade = min(len(time), round(_FADE_S * RATE))
    sound[-fade:] *= np.linspace(1, 0, fade)
    return sound
