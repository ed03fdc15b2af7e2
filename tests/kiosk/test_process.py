"""The whole process against a dummy phone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pygame
import pytest

from app.kiosk.input_map import Action, PointerAction
from app.kiosk.presenter import MemoryPresenter, NoDisplay, WindowPresenter
from app.kiosk.process import Kiosk, Options, wait_for_event
from app.kiosk.samples import IDLE
from app.model.commands import Dial, KeyEvent, Unlock, Used
from app.model.keys import Key
from app.model.snapshot import LockView
from tests.kiosk.phone import DummyPhone


@contextlib.asynccontextmanager
async def running(folder: Path, *arguments: str) -> AsyncIterator[tuple[DummyPhone, asyncio.subprocess.Process]]:
    phone = DummyPhone(folder / "phone")
    phone.greeting = IDLE
    await phone.start()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.kiosk", "--socket", str(phone.path), *arguments
    )
    try:
        await asyncio.wait_for(phone.connected.wait(), 20)
        yield phone, process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await phone.stop()


async def test_keys_cross_the_socket_and_a_call_comes_back(tmp_path: Path) -> None:
    async with running(tmp_path, "--presenter", "dummy") as (phone, _):
        for key in (Key.DIGIT_1, Key.DIGIT_0, Key.DIGIT_3, Key.OK):
            phone.send(KeyEvent(key=key, pressed=True))
            phone.send(KeyEvent(key=key, pressed=False))
        command = await phone.command()
        assert isinstance(command, Dial)
        assert command.number == "103"


async def test_its_loop_feeds_the_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.setblocking(False)  # noqa: FBT003 # the socket module has it so
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        async with running(tmp_path, "--presenter", "memory"), asyncio.timeout(20):
            for _ in range(2):
                assert await asyncio.get_running_loop().sock_recv(supervisor, 4096) == b"WATCHDOG=1"


async def test_it_ends_on_a_signal_and_leaves_the_screenshot(tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    async with running(tmp_path, "--presenter", "memory", "--screenshot", str(shot)) as (_, process):
        for _ in range(100):
            process.send_signal(signal.SIGUSR1)
            await asyncio.sleep(0.05)
            if shot.exists() and pygame.image.load(shot).get_at((400, 240))[:3] != (0, 0, 0):
                break
        process.terminate()
        assert await process.wait() == 0
    picture = pygame.image.load(shot)
    assert picture.get_size() == (800, 480)
    assert picture.get_at((2, 240))[:3] == (0x0D, 0x13, 0x1E)


async def test_without_a_display_it_says_what_to_do(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.kiosk", "--socket", str(tmp_path / "none")),
        env={**environment, "SDL_VIDEODRIVER": "x11"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"memory presenter" in errors


@pytest.mark.parametrize(
    ("level", "logged"), [((), True), (("--log-level=warning",), True), (("--log-level=error",), False)]
)
async def test_its_log_has_the_level_it_was_given_and_blanks_secrets(
    tmp_path: Path, level: tuple[str, ...], logged: bool
) -> None:
    shot = tmp_path / "no folder" / "token=abc123" / "shot.png"  # cannot be written, which is a warning
    phone = DummyPhone(tmp_path / "phone")
    await phone.start()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.kiosk", "--socket", str(phone.path), "--presenter", "memory"),
        *("--screenshot", str(shot), *level),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await asyncio.wait_for(phone.connected.wait(), 20)
        process.terminate()
        _, said = await asyncio.wait_for(process.communicate(), 20)
    finally:
        await phone.stop()
    assert (b"WARNING kiosk" in said) is logged
    assert (b"token=***" in said) is logged
    assert b"abc123" not in said
    assert b"asyncio" not in said


def test_no_display_is_also_an_operating_system_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "no-such-driver")
    pygame.display.quit()
    with pytest.raises(OSError, match="no window"):
        WindowPresenter((80, 48))
    assert issubclass(NoDisplay, OSError)


@contextlib.asynccontextmanager
async def in_process(
    folder: Path, presenter: MemoryPresenter | None = None
) -> AsyncIterator[tuple[DummyPhone, Kiosk, MemoryPresenter]]:
    phone = DummyPhone(folder / "phone")
    phone.greeting = IDLE
    await phone.start()
    presenter = presenter or MemoryPresenter((800, 480))
    kiosk = Kiosk(Options(phone.path, "memory"), presenter)
    task = asyncio.create_task(kiosk.run())
    await asyncio.wait_for(phone.connected.wait(), 20)
    await asyncio.sleep(0.3)
    try:
        yield phone, kiosk, presenter
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await phone.stop()


async def test_an_idle_phone_shows_no_frame_and_barely_wakes(tmp_path: Path) -> None:
    async with in_process(tmp_path) as (_, kiosk, presenter):
        if kiosk.ui.seconds_to_change() < 3:
            await asyncio.sleep(3.2)  # the minute turns
        frames = presenter.frames
        before = resource.getrusage(resource.RUSAGE_SELF)
        await asyncio.sleep(2)
        after = resource.getrusage(resource.RUSAGE_SELF)
        assert presenter.frames == frames
        assert after.ru_nvcsw - before.ru_nvcsw < 10
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.05


async def test_at_most_thirty_frames_a_second(tmp_path: Path) -> None:
    async with in_process(tmp_path) as (phone, _, presenter):
        frames, began = presenter.frames, time.monotonic()
        for number in range(200):
            phone.send(msgspec.structs.replace(IDLE, generation=number, missed=number % 7))
            await asyncio.sleep(0.005)
        elapsed = time.monotonic() - began
        assert 5 < presenter.frames - frames <= elapsed * 30 + 2


async def test_the_phone_restarts_under_it(tmp_path: Path) -> None:
    async with in_process(tmp_path) as (phone, kiosk, _):
        assert kiosk.ui.build().id == "idle"
        await phone.stop()
        await asyncio.sleep(0.1)
        assert kiosk.ui.build().id == "starting"
        await phone.start()
        await asyncio.wait_for(phone.connected.wait(), 20)
        await asyncio.sleep(0.2)
        assert kiosk.ui.build().id == "idle"


async def test_it_is_told_by_a_signal_that_the_machine_stops(tmp_path: Path) -> None:
    async with in_process(tmp_path) as (_, kiosk, _), asyncio.timeout(20):
        os.kill(os.getpid(), signal.SIGUSR2)
        while kiosk.screen.shown is None or kiosk.screen.shown.id != "farewell":  # noqa: ASYNC110 - it paints by itself
            await asyncio.sleep(0.01)


async def test_the_lock_is_the_phones(tmp_path: Path) -> None:
    async with in_process(tmp_path) as (phone, kiosk, _):
        phone.send(msgspec.structs.replace(IDLE, generation=2, lock=LockView(locked=True, pin_set=True)))
        for key in (Key.DIGIT_1, Key.DIGIT_2, Key.DIGIT_3, Key.DIGIT_4, Key.OK):
            phone.send(KeyEvent(key=key, pressed=True))
        command = await phone.command()
        assert isinstance(command, Unlock)
        assert kiosk.ui.build().id == "lock"


class Glass(MemoryPresenter):
    """A display that somebody may touch."""

    has_input = True

    def __init__(self) -> None:
        super().__init__((800, 480))
        self.touches: list[Action] = []

    def events(self) -> list[Action]:
        touches, self.touches = self.touches, []
        return touches


async def test_a_touch_beside_all_keys_is_use_of_the_phone(tmp_path: Path) -> None:
    glass = Glass()
    async with in_process(tmp_path, glass) as (phone, _, _):
        glass.touches = [PointerAction("down", 1, 1), PointerAction("up", 1, 1)]
        assert isinstance(await phone.command(), Used)
        assert phone.commands == []


@pytest.mark.parametrize("turns", range(4))
async def test_waiting_never_swallows_a_cancellation(turns: int) -> None:
    event = asyncio.Event()
    waited = asyncio.create_task(wait_for_event(event, 5))
    for _ in range(3):
        await asyncio.sleep(0)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
        if waited.done():
            return
    waited.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waited
