"""Starts the demo PBX as a process of its own, in a folder that is gone afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import json
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

START_PATIENCE = 20.0
STOP_PATIENCE = 3.0
ADDRESS = "127.0.0.1"


class Pbx(enum.StrEnum):
    """What the demo PBX speaks."""

    SIP = "sip"
    INNOVAPHONE = "innovaphone"


class DemoPbxFailed(Exception):
    """The demo PBX did not start; the text says why."""


@asynccontextmanager
async def demo_pbx(pbx: Pbx = Pbx.SIP) -> AsyncIterator[Path]:
    """A running demo PBX; gives the folder with its configurations, in which the phone may keep its state too.

    Raises DemoPbxFailed.
    """
    with tempfile.TemporaryDirectory(prefix="ip270-demo-") as name:
        folder = Path(name)
        command = [sys.executable, "-m", "app.demo", "--while-input", f"--folder={folder}", f"--address={ADDRESS}"]
        command += [f"--pbx={pbx}", f"--port={_free_port()}", f"--tls-port={_free_port()}"]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        try:
            yield await _configurations(process)
        finally:
            await _end(process)


async def _configurations(process: asyncio.subprocess.Process) -> Path:
    assert process.stdout is not None  # noqa: S101 # it was asked for
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_PATIENCE)
    except TimeoutError:
        raise DemoPbxFailed(f"The demo PBX said nothing for {START_PATIENCE:.0f} s") from None
    if not line:
        raise DemoPbxFailed("The demo PBX ended at once; it says why above")
    return Path(json.loads(line)["configurations"])


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    """A port that is free for UDP and TCP now."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind((ADDRESS, 0))
            port: int = tcp.getsockname()[1]
            with contextlib.suppress(OSError):
                udp.bind((ADDRESS, port))
                return port
