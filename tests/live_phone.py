"""The whole phone in the test's own process: commanded over its wire, with a voice and ears for its simulated devices.

It is put together as `ip270 run --board=headless --no-kiosk` does it. Its media thread runs in C, so that the test's
Python does not disturb its voice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from app.main.face import Setup
from app.main.phone import Phone
from app.main.storage import open_storage
from app.media import ring_tones
from app.media.connectivity import Route
from app.model import commands
from app.model.commands import AnyCommand, Reply
from app.model.media import RING_TONES, AudioPath
from app.model.quality import Quality
from app.model.signalling import Registration
from app.model.snapshot import CallState, CallView, Snapshot
from hal.board import load_board
from hal.devices import open_devices
from native import Clock, DigitReceived, Engine, Event, StreamStatistics
from tests.interop.sounds import PHONE_RATE, has_tone, likeness, pitches_in, tone
from tests.scenarios.rig import Surface
from tests.wav import Samples

PATIENCE = 15.0
SPOKEN_SECONDS = 14
"""What is said ahead: a memory device keeps 16 s."""
LISTENED = PHONE_RATE * 2 // 5


class _Engine(Engine):
    """An engine whose received digits can be looked at."""

    def __init__(self) -> None:
        super().__init__(Clock.CARD)
        self.digits = ""

    def drain(self) -> list[Event]:
        events = super().drain()
        self.digits += "".join(event.digit for event in events if isinstance(event, DigitReceived))
        return events


class LivePhone:
    """A phone with this configuration file, in a folder of its own. Use as an asynchronous context manager."""

    def __init__(self, folder: Path, configuration: str) -> None:
        self.folder = folder
        self._configuration = configuration
        self._engine = _Engine()
        self._worker = ThreadPoolExecutor(1)
        self._phone: Phone | None = None
        self._surface: Surface | None = None

    # --- life -----------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self.folder.mkdir()
        config, socket = self.folder / "phone.toml", self.folder / "phone.socket"
        config.write_text(self._configuration)
        board = load_board("headless")
        self._storage = storage = open_storage(self.folder / "state", config, board, self._worker)
        self._phone = Phone(Setup(socket, kiosk=False), storage, open_devices(board), self._engine, self._worker)
        await self._phone.start()
        self._surface = await Surface.connect(socket)
        await self.until(lambda snapshot: True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._surface is not None:
            await self._surface.close()
        if self._phone is not None:
            await self._phone.stop()
            self._storage.close()
        self._engine.close()
        self._worker.shutdown()

    @property
    def _running(self) -> Phone:
        assert self._phone is not None, "the phone was not started"
        return self._phone

    @property
    def surface(self) -> Surface:
        """The wire."""
        assert self._surface is not None, "the phone was not started"
        return self._surface

    async def apps_port(self) -> int:
        """Where apps connect, as soon as they can."""
        await self.until_true(lambda: self._running.apps_port is not None)
        assert self._running.apps_port is not None
        return self._running.apps_port

    # --- what the user does -----------------------------------------------------------------------------------

    async def do(self, build: Callable[[int], AnyCommand]) -> Reply:
        """Give a command, which must be accepted."""
        reply = await self.surface.command(build)
        assert reply.accepted, f"refused: {reply.reason} {reply.advice}"
        return reply

    async def dial(self, number: str) -> None:
        await self.do(lambda id_: commands.Dial(id_, number=number))

    async def answer(self) -> None:
        await self.do(lambda id_: commands.Answer(id_))

    async def reject(self) -> None:
        await self.do(lambda id_: commands.Reject(id_))

    async def hang_up(self) -> None:
        await self.do(lambda id_: commands.HangUp(id_))

    async def hold(self) -> None:
        await self.do(lambda id_: commands.Hold(id_))

    async def retrieve(self) -> None:
        await self.do(lambda id_: commands.Retrieve(id_))

    async def join(self) -> None:
        await self.do(lambda id_: commands.Join(id_))

    async def send_digits(self, digits: str) -> None:
        await self.do(lambda id_: commands.SendDigits(id_, digits=digits))

    def say(self, hertz: int) -> None:
        """Hold a whistle of this pitch in front of every microphone."""
        whistle = tone(hertz, SPOKEN_SECONDS, PHONE_RATE)
        for path in AudioPath:
            device = self._running.media.device(path)
            if device is not None:
                device.feed(whistle)

    # --- what is true -------------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """The newest picture that came over the wire."""
        assert self.surface.snapshot is not None
        return self.surface.snapshot

    @property
    def now(self) -> Snapshot:
        """The picture of this moment, which no surface may have seen yet."""
        return self._running.snapshot()

    async def until(self, true: Callable[[Snapshot], bool], within: float = PATIENCE) -> Snapshot:
        """Wait for a snapshot of which this is true."""
        assert await self.surface.until(true, within), f"not within {within:g} s; the phone: {self.surface.describe()}"
        return self.snapshot

    async def until_true(self, true: Callable[[], bool], within: float = PATIENCE) -> None:
        """Wait until something is true that no snapshot tells of."""
        end = time.monotonic() + within
        while not true():
            assert time.monotonic() < end, f"not within {within:g} s; the phone: {self.surface.describe()}"
            await asyncio.sleep(0.02)

    async def registered(self, within: float = PATIENCE) -> None:
        await self.until(lambda s: s.lines[0].registration is Registration.UP, within)

    async def call_is(self, state: CallState, within: float = PATIENCE) -> CallView:
        """Wait until there is a call in this state."""
        snapshot = await self.until(lambda s: any(call.state is state for call in s.calls), within)
        return next(call for call in snapshot.calls if call.state is state)

    async def no_call(self, within: float = PATIENCE) -> None:
        """Wait until no call runs; one that ended may still be shown."""
        await self.until(lambda s: all(call.state is CallState.ENDED for call in s.calls), within)

    async def ended_with(self, cause: int, within: float = PATIENCE) -> CallView:
        """Wait until a call is shown as ended, and why."""
        call = await self.call_is(CallState.ENDED, within)
        assert call.cause == cause, f"ended with {call.cause}: {call.notice}"
        return call

    async def digits(self, count: int, within: float = PATIENCE) -> str:
        """The DTMF digits that came by RFC 4733, once there are so many."""
        await self.until_true(lambda: len(self._engine.digits) >= count, within)
        return self._engine.digits

    async def hears(self, hertz: int, within: float = PATIENCE) -> None:
        """Listen until 0.4 s of nothing but this pitch came to the ear."""
        heard = np.zeros(0, np.int16)
        self._listen()
        end = time.monotonic() + within
        while not has_tone(heard, hertz, PHONE_RATE):
            assert time.monotonic() < end, f"no {hertz} Hz within {within:g} s; the phone: {self.surface.describe()}"
            await asyncio.sleep(0.05)
            heard = np.concatenate([heard, self._listen()])[-LISTENED:]

    async def hears_together(self, pitches: Collection[int], within: float = PATIENCE) -> None:
        """Listen until 0.4 s of all these pitches at once came to the ear."""
        heard = np.zeros(0, np.int16)
        self._listen()
        end = time.monotonic() + within
        while len(heard) < LISTENED or pitches_in(heard, pitches, PHONE_RATE) != frozenset(pitches):
            assert time.monotonic() < end, f"not {pitches} Hz within {within:g} s; the phone: {self.surface.describe()}"
            await asyncio.sleep(0.05)
            heard = np.concatenate([heard, self._listen()])[-LISTENED:]

    async def hears_no(self, hertz: int, within: float = PATIENCE) -> None:
        """Listen until 0.4 s without this pitch came to the ear."""
        heard = np.zeros(0, np.int16)
        self._listen()
        end = time.monotonic() + within
        while len(heard) < LISTENED or pitches_in(heard, {hertz}, PHONE_RATE):
            assert time.monotonic() < end, f"{hertz} Hz for {within:g} s; the phone: {self.surface.describe()}"
            await asyncio.sleep(0.05)
            heard = np.concatenate([heard, self._listen()])[-LISTENED:]

    async def ring_tone(self) -> str:
        """Listen to the ringer for a second and a half, and name the ring tone whose recording that is most like."""
        ringer = self._running.media.ringer
        assert ringer is not None
        ringer.take()
        await asyncio.sleep(1.5)
        heard = ringer.take()
        return max(RING_TONES, key=lambda name: likeness(heard, ring_tones.samples(name)))

    def _listen(self) -> Samples:
        device = self._running.media.device(self.snapshot.audio.path)
        assert device is not None, f"there is no {self.snapshot.audio.path}"
        return device.take()

    @property
    def statistics(self) -> StreamStatistics:
        """What the engine counts of the one stream there is."""
        (voice,) = self._running.media._streams.values()
        return voice.stream.statistics()

    async def counts(self, true: Callable[[StreamStatistics], bool], within: float = PATIENCE) -> StreamStatistics:
        """Wait until the stream's counters say so."""
        end = time.monotonic() + within
        while not true(statistics := self.statistics):
            assert time.monotonic() < end, f"not within {within:g} s: {statistics}"
            await asyncio.sleep(0.05)
        return statistics

    async def talks_on(self, packets: int = 10, within: float = PATIENCE) -> StreamStatistics:
        """Wait until so many packets more went out and came in, in a call that is connected."""
        before = self.statistics
        after = await self.counts(
            lambda s: (
                s.packets_sent >= before.packets_sent + packets
                and s.packets_received >= before.packets_received + packets
            ),
            within,
        )
        assert [call.state for call in self.snapshot.calls] == [CallState.CONNECTED]
        return after

    @property
    def line_address(self) -> str | None:
        """The phone's own address on the way to its PBX, as far as that is known."""
        return None if self._running.line is None else self._running.line.local_address

    @property
    def rtp_port(self) -> int:
        """Where the one stream listens."""
        (voice,) = self._running.media._streams.values()
        return voice.stream.rtp_port

    @property
    def route(self) -> Route | None:
        """The pairs that ICE chose for the one stream."""
        (voice,) = self._running.media._streams.values()
        return voice.route

    @property
    def suite(self) -> str:
        """The crypto suite of the one stream; "in the clear" without one."""
        (voice,) = self._running.media._streams.values()
        config = voice._config
        return "in the clear" if config is None or config.srtp is None else config.srtp.suite.name

    @property
    def keys_by(self) -> str:
        """How the keys came that encrypt the one stream both ways: "sdes" or "dtls"; "" where nothing does yet."""
        (voice,) = self._running.media._streams.values()
        if voice.agreement is None or self.suite == "in the clear":
            return ""
        return "sdes" if voice.agreement.handshake is None else "dtls"

    def quality(self) -> Quality:
        """The figures of the one call, as they are now."""
        (voice,) = self._running.media._streams.values()
        quality = voice.quality(self._running.media._engine.report())
        assert quality is not None, "nothing was agreed"
        return quality
