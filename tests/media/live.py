"""A media room on a running engine and the test's loop, for what needs real sockets and real time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from app.media.connectivity import Route
from app.media.engine_events import EngineEvents
from app.media.ice.gathering import IceServers
from app.media.room import MediaRoom, MediaSettings
from app.media.voice_stream import VoiceStream
from app.model.media import AnswerReady, MediaEvent, OfferReady, Scene
from app.model.session import Direction, MediaDescription, SessionDescription
from app.security.media_identity import MediaIdentity
from native import Clock, Engine, EngineReport, StreamStatistics
from tests.media.rig import PATHS, RINGER, STREAM

Event = TypeVar("Event")


class LivePhone:
    """A phone's media with one stream; `own` are its addresses and may change. A context manager, in a running loop."""

    def __init__(
        self,
        *own: str,
        settings: MediaSettings,
        servers: IceServers | None = None,
        identity: MediaIdentity | None = None,
        private: bool = False,
    ) -> None:
        self.own = own
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
        self._engine.start()
        self._events.start()
        self.room.open(STREAM, private=self._private)
        self.room.show(Scene(talking=(STREAM,), connected=(STREAM,), off_hook=True))
        return self

    def __exit__(self, *_: object) -> None:
        self._events.stop()
        self.room.close_all()
        self._engine.close()

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
