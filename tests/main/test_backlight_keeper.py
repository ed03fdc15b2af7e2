"""How brightly the display shines, by use, calls and settings; and in a whole phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from app.kiosk import samples
from app.main.backlight_keeper import BacklightKeeper
from app.model.snapshot import AudioView, Snapshot
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from hal.sim.backlight import SimulatedBacklight

PATIENCE = 15.0
RINGING = msgspec.structs.replace(samples.IDLE, audio=AudioView(ringing=True))


class Room:
    """A keeper whose clock stands at `now` until it is moved."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.light = SimulatedBacklight()
        self.settings = SettingsStore(folder)
        self.changes = 0
        self.asked = asyncio.Event()
        self.keeper = BacklightKeeper(self.light, self.settings, self._changed, self._clock)

    @property
    def dark(self) -> bool:
        assert self.keeper.view is not None
        return self.keeper.view.dark

    def _changed(self) -> None:
        self.changes += 1

    def _clock(self) -> float:
        self.asked.set()
        return self.now

    async def pass_to(self, now: float) -> None:
        """Let it be so late, and have the keeper look."""
        self.now = now
        self.keeper._look()  # as its timer does

    async def set(self, **values: int) -> None:
        for name, value in values.items():
            await self.settings.set(Layer.USER, f"display.{name}", value)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    room = Room(tmp_path)
    room.keeper.start()
    yield room
    room.keeper.close()


async def test_it_dims_then_is_dark_and_any_use_wakes_it(room: Room) -> None:
    await room.pass_to(119)
    assert room.light.percent == 100
    await room.pass_to(120)
    assert (room.light.percent, room.dark, room.changes) == (30, False, 0)
    await room.pass_to(30 * 60)
    assert (room.light.percent, room.dark, room.changes) == (0, True, 1)
    room.keeper.used()
    assert (room.light.percent, room.dark, room.changes) == (100, False, 2)


async def test_its_timer_comes(room: Room) -> None:
    await room.set(dim_after=1, dark_after=0)
    room.keeper.used()
    room.now = 1.0
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while room.light.percent != 30:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


async def test_what_rings_wakes_it_and_is_use_when_it_ends(room: Room) -> None:
    await room.pass_to(10_000)
    assert room.dark
    room.keeper.show(RINGING)
    assert room.light.percent == 100
    await room.pass_to(20_000)
    assert room.light.percent == 100  # as long as it rings
    room.keeper.show(samples.IDLE)
    assert room.light.percent == 100
    await room.pass_to(20_120)
    assert room.light.percent == 30


@pytest.mark.parametrize("talking", [samples.IN_CALL, msgspec.structs.replace(samples.IDLE, app_party="Door")])
async def test_in_a_call_it_is_never_dark(room: Room, talking: Snapshot) -> None:
    room.keeper.show(talking)
    await room.pass_to(100_000)
    assert (room.light.percent, room.dark) == (30, False)


async def test_settings_count_at_once(room: Room) -> None:
    await room.set(brightness=50)
    assert room.light.percent == 50
    await room.pass_to(120)
    assert room.light.percent == 15
    await room.set(dim_after=0)
    assert room.light.percent == 50
    await room.set(dark_after=1)
    assert room.light.percent == 0
    await room.set(dark_after=0)
    assert room.light.percent == 50


async def test_a_dark_that_comes_before_the_dim_is_dark(room: Room) -> None:
    await room.set(dim_after=3600, dark_after=1)
    await room.pass_to(60)
    assert room.dark
    await room.pass_to(3600)
    assert room.dark


async def test_whoever_comes_next_finds_light(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.keeper.start()
    await room.pass_to(10_000)
    room.keeper.close()
    assert room.light.percent == 100
    room.keeper.close()


async def test_a_display_whose_light_is_not_there_is_never_said_to_be_dark(room: Room) -> None:
    room.light.there = False
    await room.pass_to(100_000)
    assert room.keeper.view is None
