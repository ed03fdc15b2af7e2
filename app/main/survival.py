"""Calls that outlive this process: kept in the supervisor's store of descriptors, and taken from there at the start.

The store holds the sockets of each answered call, the memory in which the engine writes down how far its streams have
come, and a sealed file of all that changes seldom. The next process has RTP flowing before it reads its settings.
What it cannot read it drops with a word in the log; so it does with calls whose taking up has just killed a process.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from app.calls.kept import KeptCalls
from app.main import memory_file
from app.main.kept import Kept, decode, encode
from app.media.kept import KeptVoice
from app.model.flags import LogFlag
from app.model.ids import LegId, StreamId
from hal.linux.descriptor_store import DescriptorStore
from native import Engine, EngineError, Stream, make_continuity

log = logging.getLogger(LogFlag.MAIN)

TOO_SOON = 10.0
"""Seconds: a process that dies so soon after it began to take calls up may have died of them, and they are dropped."""
_VOICE = "voice"
_CALLS = "calls-"


@dataclass(frozen=True)
class Survivor:
    """A stream that goes on, and what was kept of it."""

    voice: KeptVoice
    stream: Stream


class Survival:
    """Belongs to the main thread; nothing here waits. `begin` comes first, `keep` from then on."""

    def __init__(self, store: DescriptorStore, now: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._serial = 0
        self._taken_up_at: float | None = None
        self._stored: bytes = b""
        """What lies in the store, but for its serial."""
        self._sockets: set[int] = set()
        """SSRCs of the streams whose sockets lie in the store."""
        self.kept: Kept | None = None
        """The calls to go on with, as long as they are not in this process's hands."""
        self.survivors: tuple[Survivor, ...] = ()

    def begin(self, engine: Engine) -> None:
        """Look what the process before has left, and have its streams go on. Never raises for what that is."""
        if not self._store.there:
            return
        inherited = self._store.inherited
        self._have_memory(engine, inherited.pop(_VOICE, None))
        kept = self._newest({name: inherited[name] for name in inherited if name.startswith(_CALLS)})
        if kept is not None and self._may_be_taken_up(kept):
            self._serial, self._taken_up_at = kept.serial, self._now()
            self._put(msgspec.structs.replace(kept, taken_up_at=self._taken_up_at))
            self._resume(engine, kept, inherited)
        self._clean(inherited)

    def keep(self, kept: Kept | None, sockets: dict[int, tuple[int, int]]) -> None:
        """These are the calls now; `sockets` are their streams' by SSRC. None: there is no call to keep."""
        if not self._store.there or self.kept is not None:
            return
        for ssrc in sockets.keys() - self._sockets:
            for name, descriptor in zip(_socket_names(ssrc), sockets[ssrc], strict=True):
                self._store.add(name, descriptor)
        gone, self._sockets = self._sockets - sockets.keys(), set(sockets)
        if kept is not None:
            self._put(msgspec.structs.replace(kept, serial=self._serial, taken_up_at=self._taken_up_at))
        elif self._stored:
            self._store.remove(self._name)
            self._stored, self._taken_up_at = b"", None
        for ssrc in gone:
            for name in _socket_names(ssrc):
                self._store.remove(name)

    def taken_over(self) -> None:
        """The calls that `kept` tells of are in this process's hands, or given up."""
        self.kept, self.survivors = None, ()

    # --- steps --------------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return f"{_CALLS}{self._serial}"

    def _put(self, kept: Kept) -> None:
        """Have it in the store in place of the one before, which goes last: one of the two is always there."""
        content = encode(msgspec.structs.replace(kept, serial=0))
        if content == self._stored:
            return
        before, self._serial = self._name, self._serial + 1
        try:
            descriptor = memory_file.sealed("ip270-calls", encode(msgspec.structs.replace(kept, serial=self._serial)))
        except OSError as error:
            log.warning("calls are not kept for a crash: %s", error)
            return
        self._store.add(self._name, descriptor)
        os.close(descriptor)
        self._store.remove(before)
        self._stored = content

    def _have_memory(self, engine: Engine, inherited: int | None) -> None:
        if inherited is not None and self._goes_on_in(engine, inherited):
            return
        try:
            descriptor = make_continuity()
        except OSError as error:
            log.warning("voices are not kept for a crash: %s", error)
            return
        engine.keep_in(descriptor)
        self._store.add(_VOICE, descriptor)
        os.close(descriptor)

    def _goes_on_in(self, engine: Engine, inherited: int) -> bool:
        try:
            engine.keep_in(inherited)
        except EngineError as error:
            log.warning("the memory of the voices of the process before is no good: %s", error)
            self._store.remove(_VOICE)
            return False
        finally:
            os.close(inherited)
        return True

    def _newest(self, files: dict[str, int]) -> Kept | None:
        found: list[Kept] = []
        for name, descriptor in files.items():
            content = memory_file.content(descriptor)
            kept = None if content is None else decode(content)
            if kept is None:
                log.warning("%s of the process before cannot be read: no calls of it are taken up", name)
            else:
                found.append(kept)
        return max(found, key=lambda kept: kept.serial, default=None)

    def _may_be_taken_up(self, kept: Kept) -> bool:
        if kept.taken_up_at is None or self._now() - kept.taken_up_at >= TOO_SOON:
            return True
        log.error("calls are dropped: a process died %.1f s after taking them up", self._now() - kept.taken_up_at)
        return False

    def _resume(self, engine: Engine, kept: Kept, inherited: dict[str, int]) -> None:
        found = (self._resumed(engine, voice, inherited) for voice in kept.voices)
        self.kept, self.survivors = kept, tuple(filter(None, found))
        if self.survivors:
            engine.start()

    def _resumed(self, engine: Engine, voice: KeptVoice, inherited: dict[str, int]) -> Survivor | None:
        rtp, rtcp = _socket_names(voice.ssrc)
        if rtp not in inherited or rtcp not in inherited:
            log.warning("%s cannot go on: its sockets are gone", voice.name)
            return None
        try:
            stream = engine.resume_stream((inherited[rtp], inherited[rtcp]), voice.ssrc)
        except EngineError as error:
            log.warning("%s cannot go on: %s", voice.name, error)
            return None
        del inherited[rtp], inherited[rtcp]  # they are the engine's now
        try:
            stream.configure(voice.config)
        except EngineError as error:
            log.warning("%s cannot go on: %s", voice.name, error)
            stream.close()
            for name in (rtp, rtcp):
                self._store.remove(name)
            return None
        self._sockets.add(voice.ssrc)
        return Survivor(voice, stream)

    def _clean(self, inherited: dict[str, int]) -> None:
        """Let go of what nobody needs any more."""
        for name, descriptor in inherited.items():
            os.close(descriptor)
            if name != self._name:
                self._store.remove(name)
        inherited.clear()


def with_voice(kept: KeptCalls, voices: frozenset[StreamId], has: Callable[[LegId], bool]) -> KeptCalls:
    """Those of the calls whose stream goes on, and whose leg the line still has."""
    calls = tuple(one for one in kept.calls if one.leg.stream in voices and has(one.leg.id))
    return msgspec.structs.replace(kept, calls=calls)


def _socket_names(ssrc: int) -> tuple[str, str]:
    return f"rtp-{ssrc:08x}", f"rtcp-{ssrc:08x}"
