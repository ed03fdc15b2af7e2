"""A phone as a process of its own in a world with something wrong, and what it says about that."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from app.main import storage_watch
from app.model.signalling import Registration
from app.model.snapshot import CallState, Snapshot
from tests.scenarios.rig import PATIENCE, START_PATIENCE, Surface

NOT_FOUND = 'registrar = "127.0.0.1"\nport = 9\nuser = "27"\npassword = "x"\n'
"""A line whose PBX is not there."""
LOOKED_AT = 2 * storage_watch.INTERVAL + PATIENCE
"""Seconds within which the phone has seen that its folder is another than before, and has told what became of it."""


class PhoneProcess:
    """`ip270 run` in a folder of its own. What it writes to stderr is in `said`."""

    def __init__(self, folder: Path, configuration: str | None = f"[sip]\n{NOT_FOUND}") -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.config = folder / "phone.toml"
        self.state = folder / "state"
        self.socket = folder / "phone.socket"
        self._log = folder / "phone.log"
        self._surface: Surface | None = None
        self._process: asyncio.subprocess.Process | None = None
        if configuration is not None:
            self.config.write_text(configuration)

    @property
    def said(self) -> str:
        """Everything the phone wrote to stderr."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def pid(self) -> int:
        """The running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def surface(self) -> Surface:
        """The wire."""
        assert self._surface is not None, self.said
        return self._surface

    async def launch(
        self,
        *options: str,
        board: str = "headless",
        kiosk: bool = False,
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
        program: Sequence[str] = ("-m", "app.main"),
    ) -> None:
        """Start the process and wait for nothing. `prefix` is a program that runs it, `setpriv` for one.

        It has these `descriptors`, under the same numbers. `program` may be another with the same command line.
        """
        command = [*prefix, sys.executable, *program, "run", f"--board={board}", f"--config={self.config}"]
        command += [f"--state={self.state}", f"--socket={self.socket}", *options]
        if not kiosk:
            command.append("--no-kiosk")
        variables = {**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", **(environment or {})}
        with self._log.open("ab") as stderr:
            self._process = await asyncio.create_subprocess_exec(
                *command, stderr=stderr, env=variables, pass_fds=tuple(descriptors)
            )

    async def connect(self, patience: float = START_PATIENCE) -> None:
        """Be its surface as soon as it listens."""
        try:
            self._surface = await Surface.connect(self.socket, patience)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.said}") from None

    @contextlib.asynccontextmanager
    async def running(
        self,
        *options: str,
        board: str = "headless",
        kiosk: bool = False,
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Surface]:
        """The process from its start to its end by SIGTERM, seen by a surface."""
        await self.launch(*options, board=board, kiosk=kiosk, prefix=prefix, environment=environment)
        try:
            await self.connect()
            yield self.surface
        finally:
            await self.end()

    async def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Ask it to end, or kill it; returns its exit status and the seconds that took."""
        assert self._process is not None
        if self._surface is not None:
            await self._surface.close()
            self._surface = None
        began = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        try:
            status = await asyncio.wait_for(self._process.wait(), 15)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise AssertionError(f"the phone did not end within 15 s\n{self.said}") from None
        return status, time.monotonic() - began

    async def ended(self, patience: float = START_PATIENCE) -> int:
        """Wait for it to end by itself; returns its exit status."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), patience)

    async def until_said(self, words: str, patience: float = START_PATIENCE) -> None:
        """Wait for words on stderr."""
        end = time.monotonic() + patience
        while words not in self.said:
            assert time.monotonic() < end, f"never said {words!r}:\n{self.said}"
            await asyncio.sleep(0.05)


def notice(snapshot: Snapshot | None, name: str) -> str:
    """Text and advice of the notices with this id or below it; empty when there is none."""
    assert snapshot is not None, "no snapshot yet"
    found = [one for one in snapshot.notices if one.id == name or one.id.startswith(name + ".")]
    return " ".join(f"{one.text} {one.advice}" for one in found)


def registration(snapshot: Snapshot | None) -> Registration | None:
    """How the line stands; None without one."""
    return snapshot.lines[0].registration if snapshot is not None and snapshot.lines else None


def registered(snapshot: Snapshot | None) -> bool:
    """Whether the line is up."""
    return registration(snapshot) is Registration.UP


def line_words(snapshot: Snapshot | None) -> str:
    """What the line says is wrong, and what to do."""
    assert snapshot is not None, "no snapshot yet"
    return " ".join(f"{line.reason} {line.advice}" for line in snapshot.lines)


def connected(snapshot: Snapshot | None) -> bool:
    """Whether a call is connected."""
    assert snapshot is not None, "no snapshot yet"
    return any(call.state is CallState.CONNECTED for call in snapshot.calls)
