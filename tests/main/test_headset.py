"""A call by a headset, from the press of its button through a whole phone and a PBX to its lamps."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.main import run
from app.main.face import Setup
from app.main.phone import Phone
from app.model.commands import Dial, Reply
from app.model.snapshot import CallState
from hal.board import Board, load_board
from hal.devices import Devices, open_devices
from hal.headset import HeadsetControl, HeadsetLamps
from hal.sim.headset import SimulatedHeadsets
from tests.scenarios.rig import START_PATIENCE, Rig, Surface

CALLS_BACK = "104"


class Desk:
    """A phone with a headset plugged in, seen by a surface."""

    def __init__(self, phone: Phone, headset: SimulatedHeadsets, surface: Surface) -> None:
        self.phone = phone
        self.headset = headset
        self.surface = surface

    def states(self) -> set[CallState]:
        """Of all calls."""
        return {call.state for call in self.phone.snapshot().calls}

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait for something, which snapshots make true."""
        assert await self.surface.until(lambda _: true(), START_PATIENCE), f"{what}: {self.surface.describe()}"

    async def lamps(self, wanted: HeadsetLamps) -> None:
        """Wait until the headset shows this."""
        await self.until(lambda: self.headset.lamps == wanted, f"{self.headset.lamps} instead of {wanted}")

    def press(self, control: HeadsetControl) -> None:
        """Press a button of the headset."""
        self.headset.press(control)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    opened: list[Devices] = []

    def open_and_keep(board: Board) -> Devices:
        opened.append(open_devices(board))
        return opened[-1]

    monkeypatch.setattr(run, "open_devices", open_and_keep)
    async with contextlib.AsyncExitStack() as stack:
        rig = Rig(tmp_path)
        stack.push_async_callback(rig.close)
        await rig.start_pbx()
        config = tmp_path / "phone.toml"
        config.write_text(rig.configuration("udp"))
        setup = Setup(rig.socket_path, kiosk=False)
        running = run.running_phone(load_board("headless"), tmp_path / "state", config, setup)
        phone = await stack.enter_async_context(running)
        surface = await Surface.connect(rig.socket_path)
        stack.push_async_callback(surface.close)
        headset = opened[0].headsets
        assert isinstance(headset, SimulatedHeadsets)
        headset.plug()
        desk = Desk(phone, headset, surface)
        await desk.until(lambda: any(line.registration == "up" for line in phone.snapshot().lines), "registered")
        yield desk


async def test_a_call_is_taken_muted_held_and_ended_at_the_headset(desk: Desk) -> None:
    desk.press(HeadsetControl.HOOK)
    deadline = asyncio.get_running_loop().time() + START_PATIENCE
    while desk.headset.off_hook:
        assert asyncio.get_running_loop().time() < deadline, "nobody told the headset that there is no call"
        await asyncio.sleep(0.05)
    replies: list[Reply] = []
    desk.phone.command(Dial(id=1, number=CALLS_BACK), replies.append)
    await desk.lamps(HeadsetLamps(off_hook=True))
    assert desk.headset.off_hook
    await desk.lamps(HeadsetLamps(ring=True))
    desk.press(HeadsetControl.HOOK)
    await desk.lamps(HeadsetLamps(off_hook=True))
    await desk.until(lambda: desk.states() == {CallState.CONNECTED}, "answered")
    desk.press(HeadsetControl.MUTE)
    await desk.lamps(HeadsetLamps(off_hook=True, mute=True))
    assert not desk.phone.snapshot().audio.microphone_open
    desk.press(HeadsetControl.MUTE)
    await desk.lamps(HeadsetLamps(off_hook=True))
    volume = desk.phone.snapshot().audio.volume
    desk.press(HeadsetControl.VOLUME_DOWN)
    await desk.until(lambda: desk.phone.snapshot().audio.volume == volume - 10, "quieter")
    desk.press(HeadsetControl.FLASH)
    await desk.lamps(HeadsetLamps(hold=True))
    assert not desk.headset.off_hook
    desk.press(HeadsetControl.HOOK)
    await desk.lamps(HeadsetLamps(off_hook=True))
    await desk.until(lambda: desk.states() == {CallState.CONNECTED}, "taken back")
    desk.press(HeadsetControl.HOOK)
    await desk.lamps(HeadsetLamps())
    assert desk.states() == set()
