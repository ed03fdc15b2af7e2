"""`ip270 demo`: a small PBX, the phone and its display, for somebody who wants to see it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from app.main.command_line import DemoOptions
from app.main.demo_pbx import DemoPbxFailed, Pbx, demo_pbx
from app.main.face import Setup
from app.main.phone import Phone
from app.main.run import running_phone
from app.model.signalling import Registration
from hal.board import load_board

REGISTER_PATIENCE = 20.0
POLL = 0.05
PAINTED_AFTER = 0.5
"""Seconds after the kiosk and the registration are there within which the picture is surely drawn."""

HINTS = {
    Pbx.SIP: "Dial 100 (echo), 101 (announcement), 102 (busy), 103 (colleague), 104 (calls back).",
    Pbx.INNOVAPHONE: "Dial 100 (echo).",
}


class DemoFailed(Exception):
    """The demo did not come as far as it should; the text says why."""


def demo(options: DemoOptions) -> int:
    """Run the demo until it is closed. Returns the exit status."""
    picture = options.screenshot
    try:
        if picture is not None:
            _make_room(picture)
        asyncio.run(_demo(options))
        if picture is not None and not picture.exists():
            raise DemoFailed(f"The display process wrote no picture to {picture}")
    except (DemoFailed, DemoPbxFailed, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _make_room(picture: Path) -> None:
    """See at once that the picture can be written, and that none of an earlier run is taken for it."""
    try:
        picture.unlink(missing_ok=True)
        picture.touch()
        picture.unlink()
    except OSError as error:
        raise DemoFailed(f"No picture can be written to {picture}: {error.strerror}") from error


async def _demo(options: DemoOptions) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    board = load_board("headless" if options.headless else "desktop")
    async with demo_pbx(options.pbx) as configurations:
        config = _configuration(configurations, options)
        setup = Setup(configurations / "phone.socket", screenshot=options.screenshot, window_closed=stopped.set)
        async with running_phone(board, configurations / "state", config, setup) as phone:
            if options.screenshot is not None:
                await _take_picture(phone, stopped)
            else:
                await _until(lambda: _registered(phone) or stopped.is_set(), REGISTER_PATIENCE)
                hint = f"The phone is registered. {HINTS[options.pbx]}"
                print(hint if _registered(phone) else _reason(phone), file=sys.stderr)
                await stopped.wait()


def _configuration(folder: Path, options: DemoOptions) -> Path:
    """The configuration of the demo's first phone, with the display's theme where one was asked for."""
    path = folder / ("27-udp.toml" if options.pbx is Pbx.SIP else "27-myapps.toml")
    if options.theme:
        with path.open("a") as file:
            file.write(f'\n[display]\ntheme = "{options.theme}"\n')
    return path


async def _take_picture(phone: Phone, stopped: asyncio.Event) -> None:
    if not await _until(lambda: _registered(phone) and phone.surfaces > 0, REGISTER_PATIENCE, stopped):
        raise DemoFailed(_reason(phone))
    await asyncio.sleep(PAINTED_AFTER)
    await phone.stop_kiosk()


async def _until(true: Callable[[], bool], seconds: float, stopped: asyncio.Event | None = None) -> bool:
    end = asyncio.get_running_loop().time() + seconds
    while not true():
        if asyncio.get_running_loop().time() > end or (stopped is not None and stopped.is_set()):
            return False
        await asyncio.sleep(POLL)
    return True


def _registered(phone: Phone) -> bool:
    lines = phone.snapshot().lines
    return bool(lines) and lines[0].registration is Registration.UP


def _reason(phone: Phone) -> str:
    """Why there is no picture, or no registration."""
    snapshot = phone.snapshot()
    if _registered(phone):
        return f"The display process did not come up within {REGISTER_PATIENCE:.0f} s"
    words = [f"{line.reason} {line.advice}" for line in snapshot.lines]
    words += [f"{notice.text} {notice.advice}" for notice in snapshot.notices]
    return f"The phone is not registered. {' '.join(words)}".strip()
