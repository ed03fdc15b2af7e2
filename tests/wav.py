"""WAV files of 16 bit samples."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]


def read_wav(path: Path) -> tuple[Samples, int]:
    """The first channel and the rate; a length that its writer never filled in is taken from the file's own."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples[:: file.getnchannels()].astype(np.int16), file.getframerate()


def write_wav(path: Path, samples: Samples, rate: int, channels: int = 1) -> None:
    """The same samples on every channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(samples.astype("<i2"), channels).tobytes())
