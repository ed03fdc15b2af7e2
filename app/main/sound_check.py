"""Whether what came back is what was said: correlation, and PESQ where it is installed. Arrays are 16 kHz mono."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 16_000
WINDOW = RATE // 4
SEARCH = RATE // 10
"""How far a window may be from where the whole recording lies, because the jitter buffer moves: 100 ms."""
SPEECH_LEVEL = 300.0
"""RMS under which a window counts as a pause between words."""

Samples = npt.NDArray[np.int16]


def delay_of(said: Samples, heard: Samples) -> int:
    """By how many samples `heard` lies behind `said`, by their cross-correlation as a whole."""
    size = 1 << (len(said) + len(heard) - 1).bit_length()
    spectrum = np.fft.rfft(heard.astype(np.float64), size) * np.conj(np.fft.rfft(said.astype(np.float64), size))
    correlation = np.fft.irfft(spectrum, size)
    return int(np.argmax(correlation[: len(heard)]))


def correlation_of(said: Samples, heard: Samples) -> float:
    """Median of the best normalised correlation of each spoken quarter second; 1 is the same, 0 unrelated."""
    if not len(said) or not len(heard):
        return 0.0
    delay = delay_of(said, heard)
    best = []
    for begin in range(0, len(said) - WINDOW, WINDOW):
        window = said[begin : begin + WINDOW].astype(np.float64)
        if np.sqrt(np.mean(window**2)) < SPEECH_LEVEL:
            continue
        low = max(0, begin + delay - SEARCH)
        best.append(_best_match(window, heard[low : begin + delay + WINDOW + SEARCH].astype(np.float64)))
    return float(np.median(best)) if best else 0.0


def _best_match(window: npt.NDArray[np.float64], around: npt.NDArray[np.float64]) -> float:
    if len(around) < len(window):
        return 0.0
    products = np.correlate(around, window, "valid")
    energies = np.convolve(around**2, np.ones(len(window)), "valid")
    norms = np.sqrt(np.maximum(energies, 1.0) * np.sum(window**2))
    return float(np.max(products / norms))


def pesq_of(said: Samples, heard: Samples) -> float | None:
    """PESQ-WB (ITU-T P.862.2), 1.0 to 4.64; None where the package is not installed or finds no speech."""
    try:
        from pesq import NoUtterancesError, pesq
    except ImportError:
        return None
    delay = delay_of(said, heard)
    aligned = heard[delay : delay + len(said)]
    try:
        return float(pesq(RATE, said[: len(aligned)], aligned, "wb"))
    except NoUtterancesError:
        return None
