"""Reset button, light and cameras in a whole phone: moved as the hardware would, seen as a surface sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.main import run
from app.main.face import Setup
from app.main.phone import Phone
from app.model.commands import Set
from app.model.snapshot import Snapshot
from hal.board import Board, load_board
from hal.camera import Camera
from hal.devices import Devices, open_devices
from hal.sim.backlight import SimulatedBacklight
from hal.sim.camera import SimulatedCameras
from hal.sim.reset_button import SimulatedResetButton
from hal.sim.system import SimulatedSystem
from hal.steward import Verb

PATIENCE = 15.0


class Rig:
    """A phone and the hardware around it."""

    def __init__(self, phone: Phone, devices: Devices) -> None:
        self.phone = phone
        self._devices = devices

    @property
    def reset(self) -> SimulatedResetButton:
        assert isinstance(self._devices.reset, SimulatedResetButton)
        return self._devices.reset

    @property
    def light(self) -> SimulatedBacklight:
        assert isinstance(self._devices.backlight, SimulatedBacklight)
        return self._devices.backlight

    @property
    def cameras(self) -> SimulatedCameras:
        assert isinstance(self._devices.cameras, SimulatedCameras)
        return self._devices.cameras

    @property
    def system(self) -> SimulatedSystem:
        assert isinstance(self._devices.system, SimulatedSystem)
        return self._devices.system

    async def until(self, true: Callable[[Snapshot], bool]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not true(self.phone.snapshot()):
            assert asyncio.get_running_loop().time() < deadline, self.phone.snapshot()
            await asyncio.sleep(0.01)


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    opened: list[Devices] = []

    def open_all(board: Board) -> Devices:
        real = open_devices(board)
        fields = {name: getattr(real, name) for name in real.__struct_fields__}
        opened.append(Devices(**{**fields, "system": SimulatedSystem("4711", "009033abcdef")}))
        return opened[0]

    monkeypatch.setattr(run, "open_devices", open_all)
    setup = Setup(tmp_path / "phone.socket", kiosk=False)
    async with run.running_phone(load_board("headless"), tmp_path / "state", None, setup) as phone:
        yield Rig(phone, opened[0])


def told(snapshot: Snapshot) -> str:
    return " ".join(notice.text for notice in snapshot.notices if notice.id == "reset")


async def test_the_time_is_that_of_the_zone_as_soon_as_it_is_set(rig: Rig) -> None:
    said: list[bool] = []
    for zone in ("Asia/Tokyo", "CET-1CEST-2,M3.5.0/2,M10.5.0/3", "Middle/Earth"):
        rig.phone.command(Set(id=1, key="time.zone", value=zone), lambda reply: said.append(reply.accepted))
        await rig.until(lambda snapshot: snapshot.time.zone == zone or said == [True, True, False])  # noqa: B023
    assert rig.phone.snapshot().time.own
    assert rig.phone.snapshot().time.zone.startswith("CET")
    assert said == [True, True, False]


async def test_the_reset_button_says_what_it_does_and_does_it(rig: Rig) -> None:
    rig.reset.press()
    await rig.until(lambda snapshot: "let go now" in told(snapshot))
    rig.reset.release()
    await rig.until(lambda snapshot: not told(snapshot) and rig.system.asked == [Verb.RESTART])


async def test_surfaces_see_which_phone_it_is_and_its_cameras(rig: Rig) -> None:
    machine = rig.phone.snapshot().machine
    assert (machine.model, machine.serial, machine.mac_address) == ("Simulated phone", "4711", "009033abcdef")
    rig.cameras.plug(Camera("/dev/video0", "Desk camera"))
    await rig.until(lambda snapshot: snapshot.machine.cameras == ("Desk camera",))
    rig.cameras.unplug("/dev/video0")
    await rig.until(lambda snapshot: snapshot.machine.cameras == ())


async def test_surfaces_see_how_the_display_shines(rig: Rig) -> None:
    backlight = rig.phone.snapshot().display.backlight
    assert backlight is not None
    assert (backlight.brightness, backlight.dark, rig.light.percent) == (100, False, 100)
