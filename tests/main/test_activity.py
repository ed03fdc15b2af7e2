"""Who uses the phone keeps its user active: the keeper by itself, and in a whole phone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.main import face, run
from app.main.activity_keeper import SETTING, ActivityKeeper
from app.main.face import Setup
from app.main.phone import Phone
from app.model import commands
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from hal.board import Board, load_board
from hal.devices import Devices, open_devices
from hal.keypad import PhoneKey
from hal.sim.audio import SimulatedAudioDevices
from hal.sim.hook import SimulatedHookSwitch
from hal.sim.keypad import SimulatedKeypad

PATIENCE = 15.0


class Told:
    """A keeper whose clock stands at `now` until it is moved, and what it told. `asked` is set when it looks at it."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.settings = SettingsStore(folder)
        self.asked = asyncio.Event()
        self.keeper = ActivityKeeper(self.settings, self._clock)
        self.words: list[bool] = []
        self.keeper.subscribe(self.words.append)

    def _clock(self) -> float:
        self.asked.set()
        return self.now

    async def timer(self) -> None:
        """Wait until the timer has come."""
        self.asked.clear()
        await asyncio.wait_for(self.asked.wait(), PATIENCE)

    async def minutes(self, minutes: int) -> None:
        await self.settings.set(Layer.USER, SETTING, minutes)


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[Told]:
    told = Told(tmp_path)
    yield told
    told.keeper.close()


async def test_the_timer_tells_once_and_use_once(told: Told) -> None:
    told.now = 59.99
    await told.minutes(1)
    assert told.words == []
    told.now = 60.0
    await told.timer()
    told.now = 1000.0
    told.keeper.used()
    told.keeper.used()
    assert told.words == [True, False]
    assert not told.keeper.inactive


async def test_a_timer_that_comes_too_early_waits_on(told: Told) -> None:
    told.now = 59.99
    await told.minutes(1)
    told.keeper.used()
    await told.timer()
    assert told.words == []
    await told.minutes(0)
    told.now = 1e6
    await told.minutes(1)
    assert told.words == [True]


class LeftAlone:
    """A whole phone whose clock for activity stands at `now`, and its devices."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self._folder = folder
        self._settings: SettingsStore | None = None
        self._devices: Devices | None = None
        monkeypatch.setattr(face, "ActivityKeeper", self._keeper)
        monkeypatch.setattr(run, "open_devices", self._open)

    def _keeper(self, settings: SettingsStore) -> ActivityKeeper:
        self._settings = settings
        return ActivityKeeper(settings, lambda: self.now)

    def _open(self, board: Board) -> Devices:
        self._devices = open_devices(board)
        return self._devices

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Phone]:
        setup = Setup(self._folder / "phone.socket", kiosk=False)
        async with run.running_phone(load_board("headless"), self._folder / "state", None, setup) as phone:
            yield phone

    async def for_ten_minutes(self, phone: Phone) -> None:
        """Nobody is there; a setting that changes has the keeper look at its clock."""
        assert self._settings is not None
        self.now += 600.0
        before = self._settings.current.number(SETTING)
        await self._settings.set(Layer.ADMIN, SETTING, 9 if before == 5 else 5)
        assert phone.snapshot().activity.inactive

    @property
    def keypad(self) -> SimulatedKeypad:
        assert self._devices is not None
        assert isinstance(self._devices.keypad, SimulatedKeypad)
        return self._devices.keypad

    @property
    def hook(self) -> SimulatedHookSwitch:
        assert self._devices is not None
        assert isinstance(self._devices.hook, SimulatedHookSwitch)
        return self._devices.hook

    @property
    def audio(self) -> SimulatedAudioDevices:
        assert self._devices is not None
        assert isinstance(self._devices.audio, SimulatedAudioDevices)
        return self._devices.audio


async def test_keys_touches_hook_and_headset_are_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = LeftAlone(tmp_path, monkeypatch)
    async with alone.running() as phone:
        uses: tuple[Callable[[], None], ...] = (
            lambda: alone.keypad.press(PhoneKey.DIGIT_1),
            lambda: alone.keypad.release(PhoneKey.DIGIT_1),
            lambda: alone.hook.lift(),
            lambda: alone.hook.replace(),
            lambda: alone.audio.plug_headset(),
            lambda: alone.audio.unplug_headset(),
            lambda: phone.command(commands.Used(0), lambda _: None),
        )
        for use in uses:
            await alone.for_ten_minutes(phone)
            use()
            assert not phone.snapshot().activity.inactive
