"""Tones that can be told apart at the other end. Arrays are mono int16."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

import numpy as np

from tests.acoustics import correlation
from tests.wav import Samples, read_wav, write_wav

PHONE_RATE = 16_000
PHONE_HERTZ = 700
PEER_HERTZ = 1100
AMPLITUDE = 8000
"""A peak 12 dB below full scale."""
TOLERANCE_HERTZ = 15
QUIET = 0.25
"""Of the amplitude that was sent: less is not what was said (-12 dB)."""
SHORTEST = 0.3
PURE = 0.7
"""How much of the energy must lie at the pitch."""


def tone(hertz: int, seconds: float, rate: int) -> Samples:
    """A sine."""
    moments = np.arange(int(seconds * rate)) / rate
    return (AMPLITUDE * np.sin(2 * np.pi * hertz * moments)).astype(np.int16)


def write_tone(path: Path, hertz: int, rate: int, channels: int = 1, seconds: float = 10.0) -> Path:
    """A WAV file of a sine on every channel."""
    write_wav(path, tone(hertz, seconds, rate), rate, channels)
    return path


def has_tone(samples: Samples, hertz: int, rate: int) -> bool:
    """Whether these samples are mostly a sine of this pitch, about as loud as it was sent."""
    if len(samples) < SHORTEST * rate:
        return False
    windowed = samples.astype(np.float64) * np.hanning(len(samples))
    power = np.abs(np.fft.rfft(windowed)) ** 2
    pitches = np.fft.rfftfreq(len(samples), 1 / rate)
    at_pitch = power[np.abs(pitches - hertz) <= TOLERANCE_HERTZ].sum()
    loud = np.sqrt(2 * np.mean(samples.astype(np.float64) ** 2)) > QUIET * AMPLITUDE
    return bool(loud and at_pitch > PURE * power.sum())


def likeness(heard: Samples, recording: Samples) -> float:
    """How much of what was heard is this recording, wherever it began: 1 for all of it (normalised correlation)."""
    best = np.abs(correlation(recording, heard)).max()
    energy = np.linalg.norm(heard.astype(np.float64)) * np.linalg.norm(recording.astype(np.float64))
    return float(best / max(energy, 1.0))


def heard_in(place: Path, hertz: int) -> float:
    """For how many seconds a recording, or a folder of what was heard, holds this pitch; looked at every 0.1 s."""
    files = place.glob("*-dec.wav") if place.is_dir() else [place]
    return sum(seconds_of(hertz, *read_wav(file)) for file in files)


def heard_at_last(place: Path, hertz: int, seconds: float) -> float:
    """For how many of the last seconds of a recording, or of the newest in a folder, it holds this pitch."""
    files = place.glob("*-dec.wav") if place.is_dir() else [place]
    samples, rate = read_wav(max(files, key=lambda file: file.stat().st_mtime))
    return seconds_of(hertz, samples[-round(seconds * rate) :], rate)


def pitches_in(samples: Samples, pitches: Collection[int], rate: int) -> frozenset[int]:
    """Which of these pitches the samples hold, each about as loud as it was sent."""
    window = np.hanning(len(samples))
    moments = np.arange(len(samples)) / rate
    found = {hertz: np.exp(-2j * np.pi * hertz * moments) @ (samples * window) for hertz in pitches}
    return frozenset(hertz for hertz, value in found.items() if 2 * abs(value) / window.sum() > QUIET * AMPLITUDE)


def heard_together(place: Path, pitches: Collection[int], last: float | None = None) -> Counter[frozenset[int]]:
    """In how many looks a recording, or its last seconds, holds which of these pitches at once; one is every 0.1 s."""
    samples, rate = read_wav(place)
    samples = samples if last is None else samples[-round(last * rate) :]
    window, hop = int(SHORTEST * rate) + 1, rate // 10
    begins = range(0, len(samples) - window, hop)
    return Counter(pitches_in(samples[begin:][:window], pitches, rate) for begin in begins)


def seconds_of(hertz: int, samples: Samples, rate: int) -> float:
    """For how many seconds samples hold this pitch; looked at every 0.1 s."""
    window, hop = int(SHORTEST * rate) + 1, rate // 10
    begins = range(0, len(samples) - window, hop)
    return 0.1 * sum(has_tone(samples[begin:][:window], hertz, rate) for begin in begins)
