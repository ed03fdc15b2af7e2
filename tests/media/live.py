"""A media room on a running engine and the test's loop, for what needs real sockets and real time."""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from app.media.connectivity import Route
from app.media.engine_events import EngineEvents
from app.media.ice.gathering import IceServers
from app.media.kept import KeptVoice
from app.media.room import MediaRoom, MediaSettings
from app.media.voice_stream import VoiceStream
from app.model.media import AnswerReady, MediaEvent, OfferReady, Scene
from app.model.session import Direction, MediaDescription, SessionDescription
from app.security.media_identity import MediaIdentity
from native import Clock, Engine, EngineReport, Reach, StreamConfig, StreamStatistics, make_continuity
from tests.media.rig import PATHS, RINGER, STREAM

Event = TypeVar("Event")
_FIRST_SLOT = 64
"""Where the memory of streams has the SSRC of the first (native/src/continuity.c)."""


@dataclass(frozen=True)
class Left:
    """What a phone that died has left of its stream, as the supervisor keeps it."""

    memory: int
    sockets: tuple[int, int]
    ssrc: int
    config: StreamConfig
    reach: Reach | None
    voice: KeptVoice


class LivePhone:
    """A phone's media with one stream; `own` are its addresses and may change. A context manager, in a running loop."""

    def __init__(
        self,
        *own: str,
        settings: MediaSettings,
        servers: IceServers | None = None,
        identity: MediaIdentity | None = None,
        private: bool = False,
        left: Left | None = None,
    ) -> None:
        """With what another has `left` it goes on where that died."""
        self.own = own
        self._left = left
        self._memory = make_continuity() if left is None else left.memory
        self._alive = True
        self._private = private
        self.events: list[MediaEvent] = []
        self._engine = Engine(Clock.TIMER)
        self.room = MediaRoom(
            self._engine,
            PATHS,
            RINGER,
            self.events.append,
            address=lambda: self.own[0],
            settings=lambda: settings,
            addresses=lambda: self.own,
            servers=lambda: servers or IceServers(),
            identity=identity,
        )
        self._events = EngineEvents(self._engine, self.room.handle)

    def __enter__(self) -> LivePhone:
        self._engine.keep_in(self._memory)
        self._engine.start()
        self._events.start()
        if self._left is None:
            self.room.open(STREAM, private=self._private)
        else:
            opened = self._engine.resume_stream(self._left.sockets, self._left.ssrc)
            if self._left.reach is not None:
                opened.set_reach(self._left.reach)
            opened.configure(self._left.config)
            self.room.resume(self._left.voice, opened, self._left.config)
        self.room.show(Scene(talking=(STREAM,), connected=(STREAM,), off_hook=True))
        return self

    def __exit__(self, *_: object) -> None:
        if self._alive:
            self._events.stop()
            self.room.close_all()
            self._engine.close()
            os.close(self._memory)

    def die(self) -> Left:
        """Without a word but RTCP's; what is left is for another phone."""
        self._alive = False
        (voice,) = self.room.keep().voices
        stream, config, reach = self.room.running(STREAM)
        sockets = os.dup(stream.sockets[0]), os.dup(stream.sockets[1])
        self._events.stop()
        if self.voice._connectivity is not None:
            self.voice._connectivity._cancel(self.voice._connectivity._timer)
        self._engine.close()
        os.pwrite(self._memory, struct.pack("=I", stream.ssrc), _FIRST_SLOT)  # which an engine that is closed frees
        return Left(self._memory, sockets, stream.ssrc, config, reach, voice)

    @property
    def voice(self) -> VoiceStream:
        return self.room._streams[STREAM]

    @property
    def route(self) -> Route | None:
        return self.voice.route

    @property
    def statistics(self) -> StreamStatistics:
        return self.voice.stream.statistics()

    @property
    def report(self) -> EngineReport:
        return self._engine.report()

    async def told(self, kind: type[Event]) -> Event:
        """The next event of this kind, which is taken."""
        await until(lambda: any(isinstance(event, kind) for event in self.events))
        found = next(event for event in self.events if isinstance(event, kind))
        self.events.remove(found)
        return found

    async def offer(self) -> SessionDescription:
        self.room.offer(STREAM, Direction.SENDRECV)
        return (await self.told(OfferReady)).offer

    async def answer(self, offer: SessionDescription) -> SessionDescription:
        self.room.answer(STREAM, offer, Direction.SENDRECV)
        return (await self.told(AnswerReady)).answer

    async def hears(self, packets: int = 10, within: float = 10) -> float:
        """Wait until so many packets more have come; gives back how long that took."""
        before, began = self.statistics.packets_received, time.monotonic()
        await until(lambda: self.statistics.packets_received >= before + packets, within)
        return time.monotonic() - began


async def agree(caller: LivePhone, called: LivePhone) -> None:
    """One exchange of an offer and its answer."""
    caller.room.take_answer(STREAM, await called.answer(await caller.offer()))


async def until(true: Callable[[], bool], within: float = 10) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 - the engine's threads set no event
            await asyncio.sleep(0.01)


def changed(description: SessionDescription, **fields: object) -> SessionDescription:
    """The same description with other fields in its voice line."""
    line: MediaDescription = msgspec.structs.replace(description.media[0], **fields)
    return msgspec.structs.replace(description, media=(line,))
