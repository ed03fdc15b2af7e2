"""Somebody who sits at the machine: a whistle in front of its microphone, and an ear at its loudspeaker."""

from __future__ import annotations

import collections
import itertools
import threading
from types import TracebackType
from typing import Self

import alsaaudio
import numpy as np

from tests.interop.sounds import PHONE_HERTZ, PHONE_RATE, seconds_of, tone
from tests.wav import Samples

_PERIOD = PHONE_RATE // 50
_REMEMBERED_S = 3
_ENOUGH_S = 0.2
"""Of a pitch: an emulated processor does not keep up with every frame."""


def hears(samples: Samples, hertz: int) -> bool:
    """Whether a pitch is there for long enough to be no chance."""
    return seconds_of(hertz, samples, PHONE_RATE) >= _ENOUGH_S


class Person:
    """At one place of a PulseAudio loop that this process sees (`PulseLoop.environment`). Use as a context manager."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._leaves = threading.Event()
        self._heard: collections.deque[Samples] = collections.deque(maxlen=_REMEMBERED_S * PHONE_RATE // _PERIOD)
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._whistle, self._listen)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaves.set()
        for thread in self._threads:
            thread.join()

    def hears(self, hertz: int) -> bool:
        """Whether this pitch was in the last three seconds."""
        heard = list(self._heard)
        return bool(heard) and hears(np.concatenate(heard), hertz)

    def _whistle(self) -> None:
        pcm, whistle = self._open(alsaaudio.PCM_PLAYBACK), tone(PHONE_HERTZ, 1.0, PHONE_RATE)
        for begin in itertools.cycle(range(0, len(whistle), _PERIOD)):
            if self._leaves.is_set():
                break
            pcm.write(whistle[begin : begin + _PERIOD].tobytes())
        pcm.close()

    def _listen(self) -> None:
        pcm = self._open(alsaaudio.PCM_CAPTURE)
        while not self._leaves.is_set():
            length, data = pcm.read()
            if length > 0:
                self._heard.append(np.frombuffer(data, np.int16))
        pcm.close()

    def _open(self, direction: int) -> alsaaudio.PCM:
        return alsaaudio.PCM(
            type=direction,
            device=f"{self._place}_person",
            rate=PHONE_RATE,
            channels=1,
            format=alsaaudio.PCM_FORMAT_S16_LE,
            periodsize=_PERIOD,
            periods=4,
        )
