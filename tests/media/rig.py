"""Two media rooms over real engines that are stepped by hand, joined by loopback sockets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar
from unittest import mock

import numpy as np
import numpy.typing as npt

from app.media import ring_recordings, ring_tones
from app.media.room import MediaRoom, MediaSettings
from app.model.ids import StreamId
from app.model.media import AnswerReady, AudioPath, MediaEvent, OfferReady, PathsChanged, Scene
from app.model.session import Direction, SessionDescription
from native import Clock, DeviceSpec, Engine

RATE = 16000
STREAM = StreamId("stream-1")
PATHS = {path: DeviceSpec(kind="memory", name=path.value) for path in AudioPath}
RINGER = DeviceSpec(kind="memory", name="ringer")

Event = TypeVar("Event")
Samples = npt.NDArray[np.int16]


def sine(hertz: int, seconds: float = 1.0, peak: int = 8000) -> Samples:
    time = np.arange(int(RATE * seconds)) / RATE
    return (peak * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def level(samples: Samples) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


def strongest(samples: Samples) -> int:
    """The strongest frequency in Hz, to 1 Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), RATE))
    return int(np.argmax(spectrum))


class Phone:
    """A media room with its engine."""

    def __init__(
        self,
        settings: MediaSettings,
        address: str,
        engine: Engine | None = None,
        paths: Mapping[AudioPath, DeviceSpec] = PATHS,
    ) -> None:
        self.engine = engine or Engine(Clock.STEPPED)
        self.events: list[MediaEvent] = []
        self.room = MediaRoom(
            self.engine, paths, RINGER, self.events.append, address=lambda: address, settings=lambda: settings
        )

    def last(self, kind: type[Event]) -> Event:
        return [event for event in self.events if isinstance(event, kind)][-1]

    def step(self) -> None:
        self.engine.step()
        for event in self.engine.drain():
            self.room.handle(event)

    def listen(self, seconds: float, path: AudioPath = AudioPath.HANDSET) -> Samples:
        """What this path's ear hears in that time, with nobody else around."""
        device = self.room.device(path)
        assert device is not None
        device.take()
        for _ in range(int(seconds * 100)):
            self.step()
        return device.take()

    def offer(self, direction: Direction = Direction.SENDRECV) -> SessionDescription:
        self.room.offer(STREAM, direction)
        return self.last(OfferReady).offer

    def answer(self, offer: SessionDescription, direction: Direction = Direction.SENDRECV) -> SessionDescription:
        self.room.answer(STREAM, offer, direction)
        return self.last(AnswerReady).answer

    def talk(self) -> None:
        self.room.show(Scene(talking=(STREAM,), connected=(STREAM,), off_hook=True))

    def say(self, samples: Samples, path: AudioPath = AudioPath.HANDSET) -> None:
        device = self.room.device(path)
        assert device is not None
        device.feed(samples)

    @property
    def paths(self) -> PathsChanged:
        return self.last(PathsChanged)


def ring_tones_made() -> AbstractContextManager[object]:
    """All ring tones are there, without a process or a loop that waits for one."""
    return mock.patch.object(ring_recordings, "ready", lambda name: ring_tones.samples(name).tobytes())


@contextmanager
def phone(settings: MediaSettings | None = None, address: str = "127.0.0.1") -> Iterator[Phone]:
    made = Phone(settings or MediaSettings(), address)
    try:
        with ring_tones_made():
            yield made
    finally:
        made.room.close_all()
        made.engine.close()


@contextmanager
def two_phones(settings: MediaSettings | None = None, address: str = "127.0.0.1") -> Iterator[tuple[Phone, Phone]]:
    """Two phones with an agreed stream, not yet in conversation."""
    with phone(settings, address) as a, phone(settings, address) as b:
        for each in (a, b):
            each.room.open(STREAM, private=True)
        a.room.take_answer(STREAM, b.answer(a.offer()))
        yield a, b


def run(a: Phone, b: Phone, seconds: float) -> None:
    for _ in range(int(seconds * 100)):
        a.step()
        b.step()


def heard(a: Phone, b: Phone, hertz: int, seconds: float = 1.0) -> Samples:
    """`a` says a tone into its handset; what `b` hears on its own, without the first 200 ms."""
    ear = b.room.device(AudioPath.HANDSET)
    assert ear is not None
    ear.take()
    a.say(sine(hertz, seconds))
    run(a, b, seconds)
    return ear.take()[RATE // 5 :]
