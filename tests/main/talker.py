"""A phone as a process that talks and listens, under a supervisor that gives its calls to the next one."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from app.main.kept import Kept
from app.model import commands
from app.model.commands import AnyCommand
from app.model.snapshot import Snapshot
from tests.interop.sounds import PHONE_RATE, has_tone, pitches_in
from tests.main.rig import PhoneProcess, connected, registered
from tests.main.supervisor import Supervisor
from tests.wav import Samples

PATIENCE = 40.0
LISTENED = PHONE_RATE * 2 // 5


class Talker:
    """Our phone, whistling."""

    def __init__(self, folder: Path, supervisor: Supervisor, configuration: str) -> None:
        self.ear = folder / "ear.raw"
        self.supervisor = supervisor
        self.process = PhoneProcess(folder / "talker", configuration)

    async def launch(self) -> None:
        """Start it with what the one before has left."""
        program = ("-m", "tests.main.talking_phone", str(self.ear))
        await self.supervisor.launch(self.process, program=program)
        await self.process.connect()

    async def end(self) -> None:
        """Kill it, if it runs."""
        if self.process.alive:
            await self.process.end(signal.SIGKILL)

    async def crash(self) -> float:
        """Kill it and start another at once; returns the seconds until that has taken the calls up."""
        await self.end()
        began = time.monotonic()
        self.supervisor.read()
        await self.launch()
        await self.until(taken_up)
        return time.monotonic() - began

    async def do(self, build: Callable[[int], AnyCommand]) -> None:
        """Give a command, which must be accepted."""
        reply = await self.process.surface.command(build)
        assert reply.accepted, reply.reason

    async def dial(self, number: str) -> None:
        """Call somebody."""
        await self.do(lambda id_: commands.Dial(id_, number=number))

    async def until(self, true: Callable[[Snapshot], bool]) -> Snapshot:
        """Wait for a snapshot of which this is true."""
        surface = self.process.surface
        assert await surface.until(true, PATIENCE), f"{surface.describe()}\n{self.process.said}"
        assert surface.snapshot is not None
        return surface.snapshot

    async def source(self) -> int:
        """The SSRC of its one stream that would survive."""
        await self.supervisor.until(self._would_go_on)
        (name,) = (name for name in self.supervisor.names if name.startswith("rtp-"))
        return int(name.removeprefix("rtp-"), 16)

    async def keys_are_kept(self) -> None:
        """Wait until the next process would have the keys of its one stream."""

        def there() -> bool:
            file = self.supervisor.kept_file()
            return file is not None and all(voice.config.srtp is not None for voice in file.voices)

        await self.supervisor.until(there)

    def _would_go_on(self) -> bool:
        """Whether the next process would have a call with its voice and its dialog, which an answer alone is not."""
        kept = self.kept()
        if kept is None or not kept.media.voices:
            return False
        legs = [] if kept.sip is None else [dialog.leg for dialog in kept.sip.dialogs]
        legs += [] if kept.pbx is None else [call.leg for call in kept.pbx.calls]
        return all(call.leg.id in legs for call in kept.calls.calls)

    def kept(self) -> Kept | None:
        """What the next process would have of the calls."""
        return self.supervisor.kept()

    async def hears(self, hertz: int) -> None:
        """Wait until it hears nothing but this pitch, from now on."""
        await self._listen(lambda heard: has_tone(heard, hertz, PHONE_RATE), f"{hertz} Hz")

    async def hears_together(self, pitches: Collection[int]) -> None:
        """Wait until it hears all of these at once, from now on."""
        wanted = frozenset(pitches)
        await self._listen(lambda heard: pitches_in(heard, wanted, PHONE_RATE) == wanted, f"{pitches} Hz")

    async def _listen(self, wanted: Callable[[Samples], bool], what: str) -> None:
        begin = self.ear.stat().st_size
        end = time.monotonic() + PATIENCE
        while True:
            octets = self.ear.read_bytes()[begin:]
            heard = np.frombuffer(octets[: len(octets) // 2 * 2], np.int16)[-LISTENED:]
            if len(heard) == LISTENED and wanted(heard):
                return
            assert time.monotonic() < end, f"no {what}\n{self.process.said}"
            await asyncio.sleep(0.05)


def taken_up(snapshot: Snapshot) -> bool:
    """Whether a call is on, and all are as good as before."""
    return registered(snapshot) and connected(snapshot) and not any(call.reconnecting for call in snapshot.calls)
