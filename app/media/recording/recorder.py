"""Records the calls that the scene says: from a stream of the engine to a file in the spool."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.media.kept import KeptRecorder
from app.media.recording.dummy_sip import DummyDialogue, Formats, Message, formats
from app.media.recording.spool import file_name
from app.media.voice_stream import VoiceStream
from app.model.flags import LogFlag
from app.model.ids import CallId, StreamId
from app.model.media import MediaEvent, Recorded, RecordingState
from native import Engine, EngineClosed, EngineError, LimitReached, Recording, RecordingChanged, RecordingEnded

log = logging.getLogger(LogFlag.MEDIA)


@dataclass(frozen=True)
class RecorderFacts:
    """Who records, and where to: asked whenever a recording begins. `limit` is the most a file may hold, in bytes."""

    folder: Path
    limit: int
    mac: str
    registration: str


class Keeper(Protocol):
    """Who looks after the files."""

    def begun(self, path: Path) -> None:
        """A recording is about to begin. Before its file is there, which would be taken for a left-over else."""

    def ended(self, path: Path) -> None:
        """A recording grows no more."""

    def failed(self, reason: str) -> None:
        """A call is not recorded that should be, or not any more; why, in words for a person."""


class Recorder:
    """Belongs to the main thread. One recording a call, which goes on where the call goes on in another stream.

    The engine's events about recordings must come to `handle`; `post` gets the room's.
    """

    def __init__(
        self, engine: Engine, facts: Callable[[], RecorderFacts], keeper: Keeper, post: Callable[[MediaEvent], None]
    ) -> None:
        self._engine = engine
        self._facts = facts
        self._keeper = keeper
        self._post = post
        self._calls: dict[CallId, _RecordedCall] = {}
        self._ending: dict[Recording, _RecordedCall] = {}
        self._ended: list[Recording] = []
        self._followed: tuple[tuple[Recorded, ...], Mapping[StreamId, VoiceStream]] = (), {}
        """What `follow` was told last."""
        self._begun = 0
        self._start = uuid.uuid4()

    def keep(self) -> KeptRecorder:
        """What the recorder of another process needs to name its recordings."""
        return KeptRecorder(self._start.hex, self._begun)

    def resume(self, kept: KeptRecorder) -> None:
        """Go on after a recorder that died with its process; its files lie in the folder still.

        What is recorded from now on of its calls comes under the same GUID, with the next serial number. Raises
        ValueError for what no recorder has kept.
        """
        self._start, self._begun = uuid.UUID(kept.start), kept.begun

    def follow(self, wanted: tuple[Recorded, ...], streams: Mapping[StreamId, VoiceStream]) -> None:
        """Record these calls and no others. May be told again and again; what is not agreed yet waits."""
        self._followed = wanted, streams
        self._try_again()
        for call in self._calls.keys() - {one.call for one in wanted}:
            self._finish(self._calls.pop(call))
        for one in wanted:
            voice = streams.get(one.stream)
            spoken = None if voice is None or voice.agreement is None else formats(voice.agreement)
            if voice is not None and spoken is not None:
                self._record(one, voice, spoken)

    def give_up(self, path: Path) -> None:
        """End a recording that there is no more room for."""
        for call in self._calls.values():
            if call.recording is not None and call.recording.path == path:
                self._keeper.failed(_words(errno.EFBIG))
                self._finish(call)

    def handle(self, event: RecordingChanged | RecordingEnded) -> None:
        """The engine tells how a recording stands."""
        call = next((call for call in self._recorded() if call.recording is event.recording), None)
        if isinstance(event, RecordingChanged):
            if call is not None:
                self._tell(call, on=event.writing)
            return
        self._keeper.ended(event.recording.path)
        if event.lost:
            log.warning("recording %s lacks %d packets", event.recording.path.name, event.lost)
        taken = event.code == errno.EEXIST
        if event.code and not taken:
            log.error("recording %s: %s", event.recording.path, errno.errorcode.get(event.code, event.code))
            self._keeper.failed(_words(event.code))
        if call is not None:
            self._over(call, event.recording)  # it is not begun again for this call
        self._let_go(event.recording)
        if taken and call is not None:
            self._take_next_serial(call)

    # --- steps -----------------------------------------------------------------------------------------------

    def _record(self, one: Recorded, voice: VoiceStream, spoken: Formats) -> None:
        try:
            call = self._calls.get(one.call)
            if call is None:
                call = self._begin(one)
            call.go_on(voice, spoken)
        except EngineError as error:
            log.error("%s cannot be recorded: %s", one.call, error)
            self._calls.setdefault(one.call, _RecordedCall(one.call, None, None))
            self._keeper.failed("The phone's sound engine cannot record this call")

    def _take_next_serial(self, call: _RecordedCall) -> None:
        """Begin again: a recorder whose count was not kept has left a file of this name."""
        if self._calls.get(call.id) is call:
            del self._calls[call.id]
            self.follow(*self._followed)

    def _begin(self, one: Recorded) -> _RecordedCall:
        facts = self._facts()
        guid = one.guid or uuid.uuid5(self._start, one.call).hex
        self._begun += 1
        path = facts.folder / file_name(guid, facts.mac, self._begun, facts.registration)
        dialogue = DummyDialogue(guid, facts.registration, one.party, incoming=one.incoming)
        self._keeper.begun(path)
        try:
            recording = self._engine.new_recording(path, facts.limit)
        except EngineError:
            self._keeper.ended(path)
            raise
        call = self._calls[one.call] = _RecordedCall(one.call, recording, dialogue)
        return call

    def _recorded(self) -> Iterator[_RecordedCall]:
        return itertools.chain(self._calls.values(), self._ending.values())

    def _finish(self, call: _RecordedCall) -> None:
        """End its recording; where the engine is too busy to hear of it, that is tried again at the next `follow`."""
        recording = call.recording
        if recording is None:
            return
        if call.dialogue is not None and _described(recording, call.dialogue.end()):
            call.dialogue = None
        try:
            recording.finish()
        except LimitReached as error:
            log.warning("recording %s does not end yet: %s", recording.path.name, error)
            self._ending[recording] = call
            return
        except EngineClosed:
            self._keeper.ended(recording.path)  # the writer has ended too
        self._over(call, recording)

    def _let_go(self, recording: Recording) -> None:
        """Give its room in the engine back; where that is too busy, at the next `follow`."""
        try:
            recording.close()
        except LimitReached as error:
            log.warning("recording %s stays in the engine: %s", recording.path.name, error)
            self._ended.append(recording)

    def _try_again(self) -> None:
        for call in tuple(self._ending.values()):
            self._finish(call)
        ended, self._ended = self._ended, []
        for recording in ended:
            self._let_go(recording)

    def _over(self, call: _RecordedCall, recording: Recording) -> None:
        self._ending.pop(recording, None)
        call.recording = None
        self._tell(call, on=False)

    def _tell(self, call: _RecordedCall, *, on: bool) -> None:
        """Say whether it is written, unless the call has a newer recording, which counts."""
        if self._calls.get(call.id, call) is call:
            self._post(RecordingState(call.id, on))


class _RecordedCall:
    """A call, and its recording as long as that runs."""

    def __init__(self, call: CallId, recording: Recording | None, dialogue: DummyDialogue | None) -> None:
        self.id = call
        self.recording = recording
        self.dialogue = dialogue
        self._described: Formats | None = None
        self._attached: VoiceStream | None = None

    def go_on(self, voice: VoiceStream, spoken: Formats) -> None:
        """Record this stream, described anew where it speaks otherwise than before.

        The voice comes first, in the same turn of the engine as a rule: no description is worth losing it for.
        """
        if self.recording is None or self.dialogue is None:
            return
        if voice is not self._attached:
            if self._attached is not None:
                with contextlib.suppress(EngineClosed):
                    self._attached.stream.record(None)
            voice.stream.record(self.recording)
            self._attached = voice
        if spoken != self._described and _described(self.recording, self.dialogue.describe(spoken)):
            self._described = spoken


def _described(recording: Recording, messages: list[Message]) -> bool:
    """Put these beside the voice. False where the engine is too busy now, and they are to be tried again."""
    try:
        for message in messages:
            recording.add(message.data, outbound=message.outbound)
    except EngineError as error:
        log.warning("recording %s is not described: %s", recording.path.name, error)
        return not isinstance(error, LimitReached)
    return True


def _words(code: int) -> str:
    if code == errno.EFBIG:
        return "The recording ended: it fills the room there is for recordings"
    if code in {errno.ENOSPC, errno.EDQUOT}:
        return "The recording ended: the phone's storage is full"
    return "The call is not recorded: the phone's storage does not take it"
