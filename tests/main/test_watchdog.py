"""The supervisor hears that the phone works only while its loop and its media thread both do."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.main.watchdog import Watchdog
from app.model import commands
from hal.sim.system import SimulatedSystem
from tests.scenarios.rig import Surface

PATIENCE = 20.0
INTERVAL = 0.2
"""Seconds between two meals; the phone feeds twice in what the supervisor waits."""
SILENCE = 10 * INTERVAL
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
_WALL = 0x40000000  # __WALL: threads too


def fed(*turns: int | None) -> int:
    """How often a supervisor is fed with these turns of the media thread, one after another."""
    system, left = SimulatedSystem(), iter(turns)
    watchdog = Watchdog(system, lambda: next(left))
    for _ in turns:
        watchdog.look()
    return len(system.told)


def test_a_media_thread_that_goes_round_or_rests_is_well() -> None:
    assert fed(0, 100, 200) == 3
    assert fed(None, None, 1, None, 2) == 5


def test_one_that_stands_still_is_not() -> None:
    assert fed(100, 100, 100) == 1
    assert fed(None, 5, 5, 6) == 3


@contextmanager
def stopped(thread: int) -> Iterator[None]:
    """A single thread of a child process stands still, as in a deadlock; the others go on."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ptrace(request: int) -> None:
        if libc.ptrace(request, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    ptrace(PTRACE_SEIZE)
    ptrace(PTRACE_INTERRUPT)
    os.waitpid(thread, _WALL)
    try:
        yield
    finally:
        ptrace(PTRACE_DETACH)


def thread_of(process: int, name: str) -> int:
    threads = Path(f"/proc/{process}/task").iterdir()
    (found,) = (int(thread.name) for thread in threads if (thread / "comm").read_text().strip() == name)
    return found


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)  # noqa: FBT003 # the socket module has it so
        yield listening


async def meal(supervisor: socket.socket) -> None:
    """Wait until it is fed."""
    async with asyncio.timeout(PATIENCE):
        while await asyncio.get_running_loop().sock_recv(supervisor, 4096) != b"WATCHDOG=1":
            pass


async def hungry(supervisor: socket.socket) -> bool:
    """Whether it is fed no more, but for a meal that was on its way."""
    try:
        async with asyncio.timeout(SILENCE):
            for _ in range(3):
                await meal(supervisor)
    except TimeoutError:
        return True
    return False


@contextmanager
def phone(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A phone that is nobody's but this test's to wait for: asyncio would take its stops for its end."""
    environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": str(int(2e6 * INTERVAL))}
    command = [sys.executable, "-m", "app.main", "run", "--board=headless", "--no-kiosk"]
    command += [f"--state={folder / 'state'}", f"--socket={folder / 'phone.socket'}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, **environment}) as process:
        try:
            yield process
            process.terminate()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("which", ["media", "main"])
async def test_a_thread_that_stands_still_starves_the_supervisor(
    tmp_path: Path, supervisor: socket.socket, which: str
) -> None:
    with phone(tmp_path) as process:
        await meal(supervisor)
        surface = await Surface.connect(tmp_path / "phone.socket", PATIENCE)
        with stopped(process.pid if which == "main" else thread_of(process.pid, which)):
            if which == "media":
                # A thread that rests is well, until somebody wants something of it.
                await surface.command(lambda id_: commands.PreviewRing(id_, tone="glass"))
            assert await hungry(supervisor)
        await meal(supervisor)
        await surface.close()
