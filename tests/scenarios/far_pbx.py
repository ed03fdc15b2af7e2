"""The demo's innovaphone PBX as a process of its own, at the far end of a cable whose near end can be renumbered."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import AsyncExitStack
from pathlib import Path

from tests.interop.cable import Cable, cable

START_PATIENCE = 30.0
PORTS = "8080", "8443"
"""They are free: nobody else stands there."""


class FarPbx:
    """All people have the phone of the demo's first account; 100 is the PBX's echo."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "far-pbx"
        self._stack = AsyncExitStack()
        self._cable: Cable | None = None
        self._process: Process | None = None

    async def start(self) -> None:
        """Lay the cable, and start the PBX at its far end."""
        way = self._cable = await self._stack.enter_async_context(cable())
        port, tls_port = PORTS
        where = (f"--address={way.far}", f"--port={port}", f"--tls-port={tls_port}", f"--folder={self._folder}")
        command = (sys.executable, "-m", "app.demo", "--pbx=innovaphone", "--while-input", *where)
        self._process = await asyncio.create_subprocess_exec(*way.launch, *command, stdin=PIPE, stdout=PIPE)
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), START_PATIENCE)
        assert json.loads(line)["port"] == int(port)

    async def crash(self) -> None:
        """Be gone at once."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """Be gone, and the cable with it."""
        await self.crash()
        await self._stack.aclose()

    def configuration(self, _: str) -> str:
        """The configuration file of the one phone there is."""
        return (self._folder / "configurations" / "27-myapps.toml").read_text()

    async def renumber(self) -> None:
        """The phones get another address, and lose the one they had."""
        await self._way.renumber()

    @property
    def new_address(self) -> str:
        """What that gives them."""
        return self._way.after

    @property
    def _way(self) -> Cable:
        assert self._cable is not None, "the PBX was not started"
        return self._cable
