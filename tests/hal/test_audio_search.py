"""The search for PCMs that are missing, beside the looks at what is plugged in: the newest answer counts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from hal.audio import AudioChange, Endpoint, Place, SoundCard
from hal.linux import audio as back_end
from hal.linux.audio import AlsaAudioDevices, PlaceConfig

HEADSET = SoundCard(1, "Headset", "USB Headset", True, (0,), (0,))  # noqa: FBT003 - a card's fields
SERVER = frozenset({"pulse"})
PATIENCE = 15.0


class Watch:
    """Stands where udev does; the test calls `changed`."""

    def __init__(self, subsystem: str, changed: Callable[[], None]) -> None:
        self.changed = changed

    def close(self) -> None:
        """Nothing to close."""


class Machine:
    """What is plugged in and which PCMs there are. The next read of PCMs is `held` up while it may not `go_on`."""

    def __init__(self) -> None:
        self.cards: tuple[SoundCard, ...] = ()
        self.names: frozenset[str] = frozenset()
        self.go_on = threading.Event()
        self.go_on.set()
        self.held = threading.Event()

    def read_cards(self) -> tuple[SoundCard, ...]:
        return self.cards

    def read_pcms(self) -> tuple[frozenset[str], frozenset[str]]:
        names = self.names
        if not self.go_on.is_set() and not self.held.is_set():
            self.held.set()
            assert self.go_on.wait(PATIENCE)
        return names, names


class Desk:
    """A handset by a sound server that has yet to start, and a place for a USB headset."""

    def __init__(self) -> None:
        self.audio = AlsaAudioDevices(
            {Place.HEADSET: PlaceConfig(usb=True), Place.HANDSET: PlaceConfig("pulse", "pulse")}
        )
        self.told: list[AudioChange] = []
        self.audio.subscribe(self.told.append)

    def plug(self) -> None:
        watch = self.audio._watch
        assert isinstance(watch, Watch)
        watch.changed()


async def until(true: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not true():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen"
        await asyncio.sleep(0.005)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine()
    monkeypatch.setattr(back_end, "UdevWatch", Watch)
    monkeypatch.setattr(back_end, "LOOK_AGAIN_S", 0.01)
    monkeypatch.setattr(back_end, "_read_cards", machine.read_cards)
    monkeypatch.setattr(back_end, "_read_pcms", machine.read_pcms)
    yield machine
    machine.go_on.set()


async def test_a_headset_that_is_plugged_in_during_a_search_stays(machine: Machine) -> None:
    desk = Desk()
    desk.audio.start()
    machine.go_on.clear()
    await until(machine.held.is_set)
    machine.cards = (HEADSET,)
    desk.plug()
    for _ in range(5):
        await asyncio.sleep(0.01)  # a look beside the search, if there were any, would end here
    machine.go_on.set()
    await until(lambda: desk.audio.cards() == (HEADSET,))
    machine.names = SERVER
    await until(lambda: Place.HANDSET in desk.audio.paths())
    assert desk.audio.cards() == (HEADSET,)
    assert Place.HEADSET in desk.audio.paths()
    assert [(change.arrived, change.left) for change in desk.told] == [((HEADSET,), ()), ((), ())]
    desk.audio.close()


async def test_a_look_that_began_before_the_sound_server_does_not_take_it_away(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, held, go_on = threading.Event(), threading.Event(), threading.Event()
    read = AlsaAudioDevices._read

    def read_late(self: AlsaAudioDevices) -> object:
        seen = read(self)
        if slow.is_set() and not held.is_set():
            held.set()
            assert go_on.wait(PATIENCE)  # the machine is busy, and the answer comes late
        return seen

    desk = Desk()
    monkeypatch.setattr(AlsaAudioDevices, "_read", read_late)
    desk.audio.start()
    await asyncio.sleep(0.01)
    slow.set()
    desk.plug()
    await until(held.is_set)
    machine.names = SERVER
    for _ in range(5):
        await asyncio.sleep(0.01)  # a search beside the look, if there were any, would find it here
    go_on.set()
    await until(lambda: Place.HANDSET in desk.audio.paths())
    for _ in range(5):
        desk.plug()
        await asyncio.sleep(0.01)
    assert desk.audio.paths() == {Place.HANDSET: Endpoint("pulse", "pulse")}
    assert len(desk.told) == 1
    desk.audio.close()


async def test_nobody_searches_once_all_is_there(machine: Machine) -> None:
    machine.names = SERVER
    desk = Desk()
    desk.audio.start()
    machine.go_on.clear()
    for _ in range(5):
        desk.plug()
        await asyncio.sleep(0.01)
    assert not machine.held.is_set()
    desk.audio.close()
