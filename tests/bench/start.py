"""Rows `cold-start` and `memory`: the phone and its kiosk from their start on, started as their units start them.

Both processes begin at one moment, as systemd does it; the picture stays in memory, since there is no panel here.
"""

from __future__ import annotations

import asyncio
import compileall
import contextlib
import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tests.bench.contender import PATIENCE, answerer
from tests.bench.pbx import office
from tests.bench.process_tree import tree
from tests.bench.row import Row
from tests.bench.setup import Capture
from tests.peers.peer import REPOSITORY
from tests.peers.sipp_peer import Sipp

FIRST_PICTURE = b"the first picture is shown"
"""What the kiosk logs then."""
PICTURE_MS, REGISTERED_MS, MEGABYTES = 400, 700, 90
SETTLING_SECONDS = 10.0
"""After which nothing of the start is still being done: ring tones are made in its first seconds."""


@dataclasses.dataclass(frozen=True)
class _Start:
    """What was seen of one start: both processes, and milliseconds from it to the first picture and the PBX's 200."""

    phone: int
    kiosk: int
    pictured_ms: float
    registered_ms: float


@contextlib.asynccontextmanager
async def _started(sipp: Sipp) -> AsyncIterator[_Start]:
    """Both processes, from when the picture is shown and the line registered."""
    with tempfile.TemporaryDirectory(prefix="start-") as name, Capture(sipp.config.port) as capture:
        folder = Path(name)
        config, socket = folder / "phone.toml", folder / "phone.socket"
        config.write_text(f'[sip]\nregistrar = "127.0.0.1"\nport = {sipp.config.port}\nuser = "27"\n')
        phone_command = ("app.main", "run", "--board=headless", "--no-kiosk", f"--config={config}")
        began = time.time_ns()
        kiosk = await _run("app.kiosk", "--presenter=memory", f"--socket={socket}")
        phone = await _run(*phone_command, f"--state={folder / 'state'}", f"--socket={socket}")
        try:
            async with asyncio.timeout(PATIENCE):
                pictured = await _first_picture(kiosk)
                while not (registered := _answered(capture)):  # noqa: ASYNC110 - a thread captures
                    await asyncio.sleep(0.02)
            yield _Start(phone.pid, kiosk.pid, (pictured - began) / 1e6, (registered - began) / 1e6)
        finally:
            await asyncio.gather(_end(phone), _end(kiosk))


async def _run(*module: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *module), stderr=asyncio.subprocess.PIPE, cwd=REPOSITORY
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    await process.communicate()


async def _first_picture(kiosk: asyncio.subprocess.Process) -> int:
    """When the kiosk said that it shows one, in nanoseconds of the wall clock."""
    assert kiosk.stderr is not None
    async for line in kiosk.stderr:
        if FIRST_PICTURE in line:
            return time.time_ns()
    raise RuntimeError("the kiosk ended without a picture")


def _answered(capture: Capture) -> int:
    """When the registration was answered, in nanoseconds of the wall clock; 0 where it was not yet."""
    return next((at for at, what, _ in capture.messages if what == b"200"), 0)


async def measure_start(starts: int) -> list[Row]:
    """Start the pair over and over; the first time, which fills caches, is not counted."""
    compile_byte_code()
    async with answerer(("127.0.0.1", 9)) as sipp:
        found = []
        for _ in range(starts + 1):
            async with _started(sipp) as start:
                found.append(start)
    pictured = [start.pictured_ms for start in found[1:]]
    registered = [start.registered_ms for start in found[1:]]
    return [
        _row("cold-start", "to the first picture, median", "ms", statistics.median(pictured), PICTURE_MS, pictured),
        _row("cold-start", "to registered, median", "ms", statistics.median(registered), REGISTERED_MS, registered),
    ]


async def measure_memory() -> list[Row]:
    """What both hold when the phone is registered and idle: over SIP, and on an innovaphone PBX with its apps."""
    async with answerer(("127.0.0.1", 9)) as sipp, _started(sipp) as start:
        await asyncio.sleep(SETTLING_SECONDS)
        over_sip = _memory_row("phone and kiosk, idle, PSS", start.phone, start.kiosk)
    async with office("anna") as (_, (phone,)):
        await asyncio.sleep(SETTLING_SECONDS)
        _, kiosk = tree(phone.pid)
        on_pbx = _memory_row("phone and kiosk on an innovaphone PBX, idle, PSS", phone.pid, kiosk)
    return [over_sip, on_pbx]


def _memory_row(what: str, phone: int, kiosk: int) -> Row:
    held = {"phone, kB": _memory(phone), "kiosk, kB": _memory(kiosk)}
    shared = sum(each["Pss"] for each in held.values()) / 1000
    return dataclasses.replace(_row("memory", what, "MB", shared, MEGABYTES, [shared]), details=held)


def _memory(pid: int) -> dict[str, int]:
    """kB by the kernel's names: Rss counts pages that others share whole, Pss by their share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}


def compile_byte_code() -> None:
    """Byte code, which an image has (docs/boot.md), and the bench's own environment leaves out."""
    for folder in ("app", "hal", "native"):
        compileall.compile_dir(REPOSITORY / folder, quiet=2)


def _row(row: str, what: str, unit: str, ours: float, most: float, samples: list[float]) -> Row:
    return Row(
        row=row,
        what=what,
        unit=unit,
        ours=ours,
        peer=None,
        peer_name="",
        bar=f"ours: < {most:g} {unit}",
        met=ours < most,
        n=len(samples),
        details={"all": samples},
    )
