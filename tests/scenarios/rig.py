"""A demo PBX and a phone as processes of their own, driven over the wire that surfaces use."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

from app.model.commands import AnyCommand, Reply
from app.model.snapshot import Snapshot
from app.model.wire import FrameSplitter, decode_downward, encode
from tests.peers.peer import free_port

START_PATIENCE = 60.0
PATIENCE = 15.0
"""Seconds for what comes at once, on a machine that is busy with much else."""


class Surface:
    """A surface that remembers the newest snapshot and waits for replies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._splitter = FrameSplitter()
        self._next_id = 0
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._moved = asyncio.Event()
        self.snapshot: Snapshot | None = None
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, path: Path, patience: float = START_PATIENCE) -> Surface:
        """Connect as soon as the phone listens."""
        end = time.monotonic() + patience
        while True:
            try:
                return cls(*await asyncio.open_unix_connection(path))
            except OSError as error:
                if time.monotonic() > end:
                    raise AssertionError(f"the phone did not open its socket in {patience:g} s: {error}") from error
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        """Go away."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def command(self, build: Callable[[int], AnyCommand], patience: float = PATIENCE) -> Reply:
        """Send a command and return its reply."""
        self._next_id += 1
        future = asyncio.get_running_loop().create_future()
        self._replies[self._next_id] = future
        self._writer.write(encode(build(self._next_id)))
        return await asyncio.wait_for(future, patience)

    async def until(self, true: Callable[[Snapshot], bool], patience: float = PATIENCE) -> bool:
        """Wait until a snapshot makes `true` true; False when `patience` seconds went by."""
        end = time.monotonic() + patience
        while not (self.snapshot is not None and true(self.snapshot)):
            self._moved.clear()
            try:
                await asyncio.wait_for(self._moved.wait(), max(0.0, end - time.monotonic()))
            except TimeoutError:
                return False
        return True

    def describe(self) -> str:
        """The newest snapshot in a line, for failures."""
        s = self.snapshot
        if s is None:
            return "no snapshot yet"
        calls = [f"{c.party.number} {c.state} cause={c.cause} {c.notice}" for c in s.calls]
        lines = [f"{line.number} {line.registration} {line.reason}" for line in s.lines]
        return f"lines={lines} calls={calls} audio={s.audio} lock={s.lock} missed={s.missed} notices={s.notices}"

    async def _read(self) -> None:
        while data := await self._reader.read(65536):
            for payload in self._splitter.feed(data):
                message = decode_downward(payload)
                if isinstance(message, Snapshot):
                    self.snapshot = message
                    self._moved.set()
                elif isinstance(message, Reply):
                    self._replies.pop(message.id).set_result(message)


class Rig:
    """The world of one scenario, in a folder of its own."""

    def __init__(self, folder: Path, *, kiosk: bool = False) -> None:
        self.folder = folder
        self.surface: Surface | None = None
        self._kiosk = kiosk
        self._pbx: asyncio.subprocess.Process | None = None
        self._phone: asyncio.subprocess.Process | None = None
        self._ready: dict[str, int | str] = {}
        self._ports = [free_port(), free_port()]
        self._killed_kiosk: int | None = None

    @property
    def phone(self) -> Surface:
        """The phone's wire."""
        assert self.surface is not None, "the phone was not started"
        return self.surface

    @property
    def phone_log(self) -> str:
        """What the phone wrote so far."""
        path = self.folder / "phone.log"
        return path.read_text(errors="replace") if path.exists() else ""

    async def start_pbx(self) -> None:
        """Start the demo PBX, on the same ports each time."""
        sip, tls = self._ports
        arguments = ["app.demo", f"--port={sip}", f"--tls-port={tls}", f"--folder={self.folder / 'pbx'}"]
        self._pbx = await self._start(arguments, "pbx.log", stdout=asyncio.subprocess.PIPE)
        assert self._pbx.stdout is not None
        line = await asyncio.wait_for(self._pbx.stdout.readline(), START_PATIENCE)
        assert line, f"the PBX did not start: {(self.folder / 'pbx.log').read_text()}"
        self._ready = json.loads(line)

    async def stop_pbx(self, *, crash: bool) -> None:
        """End the PBX, asking it or not."""
        assert self._pbx is not None
        await _end(self._pbx, signal.SIGKILL if crash else signal.SIGTERM)
        if self._pbx.stdout is not None:
            await self._pbx.stdout.read()  # to its end, so that asyncio closes the pipe
        self._pbx = None

    async def start_phone(self, transport: str) -> None:
        """Start the phone with the configuration the PBX wrote for it, over `transport`."""
        config = self.folder / "phone.toml"
        config.write_text(self.configuration(transport))
        arguments = ["app.main", "run", "--board=headless", f"--config={config}", f"--state={self.folder / 'state'}"]
        arguments += [f"--socket={self.socket_path}"]
        if not self._kiosk:
            arguments.append("--no-kiosk")
        self._phone = await self._start(arguments, "phone.log")
        try:
            self.surface = await Surface.connect(self.socket_path)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.phone_log}") from None

    async def _start(
        self, arguments: list[str], log: str, stdout: int = asyncio.subprocess.DEVNULL
    ) -> asyncio.subprocess.Process:
        environment = dict(os.environ, SDL_VIDEODRIVER="dummy", SDL_AUDIODRIVER="dummy")
        with (self.folder / log).open("ab") as stderr:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", *arguments, stdout=stdout, stderr=stderr, env=environment
            )

    def configuration(self, transport: str) -> str:
        """The configuration file of extension 27 for `transport`."""
        path = Path(str(self._ready["configurations"])) / f"27-{transport}.toml"
        text = path.read_text()
        tomllib.loads(text)
        return text

    @property
    def socket_path(self) -> Path:
        """Where the phone's surfaces connect."""
        return self.folder / "phone.socket"

    @property
    def phone_pid(self) -> int:
        """The phone process."""
        assert self._phone is not None
        return self._phone.pid

    async def stop_phone(self) -> None:
        """End the phone as systemd would."""
        assert self._phone is not None
        if self.surface is not None:
            await self.surface.close()
            self.surface = None
        await _end(self._phone, signal.SIGTERM)
        self._phone = None

    async def kill_kiosk(self) -> None:
        """Kill the kiosk with no warning."""
        self._killed_kiosk = await self._kiosk_pid(None, START_PATIENCE)
        os.kill(self._killed_kiosk, signal.SIGKILL)

    async def kiosk_again(self, patience: float) -> None:
        """Wait for another kiosk than the one that was killed."""
        await self._kiosk_pid(self._killed_kiosk, patience)

    async def _kiosk_pid(self, other_than: int | None, patience: float) -> int:
        end = time.monotonic() + patience
        while time.monotonic() < end:
            for pid in _children(self.phone_pid):
                if pid != other_than and b"app.kiosk" in _command_line(pid):
                    return pid
            await asyncio.sleep(0.05)
        raise AssertionError(f"no kiosk within {patience:g} s\n{self.phone_log}")

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """End everything that runs."""
        if self._phone is not None:
            await self.stop_phone()
        if self._pbx is not None:
            await self.stop_pbx(crash=False)


async def _end(process: asyncio.subprocess.Process, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(how)
    try:
        await asyncio.wait_for(process.wait(), 10)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise AssertionError("the process did not end within 10 s of being asked to") from None


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
