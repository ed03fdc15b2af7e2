"""Calls that outlive this process: kept in the supervisor's store of descriptors, and taken from there at the start.

The store holds the sockets of each answered call, the memory in which the engine writes down how far its streams have
come, and a sealed file of all that changes seldom. The next process has RTP flowing before it loads the phone's rooms,
which takes far longer than this: so nothing but the engine may be imported here. What it cannot read it drops with a
word in the log; so it does with calls whose taking up has just killed a process.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from app.main import memory_file
from app.model.decoding import NOT_DECODED
from app.model.flags import LogFlag
from app.model.ids import StreamId
from hal.linux.descriptor_store import DescriptorStore
from native import Clock, Engine, EngineError, Reach, Stream, StreamConfig, make_continuity

log = logging.getLogger(LogFlag.MAIN)

TOO_SOON = 10.0
"""Seconds: a process that dies so soon after it began to take calls up may have died of them, and they are dropped."""
_VOICE = "voice"
_CALLS = "calls-"


VERSION = 4
"""Of everything that is kept, in all rooms: raised with each change of it."""
_HEAD = b"IP270 calls %d\n" % VERSION


class RunningVoice(msgspec.Struct, frozen=True):
    """A stream that runs. `config` holds its keys; `ssrc` names it in the engine's own memory."""

    name: StreamId
    ssrc: int
    config: StreamConfig
    reach: Reach | None = None


class KeptFile(msgspec.Struct, frozen=True):
    """What lies in the sealed file. Of two the one with the greater `serial` is newer.

    `taken_up_at` is the monotonic second at which a process began to take these calls up; None: none has had to.
    `calls` is for who has the rooms (`app.main.kept`).
    """

    serial: int
    taken_up_at: float | None
    voices: tuple[RunningVoice, ...]
    calls: bytes


@dataclass(frozen=True)
class Survivor:
    """A stream that goes on."""

    voice: RunningVoice
    stream: Stream


class Survival:
    """Belongs to the main thread; nothing here waits. `begin` comes first, `keep` from then on."""

    def __init__(self, store: DescriptorStore, engine: Engine, now: Callable[[], float] = time.monotonic) -> None:
        self.engine = engine
        self._store = store
        self._now = now
        self._serial = 0
        self._taken_up_at: float | None = None
        self._memory: int | None = None
        """The memory of the voices, as long as the store could not be told of it."""
        self._file = ""
        """The name of the newest file in the store; empty: there is none."""
        self._stored: bytes = b""
        """What lies in it, but for its serial."""
        self._sockets: set[int] = set()
        """SSRCs of the streams whose sockets lie in the store."""
        self._unneeded: set[str] = set()
        """Names that the store is still to be told to forget."""
        self.kept: bytes | None = None
        """The calls to go on with, as long as they are not in this process's hands."""
        self.survivors: tuple[Survivor, ...] = ()

    def begin(self) -> None:
        """Look what the process before has left, and have its streams go on. Never raises for what that is."""
        if not self._store.there:
            return
        inherited = self._store.inherited
        self._have_memory(inherited.pop(_VOICE, None))
        kept = self._newest({name: inherited[name] for name in inherited if name.startswith(_CALLS)})
        if kept is not None and self._may_be_taken_up(kept):
            self._serial, self._taken_up_at = kept.serial, self._now()
            self._file = _file_name(kept.serial)
            self._put(msgspec.structs.replace(kept, taken_up_at=self._taken_up_at))
            self._resume(kept, inherited)
        self._clean(inherited)

    def keep(self, calls: bytes | None, voices: Sequence[tuple[RunningVoice, tuple[int, int]]]) -> bool:
        """These are the calls now, and their streams with their sockets. None: there is no call to keep.

        False where the store could not be told of everything: say it again in a while.
        """
        if not self._store.there or self.kept is not None:
            return True
        sockets = {voice.ssrc: descriptors for voice, descriptors in voices}
        gone = self._sockets - sockets.keys()
        self._sockets &= sockets.keys()
        self._sockets |= {ssrc for ssrc in sockets.keys() - self._sockets if self._add(ssrc, sockets[ssrc])}
        if calls is not None:
            told = self._put(KeptFile(0, self._taken_up_at, tuple(voice for voice, _ in voices), calls))
        else:
            told = True
            self._forget(self._file)
            self._file, self._stored, self._taken_up_at = "", b"", None
        self._forget(*(name for ssrc in gone for name in _socket_names(ssrc)))
        self._store_memory()
        return told and self._sockets == sockets.keys() and not self._unneeded and self._memory is None

    def taken_over(self) -> None:
        """The calls that `kept` tells of are in this process's hands, or given up."""
        self.kept, self.survivors = None, ()

    # --- steps --------------------------------------------------------------------------------------------

    def _add(self, ssrc: int, descriptors: tuple[int, int]) -> bool:
        names = _socket_names(ssrc)
        self._unneeded.difference_update(names)
        told = all(self._store.add(name, each) for name, each in zip(names, descriptors, strict=True))
        if not told:
            self._unneeded.update(names)  # one without the other; both are added again, or not needed any more
        return told

    def _forget(self, *names: str) -> None:
        """Have the store forget these, and what it could not be told to forget before."""
        self._unneeded.update(filter(None, names))
        self._unneeded = {name for name in self._unneeded if not self._store.remove(name)}

    def _put(self, kept: KeptFile) -> bool:
        """Have it in the store in place of the one before, which goes last: one of the two is always there."""
        content = _encode(msgspec.structs.replace(kept, serial=0))
        if content == self._stored:
            return True
        serial = self._serial + 1
        try:
            descriptor = memory_file.sealed("ip270-calls", _encode(msgspec.structs.replace(kept, serial=serial)))
        except OSError as error:
            log.warning("calls are not kept for a crash: %s", error)
            return False
        told = self._store.add(_file_name(serial), descriptor)
        os.close(descriptor)
        if told:
            before, self._file = self._file, _file_name(serial)
            self._serial, self._stored = serial, content
            self._forget(before)
        return told

    def _have_memory(self, inherited: int | None) -> None:
        if inherited is not None and self._goes_on_in(inherited):
            return
        try:
            descriptor = make_continuity()
        except OSError as error:
            log.warning("voices are not kept for a crash: %s", error)
            return
        self.engine.keep_in(descriptor)
        self._memory = descriptor
        self._store_memory()

    def _store_memory(self) -> None:
        if self._memory is None or _VOICE in self._unneeded:  # whose removal would take this along
            return
        if self._store.add(_VOICE, self._memory):
            os.close(self._memory)
            self._memory = None

    def _goes_on_in(self, inherited: int) -> bool:
        try:
            self.engine.keep_in(inherited)
        except EngineError as error:
            log.warning("the memory of the voices of the process before is no good: %s", error)
            self._forget(_VOICE)
            return False
        finally:
            os.close(inherited)
        return True

    def _newest(self, files: dict[str, int]) -> KeptFile | None:
        found: list[KeptFile] = []
        for name, descriptor in files.items():
            content = memory_file.content(descriptor)
            kept = None if content is None else _decode(content)
            if kept is None:
                log.warning("%s of the process before cannot be read: no calls of it are taken up", name)
            else:
                found.append(kept)
        return max(found, key=lambda kept: kept.serial, default=None)

    def _may_be_taken_up(self, kept: KeptFile) -> bool:
        if kept.taken_up_at is None or self._now() - kept.taken_up_at >= TOO_SOON:
            return True
        log.error("calls are dropped: a process died %.1f s after taking them up", self._now() - kept.taken_up_at)
        return False

    def _resume(self, kept: KeptFile, inherited: dict[str, int]) -> None:
        found = (self._resumed(voice, inherited) for voice in kept.voices)
        self.kept, self.survivors = kept.calls, tuple(filter(None, found))
        if self.survivors:
            self.engine.start()

    def _resumed(self, voice: RunningVoice, inherited: dict[str, int]) -> Survivor | None:
        rtp, rtcp = _socket_names(voice.ssrc)
        if rtp not in inherited or rtcp not in inherited:
            log.warning("%s cannot go on: its sockets are gone", voice.name)
            return None
        try:
            stream = self.engine.resume_stream((inherited[rtp], inherited[rtcp]), voice.ssrc)
        except EngineError as error:
            log.warning("%s cannot go on: %s", voice.name, error)
            return None
        del inherited[rtp], inherited[rtcp]  # they are the engine's now
        try:
            if voice.reach is not None:
                stream.set_reach(voice.reach)
            stream.configure(voice.config)
        except EngineError as error:
            log.warning("%s cannot go on: %s", voice.name, error)
            stream.close()
            self._forget(rtp, rtcp)
            return None
        self._sockets.add(voice.ssrc)
        return Survivor(voice, stream)

    def _clean(self, inherited: dict[str, int]) -> None:
        """Let go of what nobody needs any more."""
        for descriptor in inherited.values():
            os.close(descriptor)
        self._forget(*(name for name in inherited if name != self._file))
        inherited.clear()


@contextmanager
def begun() -> Iterator[Survival]:
    """An engine in which the streams of the process before go on, until this one ends."""
    with Engine(Clock.CARD) as engine:
        survival = Survival(DescriptorStore(os.environ), engine)
        survival.begin()
        yield survival


def _encode(kept: KeptFile) -> bytes:
    return _HEAD + msgspec.msgpack.encode(kept)


def _decode(data: bytes) -> KeptFile | None:
    """None for what another version wrote, or nobody."""
    if not data.startswith(_HEAD):
        return None
    try:
        return msgspec.msgpack.decode(data[len(_HEAD) :], type=KeptFile)
    except NOT_DECODED:
        return None


def _file_name(serial: int) -> str:
    return f"{_CALLS}{serial}"


def _socket_names(ssrc: int) -> tuple[str, str]:
    return f"rtp-{ssrc:08x}", f"rtcp-{ssrc:08x}"
