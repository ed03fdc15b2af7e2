"""The demo partners' speech, which `app.demo.synthesis` made when the phone was built."""

from __future__ import annotations

import wave
from importlib import resources

import numpy as np
import numpy.typing as npt


class SpeechMissing(Exception):
    """A piece of speech was never synthesised; the text says what to run."""


def load_speech(name: str) -> npt.NDArray[np.int16]:
    """A piece of speech as 16 kHz mono samples. Raises SpeechMissing."""
    file = resources.files("app.demo") / "speech" / f"{name}.wav"
    try:
        with file.open("rb") as opened, wave.open(opened) as sound:
            return np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    except FileNotFoundError:
        raise SpeechMissing(f"{name}.wav is missing: run `python -m app.demo.synthesis`, it needs flite") from None
