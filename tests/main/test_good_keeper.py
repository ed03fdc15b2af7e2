"""When a started system counts as good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.main import good_keeper
from app.main.good_keeper import GoodKeeper
from app.settings.layers import Layers
from app.settings.store import SettingsStore
from hal.errors import UpdaterUnavailable
from hal.sim.updater import SimulatedUpdater

PATIENCE = 20.0


class Phone:
    """What the keeper looks at."""

    def __init__(self, folder: Path, worker: ThreadPoolExecutor) -> None:
        self.worker = worker
        self.folder = folder
        self.registered = self.settable = False
        self.machine = SimulatedUpdater()
        self.make()

    def make(self) -> None:
        self.keeper = GoodKeeper(
            SettingsStore(self.folder),
            self.machine,
            lambda: self.registered,
            lambda: self.settable,
            self.folder,
            self.worker,
        )


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Phone]:
    monkeypatch.setattr(good_keeper, "SETTLING_SECONDS", 0.0)
    monkeypatch.setattr(good_keeper, "INTERVAL", 0.01)
    monkeypatch.setattr(good_keeper, "AGAIN", 0.01)
    with ThreadPoolExecutor(1) as worker:
        yield Phone(tmp_path, worker)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - the machine sets no event
            await asyncio.sleep(0.01)


async def until_marked(phone: Phone) -> None:
    await until(lambda: phone.machine.marked)


@pytest.mark.parametrize("reason", ["registered", "settable"])
async def test_works(phone: Phone, reason: str) -> None:
    phone.keeper.start()
    await asyncio.sleep(0.1)
    assert phone.machine.marked == 0
    setattr(phone, reason, True)
    await until_marked(phone)
    await asyncio.sleep(0.05)
    assert phone.machine.marked == 1
    phone.keeper.stop()


async def test_a_system_that_was_good_is_good_as_soon_as_the_phone_runs(phone: Phone) -> None:
    """Else three power cuts while the PBX is away would throw it out. Another system has to prove itself."""
    phone.registered = True
    phone.keeper.start()
    await until_marked(phone)
    await until(lambda: (phone.folder / "good").exists())
    phone.keeper.stop()
    phone.registered = False
    phone.machine.restart("A")
    phone.machine.marked = 0
    phone.make()
    phone.keeper.start()
    await until_marked(phone)
    phone.keeper.stop()
    phone.machine.restart("B")
    phone.machine.marked = 0
    phone.make()
    phone.keeper.start()
    await asyncio.sleep(0.2)
    assert phone.machine.marked == 0
    phone.keeper.stop()


async def test_time_passes(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PBX that is away does not take a new system back."""
    asked: list[str] = []

    def number(_: Layers, key: str) -> int:
        asked.append(key)
        return 0

    monkeypatch.setattr(Layers, "number", number)
    phone.keeper.start()
    await until_marked(phone)
    assert set(asked) == {"update.good_after"}
    phone.keeper.stop()


async def test_nobody_to_tell(phone: Phone) -> None:
    phone.registered = True
    phone.machine.trouble = UpdaterUnavailable("There is no update service.", "")
    phone.keeper.start()
    await asyncio.sleep(0.1)
    phone.machine.trouble = None
    await until_marked(phone)
    phone.keeper.stop()
