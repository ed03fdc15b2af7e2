"""Recorded speech to be carried, and how good it still sounds, in pieces of eight seconds.

PESQ (P.862, P.862.2) aligns whole utterances and so punishes a stretched pause; ViSQOL (v3, speech) matches short
patches where they are, and hears what the stretching itself does.
"""

from __future__ import annotations

import functools
import struct

import numpy as np
from scipy.signal import resample_poly
from visqol import VisqolApi

from native import Clock, Codec, Engine, StreamConfig
from tests.acoustics import RATE, RECORDINGS, correlation, mean_pesq
from tests.native.support import memory
from tests.wav import Samples

SECONDS = 24
PIECE = 8 * RATE
_LONGEST_LAG = RATE


@functools.cache
def speech() -> Samples:
    """24 s of one speaker's sentences at 16 kHz, Debian's asterisk-core-sounds-en-g722 (CC BY-SA 3.0).

    Raises FileNotFoundError with what to install.
    """
    files = sorted(RECORDINGS.glob("demo-*.g722"))
    if not files:
        raise FileNotFoundError("recorded speech is missing: apt install asterisk-core-sounds-en-g722")
    coded = b"".join(path.read_bytes() for path in files)
    return _decode(coded[: SECONDS * RATE // 2])


def _decode(coded: bytes) -> Samples:
    """G.722 to samples, by an engine on the stepped clock."""
    with Engine(Clock.STEPPED) as engine:
        bus = engine.new_bus()
        stream = engine.new_memory_stream()
        stream.configure(
            StreamConfig(
                remote_address="127.0.0.1", rtp_port=4000, codec=Codec.G722, payload_type=9, receive=((9, Codec.G722),)
            )
        )
        stream.join(bus)
        device = memory(engine, bus)
        heard = []
        for number, start in enumerate(range(0, len(coded), 160)):
            stream.push(struct.pack("!BBHII", 0x80, 9, number, 160 * number, 1) + coded[start : start + 160])
            engine.step(2)
            heard.append(device.take())
    return np.concatenate(heard)


def halve(samples: Samples) -> Samples:
    """From 16 to 8 kHz."""
    taps = np.arange(-64, 65)
    low_pass = 0.46 * np.sinc(0.46 * taps) * np.kaiser(len(taps), 8)
    return np.convolve(samples, low_pass, "same")[::2].astype(np.int16)


def lag_of(said: Samples, heard: Samples) -> int:
    """How many samples later than `said` `heard` is."""
    return int(np.argmax(correlation(said, heard)[:_LONGEST_LAG]))


def score(said: Samples, heard: Samples, rate: int) -> float:
    """The mean PESQ of the pieces: narrowband at 8 kHz, wideband at 16."""
    return mean_pesq(said, heard[lag_of(said, heard) :], rate, 0, PIECE * rate // RATE)


def similarity(said: Samples, heard: Samples, rate: int) -> float:
    """The mean ViSQOL of the pieces (MOS-LQO), which it takes at 16 kHz."""
    heard = heard[lag_of(said, heard) :]
    piece, scores = PIECE * rate // RATE, []
    for start in range(0, min(len(said), len(heard)) - piece + 1, piece):
        reference, degraded = (_for_visqol(samples[start : start + piece], rate) for samples in (said, heard))
        scores.append(_visqol().measure_from_arrays(reference, degraded, RATE).moslqo)
    return float(np.mean(scores))


def _for_visqol(samples: Samples, rate: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(resample_poly(samples.astype(np.float64), RATE // rate, 1) / 32768)


@functools.cache
def _visqol() -> VisqolApi:
    """With the polynomial that its authors published for speech: the newer mapping wants TensorFlow."""
    api = VisqolApi()
    api.create(mode="speech", use_lattice_model=False)
    return api
