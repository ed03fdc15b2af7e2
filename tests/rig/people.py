"""Somebody at each place of a sound loop, who says a tone without a pause and hears what is played there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from native import Clock, Device, DeviceSpec, Engine, ToneSegment, ToneSpec
from native.samples import Samples
from tests.native.support import PCMU, memory

SAID = ToneSpec((ToneSegment((1000,)),))
AUDIBLE = 200


class People:
    """They have an engine of their own, whose ticks let what the places hear be laid over each other."""

    def __init__(self, places: Iterable[str]) -> None:
        self._engine = Engine(Clock.TIMER)
        self._engine.start()
        self._ears = {place: self._sit_at(place) for place in places}

    def _sit_at(self, place: str) -> Device:
        bus, call = self._engine.new_bus(), self._engine.new_memory_stream()
        call.configure(PCMU)
        call.join(bus)
        name = f"{place}_person"
        person = self._engine.open_device(DeviceSpec(kind="alsa", name=name, capture=name, playback=name))
        person.join(bus)
        person.set_gate(open=True)
        self._engine.new_tone().play(SAID, person)
        return memory(self._engine, bus, place)

    def heard(self) -> Samples:
        """What was heard since the last time, at any place."""
        rows = [ear.take().astype(np.int32) for ear in self._ears.values()]
        length = min(len(row) for row in rows)
        return np.clip(sum(row[:length] for row in rows), -32768, 32767).astype(np.int16)

    def heard_at(self, place: str) -> Samples:
        """What was heard since the last time, at this place."""
        return self._ears[place].take()

    def close(self) -> None:
        """Go away."""
        self._engine.close()
