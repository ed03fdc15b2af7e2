"""The kiosk's keeper: a display that fails again and again is told, tried ever more slowly, and forgiven."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from pathlib import Path

import pytest

from app.main import kiosk_process
from app.main.kiosk_process import OFTEN, KioskProcess, kiosk_command
from app.model.flags import LogFlag
from app.model.snapshot import Notice, Severity
from hal.display import DisplayFacts, PresenterKind
from tests.main.rig import PhoneProcess, notice

CRASHES_UNTIL_MENDED = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
with (folder / "starts").open("a") as starts:
    starts.write(f"{time.monotonic()}\\n")
if not (folder / "mended").exists():
    sys.exit(7)
time.sleep(60)
"""


DEAF = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1], "up").touch()
time.sleep(60)
"""


class Told:
    """What the keeper said, awaited."""

    def __init__(self) -> None:
        self.newest: Notice | None = None
        self.moved = asyncio.Event()

    def __call__(self, notice: Notice | None) -> None:
        self.newest = notice
        self.moved.set()

    async def severity(self, wanted: Severity | None, patience: float) -> None:
        async with asyncio.timeout(patience):
            while (None if self.newest is None else self.newest.severity) is not wanted:
                self.moved.clear()
                await self.moved.wait()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiosk_process, "STEADY_AFTER", 0.5)
    monkeypatch.setattr(kiosk_process, "FIRST_DELAY", 0.05)


@pytest.mark.usefixtures("quick")
async def test_a_kiosk_that_crashes_at_once_is_told_slowed_and_forgiven(tmp_path: Path) -> None:
    told = Told()
    kiosk = KioskProcess((sys.executable, "-c", CRASHES_UNTIL_MENDED, str(tmp_path)), told)
    kiosk.start()
    try:
        await told.severity(Severity.WARNING, 5)
        await told.severity(Severity.ERROR, 5)
        assert told.newest is not None
        assert "exit status 7" in told.newest.text
        assert told.newest.advice
        (tmp_path / "mended").touch()
        await told.severity(None, 5)
    finally:
        await kiosk.stop()
    starts = [float(line) for line in (tmp_path / "starts").read_text().split()]
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert len(starts) > OFTEN
    for number, pause in enumerate(pauses):
        assert pause > 0.05 * 2**number


@pytest.mark.parametrize("level", ["error", "warning", "info", "debug"])
def test_the_kiosk_logs_what_its_flag_does(caplog: pytest.LogCaptureFixture, level: str) -> None:
    caplog.set_level(level.upper(), LogFlag.KIOSK)
    assert f"--log-level={level}" in kiosk_command(
        Path("socket"), DisplayFacts(800, 480, 133.0, PresenterKind.MEMORY), None
    )


async def test_a_kiosk_that_is_not_there_is_told() -> None:
    told = Told()
    kiosk = KioskProcess(("/nowhere/kiosk",), told)
    kiosk.start()
    await told.severity(Severity.WARNING, 5)
    await kiosk.stop()
    assert told.newest is not None
    assert "No such file" in told.newest.text


async def test_a_kiosk_that_will_not_end_is_ended(tmp_path: Path) -> None:
    kiosk = KioskProcess((sys.executable, "-c", DEAF, str(tmp_path)), Told())
    kiosk.start()
    async with asyncio.timeout(20):
        while not (tmp_path / "up").exists():  # noqa: ASYNC110 - it is another process that makes it
            await asyncio.sleep(0.02)
    began = time.monotonic()
    await kiosk.stop()
    assert time.monotonic() - began < kiosk_process.STOP_PATIENCE + 1


async def test_the_phone_goes_on_without_a_kiosk(tmp_path: Path) -> None:
    """An X server that is named and not there: each kiosk ends at once, and says why on stderr."""
    phone = PhoneProcess(tmp_path / "phone")
    nowhere = {"DISPLAY": ":4711", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": "x11"}
    async with phone.running(board="desktop", kiosk=True, environment=nowhere) as surface:
        assert await surface.until(lambda s: "cannot be kept running" in notice(s, "kiosk"), 60), surface.describe()
        await phone.until_said("no window can be opened")
        assert "Calls are possible" in notice(surface.snapshot, "kiosk")
