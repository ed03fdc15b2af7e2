"""The SDL window on a real X server (Xvfb), with keys and a pointer that come as a user's would (XTEST)."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pygame
import pytest

from app.kiosk.samples import IDLE
from app.model.commands import Dial, Used
from tests.kiosk.phone import DummyPhone

RETURN = 0xFF0D


class User:
    """Presses keys and touches on an X display."""

    def __init__(self, display: str) -> None:
        self._x = ctypes.CDLL("libX11.so.6")
        self._test = ctypes.CDLL("libXtst.so.6")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(display.encode()))
        assert self._display

    def press(self, *symbols: int) -> None:
        for symbol in symbols:
            code = self._x.XKeysymToKeycode(self._display, ctypes.c_ulong(symbol))
            for down in (1, 0):
                self._test.XTestFakeKeyEvent(self._display, code, down, ctypes.c_ulong(0))
        self._x.XFlush(self._display)

    def touch(self, x: int, y: int) -> None:
        self._test.XTestFakeMotionEvent(self._display, -1, x, y, ctypes.c_ulong(0))
        for down in (1, 0):
            self._test.XTestFakeButtonEvent(self._display, 1, down, ctypes.c_ulong(0))
        self._x.XFlush(self._display)

    def leave(self) -> None:
        self._x.XCloseDisplay(self._display)


@contextlib.asynccontextmanager
async def x_server() -> AsyncIterator[str]:
    read_end, write_end = os.pipe()
    server = await asyncio.create_subprocess_exec(
        *("Xvfb", "-displayfd", str(write_end), "-screen", "0", "800x480x24", "-nolisten", "tcp"),
        pass_fds=(write_end,),
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(write_end)
    try:
        number = await asyncio.to_thread(os.read, read_end, 16)
        yield f":{number.decode().strip()}"
    finally:
        os.close(read_end)
        server.terminate()
        await server.wait()


def wakeups(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])


@pytest.mark.timing
async def test_a_window_is_used_and_rests(tmp_path: Path) -> None:
    phone = DummyPhone(tmp_path / "phone")
    phone.greeting = IDLE
    await phone.start()
    shot = tmp_path / "shot.png"
    async with x_server() as display:
        environment = {key: value for key, value in os.environ.items() if key != "SDL_VIDEODRIVER"}
        kiosk = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.kiosk", "--socket", str(phone.path), "--screenshot", str(shot)),
            env={**environment, "DISPLAY": display},
        )
        await asyncio.wait_for(phone.connected.wait(), 20)
        await asyncio.sleep(1)
        user = User(display)
        user.touch(690, 440)
        await asyncio.sleep(0.5)
        user.press(*b"103", RETURN)
        assert isinstance(await phone.command(), Used)
        while isinstance(command := await phone.command(), Used):
            pass
        assert isinstance(command, Dial)
        assert command.number == "103"
        await asyncio.sleep(3)
        before = wakeups(kiosk.pid)
        await asyncio.sleep(3)
        assert wakeups(kiosk.pid) - before < 30
        user.leave()
        kiosk.terminate()
        assert await kiosk.wait() == 0
    await phone.stop()
    assert pygame.image.load(shot).get_size() == (800, 480)
