"""Recorded speech, synthetic rooms, and how well an echo was taken away. Samples are 16 kHz mono int16.

The speech is Debian's asterisk-core-sounds-en-wav (8 kHz recordings of one speaker), which only tests install.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.wav import Samples, read_wav

Signal = npt.NDArray[np.float64]

RATE = 16_000
RECORDINGS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
SPEECH_DBOV = -26.0
"""The level of speech on a telephone line (ITU-T P.56)."""
_RECORDED_RATE = 8_000
_FULL_SCALE = 32_768.0
_TAIL_SECONDS = 0.25


def speech(*names: str, seconds: float) -> Signal:
    """So much of these recordings, one after the other, at -26 dBov."""
    samples = np.concatenate([_recording(name) for name in names])[: int(seconds * RATE)]
    assert len(samples) == int(seconds * RATE), f"{', '.join(names)} last {len(samples) / RATE:.1f} s only"
    scale: float = _FULL_SCALE * 10 ** (SPEECH_DBOV / 20) / np.sqrt(np.mean(samples**2))
    return samples * scale


@functools.cache
def _recording(name: str) -> Signal:
    recorded, rate = read_wav(RECORDINGS / f"{name}.wav")
    assert rate == _RECORDED_RATE
    spectrum = np.fft.rfft(recorded.astype(np.float64))
    return np.fft.irfft(np.pad(spectrum, (0, len(recorded) + 1 - len(spectrum))), 2 * len(recorded)) * 2


def room(seed: int, reverberation_s: float = 0.2, delay_s: float = 0.03, return_loss_db: float = 6.0) -> Signal:
    """An impulse response: the way through both cards, a direct sound, a tail that decays by 60 dB in that time."""
    moments = np.arange(int(_TAIL_SECONDS * RATE)) / RATE
    tail = np.random.default_rng(seed).standard_normal(len(moments)) * 10 ** (-3 * moments / reverberation_s)
    tail[0] = 3.0
    tail *= 10 ** (-return_loss_db / 20) / np.sqrt(np.sum(tail**2))
    return np.concatenate([np.zeros(int(delay_s * RATE)), tail])


def echo(signal: Signal, response: Signal) -> Signal:
    """The signal as a microphone in that room hears it."""
    size = 1 << (len(signal) + len(response)).bit_length()
    return np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(response, size), size)[: len(signal)]


def to_samples(signal: Signal) -> Samples:
    """As a sound card gives it."""
    return np.clip(np.rint(signal), -32_768, 32_767).astype(np.int16)


def level_db(samples: Samples | Signal) -> float:
    """The mean power; differences of it are what counts."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-3))


def loss_db(before: Samples, after: Samples, start_s: float, end_s: float) -> float:
    """By how much `after` is quieter between two moments; where only an echo is heard, its ERLE (ITU-T G.168)."""
    part = slice(int(start_s * RATE), int(end_s * RATE))
    return level_db(before[part]) - level_db(after[part])


def correlation(reference: Samples | Signal, heard: Samples) -> Signal:
    """How well `heard` fits the reference, by how many samples later it is; where it is earlier, from the end."""
    size = 1 << (len(reference) + len(heard)).bit_length()
    spectrum = np.fft.rfft(heard.astype(np.float64), size) * np.conj(np.fft.rfft(reference.astype(np.float64), size))
    return np.fft.irfft(spectrum, size)


def aligned(reference: Signal, heard: Samples) -> Samples:
    """What was heard, moved to where it fits the reference best."""
    fits = correlation(reference, heard)
    lag = int(np.argmax(fits))
    return np.roll(heard, -(lag - len(fits) if lag > len(fits) // 2 else lag))


def quality(reference: Signal, heard: Samples, start_s: float, piece_s: float = 8.0) -> float:
    """Wideband PESQ: the mean over pieces from `start_s` on."""
    return mean_pesq(to_samples(reference), aligned(reference, heard), RATE, int(start_s * RATE), int(piece_s * RATE))


def mean_pesq(reference: Samples, heard: Samples, rate: int, start: int, piece: int) -> float:
    """The mean PESQ of pieces of so many samples from `start` on: wideband (P.862.2) at 16 kHz, else P.862's."""
    from pesq import pesq

    mode = "wb" if rate == RATE else "nb"
    begins: Sequence[int] = range(start, min(len(reference), len(heard)) - piece + 1, piece)
    scores = [pesq(rate, reference[at : at + piece], heard[at : at + piece], mode) for at in begins]
    return float(np.mean(scores))
