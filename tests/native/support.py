"""What the engine's tests share: signals, configurations and a wire between two stepped engines."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Self

import numpy as np

from native import Bus, Clock, Codec, Device, DeviceSpec, Engine, Enhancement, MemoryStream, StreamConfig
from native.samples import Samples

RATE = 16000
TICK_NS = 10_000_000
TICK_SAMPLES = 160
RTCP_TYPES = range(192, 224)

PCMU = StreamConfig(
    remote_address="127.0.0.1",
    rtp_port=4000,
    codec=Codec.PCMU,
    payload_type=0,
    receive=((0, Codec.PCMU),),
    connected=True,
)
DIGITS = replace(PCMU, telephone_event_type=101, receive_telephone_event=101)


def sine(frequency: float, seconds: float, amplitude: float = 8000) -> Samples:
    """A sine at 16 kHz."""
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)).astype(np.int16)


def power_at(samples: Samples, frequency: float) -> float:
    """The amplitude of `frequency` in `samples`, as that of a sine."""
    window = np.hanning(len(samples))
    angle = 2j * np.pi * frequency * np.arange(len(samples)) / RATE
    return float(2 * abs(np.sum(samples * window * np.exp(-angle))) / np.sum(window))


def longest_gap_ms(samples: Samples, audible: int) -> float:
    """The longest time in which no sample is as far from zero as `audible`, in steps of 2.5 ms."""
    window = RATE // 400
    peaks = np.abs(samples[: len(samples) // window * window].astype(np.int32)).reshape(-1, window).max(axis=1)
    loud = np.flatnonzero(np.concatenate(([True], peaks >= audible, [True])))
    return float(np.diff(loud).max() - 1) * 2.5


def memory(engine: Engine, bus: Bus | None = None, name: str = "memory") -> Device:
    """A memory device, on `bus` when one is given."""
    device = engine.open_device(DeviceSpec(kind="memory", name=name))
    if bus is not None:
        device.join(bus)
    return device


class End:
    """A stepped engine with one stream and one device on one bus: a whole telephone in small."""

    def __init__(self, config: StreamConfig = PCMU) -> None:
        self.engine = Engine(Clock.STEPPED)
        self.bus = self.engine.new_bus()
        self.stream: MemoryStream = self.engine.new_memory_stream()
        self.stream.join(self.bus)
        self.device = memory(self.engine, self.bus)
        self.device.set_gate(open=True)
        self.stream.configure(config)

    def close(self) -> None:
        self.engine.close()


Wire = Callable[[bytes], list[int]]
"""Gives, for one packet, the delays in nanoseconds of each copy that arrives: none when it is lost."""


def perfect(packet: bytes) -> list[int]:
    """A wire that does nothing to packets."""
    return [0]


def lossy(seed: int, loss: float, jitter_ms: float = 0.0, delay_ms: float = 0.0) -> Wire:
    """A wire that loses and delays RTP packets, the same way each time; RTCP, sent at random, is delayed only."""
    chance = random.Random(seed)

    def wire(packet: bytes) -> list[int]:
        if packet[1] in RTCP_TYPES:
            return [int(delay_ms * 1e6)]
        if chance.random() < loss:
            return []
        return [int((delay_ms + chance.uniform(0, jitter_ms)) * 1e6)]

    return wire


class Pair:
    """Two ends and the wires between them. `ppm` says how much faster the far end's clock runs."""

    def __init__(self, config: StreamConfig = PCMU, wire: Wire = perfect, ppm: float = 0.0) -> None:
        self.near, self.far = End(config), End(config)
        self._wire = wire
        self._rate = 1 + ppm * 1e-6
        self._far_time = 0.0
        self._flying: list[tuple[int, int, bytes, MemoryStream]] = []
        self._order = 0

    def close(self) -> None:
        self.near.close()
        self.far.close()

    def run(self, seconds: float) -> None:
        """Steps both engines tick by tick, each packet arriving when the wire says."""
        for _ in range(round(seconds * 100)):
            self._deliver()
            self.near.engine.step()
            self._far_time += self._rate
            while self._far_time >= 1:
                self.far.engine.step()
                self._far_time -= 1
            self._collect(self.near, self.far)
            self._collect(self.far, self.near)

    def _collect(self, sender: End, receiver: End) -> None:
        for packet in sender.stream.pop():
            for delay in self._wire(packet):
                self._order += 1
                arrival = receiver.engine.now_ns + delay
                self._flying.append((arrival, self._order, packet, receiver.stream))

    def _deliver(self) -> None:
        due = {end.stream: end.engine.now_ns + TICK_NS for end in (self.near, self.far)}
        landed = [entry for entry in self._flying if entry[0] <= due[entry[3]]]
        self._flying = [entry for entry in self._flying if entry[0] > due[entry[3]]]
        for arrival, _, packet, stream in sorted(landed, key=lambda entry: entry[:2]):
            stream.push(packet, arrival)


class HandsFree:
    """A telephone on a table, on the stepped clock: the far end talks into a room where the near end talks too."""

    def __init__(self, enhancement: Enhancement) -> None:
        self.engine = Engine(Clock.STEPPED)
        bus = self.engine.new_bus()
        stream = self.engine.new_memory_stream()
        stream.join(bus, talk=False)
        stream.configure(PCMU)
        self.near, self.far = memory(self.engine, bus, "near"), memory(self.engine, bus, "far")
        for device in (self.near, self.far):
            device.set_gate(open=True)
        self.near.set_enhancement(enhancement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()

    def converse(self, far: Samples, microphone: Samples) -> Samples:
        """What the far end hears while it says `far`, and the microphone hears what the room makes of it."""
        heard = []
        for begin in range(0, len(far), RATE):
            self.far.feed(far[begin : begin + RATE])
            self.near.feed(microphone[begin : begin + RATE])
            self.engine.step(len(far[begin : begin + RATE]) // TICK_SAMPLES)
            heard.append(self.far.take())
        return np.concatenate(heard)
