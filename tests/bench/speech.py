"""Recorded speech to be carried, and how good it still sounds: PESQ (P.862, P.862.2), in pieces of eight seconds."""

from __future__ import annotations

import functools
import struct
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from native import Clock, Codec, Engine
from tests.native.support import PCMU, memory

Samples = npt.NDArray[np.int16]
RATE = 16000
SECONDS = 24
PIECE = 8 * RATE
PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
"""Debian's asterisk-core-sounds-en-g722 (CC BY-SA 3.0): one speaker, 16 kHz."""
_LONGEST_LAG = RATE


@functools.cache
def speech() -> Samples:
    """24 s of sentences at 16 kHz. Raises FileNotFoundError with what to install."""
    files = sorted(PROMPTS.glob("demo-*.g722"))
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
            _g722 := type(PCMU)(
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


def read_wav(path: Path) -> tuple[Samples, int]:
    """Samples and rate of a mono WAV file; a length that its writer never filled in is taken from the file's own."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16), file.getframerate()


def halve(samples: Samples) -> Samples:
    """From 16 to 8 kHz."""
    taps = np.arange(-64, 65)
    low_pass = 0.46 * np.sinc(0.46 * taps) * np.kaiser(len(taps), 8)
    return np.convolve(samples, low_pass, "same")[::2].astype(np.int16)


def lag_of(said: Samples, heard: Samples) -> int:
    """How many samples later than `said` `heard` is."""
    size = 1 << (len(said) + len(heard)).bit_length()
    both = np.fft.irfft(np.fft.rfft(heard.astype(float), size) * np.conj(np.fft.rfft(said.astype(float), size)), size)
    return int(np.argmax(both[:_LONGEST_LAG]))


def score(said: Samples, heard: Samples, rate: int) -> float:
    """The mean PESQ of the pieces: narrowband at 8 kHz, wideband at 16."""
    from pesq import pesq

    lag = lag_of(said, heard)
    heard = heard[lag:]
    piece = PIECE * rate // RATE
    ends = range(piece, min(len(said), len(heard)) + 1, piece)
    mode = "wb" if rate == RATE else "nb"
    scores: list[float] = [pesq(rate, said[end - piece : end], heard[end - piece : end], mode) for end in ends]
    return float(np.mean(scores))
