"""From a scene to files: whole calls between two media rooms on the stepped clock, read by tshark."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.media.formats import AudioCodec
from app.media.recording.dummy_sip import DummyDialogue, Message
from app.media.recording.recorder import Recorder, RecorderFacts
from app.media.room import MediaRoom, MediaSettings
from app.model.ids import CallId, StreamId
from app.model.media import OfferReady, Recorded, RecordingState, Scene
from app.model.party import Party
from app.model.session import Direction
from native import Clock, Engine, EngineClosed, LimitReached, Recording, RecordingEnded
from native.recording import MESSAGE_BYTES_MAX
from tests.media.rig import PATHS, RINGER, STREAM, Phone, phone, run
from tests.peers.tshark import fields, rtp_streams

CALL = CallId("call-1")
PARTY = Party(number="+4970317309", name='Ada "Byte" \r\nQuist')


class Shelf:
    """Keeps nothing but what it was told."""

    def __init__(self) -> None:
        self.begun_paths: list[Path] = []
        self.ended_paths: list[Path] = []
        self.troubles: list[str] = []

    def begun(self, path: Path) -> None:
        self.begun_paths.append(path)

    def ended(self, path: Path) -> None:
        self.ended_paths.append(path)

    def failed(self, reason: str) -> None:
        self.troubles.append(reason)


class Desk(Phone):
    """A phone that records, and another that it talks to."""

    def __init__(self, folder: Path, far: Phone, settings: MediaSettings) -> None:
        self.engine = Engine(Clock.STEPPED)
        self.events = []
        self.far = far
        self.shelf = Shelf()
        self.facts = RecorderFacts(folder, 1 << 20, "00903304711a", "27")
        self.recorder = Recorder(self.engine, lambda: self.facts, self.shelf, self.events.append)
        self.room = MediaRoom(
            self.engine,
            PATHS,
            RINGER,
            self.events.append,
            address=lambda: "127.0.0.1",
            settings=lambda: settings,
            recorder=self.recorder,
        )

    def agree(self, stream: StreamId = STREAM) -> None:
        """Agree on a stream of this name with the far end's only one."""
        self.room.open(stream, private=True)
        self.room.offer(stream, Direction.SENDRECV)
        self.room.take_answer(stream, self.far.answer(self.last(OfferReady).offer))

    def record(self, stream: StreamId = STREAM, *, party: Party = PARTY, incoming: bool = False) -> None:
        recorded = Recorded(stream, CALL, party, incoming)
        self.room.show(Scene(talking=(stream,), connected=(stream,), recorded=(recorded,), off_hook=True))

    def run(self, seconds: float) -> None:
        run(self, self.far, seconds)

    @property
    def states(self) -> list[bool]:
        return [event.on for event in self.events if isinstance(event, RecordingState) and event.call == CALL]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with phone() as far:
        far.room.open(STREAM, private=True)
        desk = Desk(tmp_path, far, MediaSettings())
        far.talk()
        yield desk
        desk.room.close_all()
        desk.engine.close()


def ways(path: Path) -> dict[int, str]:
    """The codecs that Wireshark reads, by the port they come from."""
    return {stream.source_port: stream.codec for stream in rtp_streams(path)}


def test_a_call_begins_and_ends_and_is_whole(desk: Desk) -> None:
    desk.agree()
    desk.record()
    assert desk.states == []  # nothing is recorded yet, and nothing is said to be
    desk.run(1)
    assert desk.states == [True]
    desk.talk()
    assert desk.states == [True, False]
    desk.run(0.2)
    (path,) = desk.shelf.begun_paths
    assert desk.shelf.ended_paths == [path]
    assert path.name.split("-")[1:] == ["00903304711a", "1", "27"]
    assert ways(path) == {16386: "opus", 16388: "opus"}
    messages = fields(path, "sip", "sip.Method", "sip.Status-Code")
    assert messages == [("INVITE", ""), ("", "200"), ("ACK", ""), ("BYE", ""), ("", "200")]
    assert fields(path, "sip.Method == INVITE", "sip.from.user", "sip.to.user", "ip.src") == [
        ("27", PARTY.number, "192.0.2.1")
    ]


def test_who_looks_after_the_files_knows_of_each_before_it_is_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a spool that is mended just then takes the empty file for what a power cut left, and deletes it."""
    known: list[bool] = []
    new_recording = desk.engine.new_recording

    def noted(path: Path, limit: int) -> Recording:
        known.append(path in desk.shelf.begun_paths)
        return new_recording(path, limit)

    monkeypatch.setattr(desk.engine, "new_recording", noted)
    desk.agree()
    desk.record()
    assert known == [True]


@pytest.mark.parametrize("guid", ["", "0123456789abcdef0123456789abcdef"])
def test_after_a_crash_a_call_is_recorded_beside_what_there_is_of_it(guid: str, desk: Desk) -> None:
    desk.agree()
    scene = Scene(
        talking=(STREAM,), connected=(STREAM,), recorded=(Recorded(STREAM, CALL, PARTY, incoming=False, guid=guid),)
    )
    desk.room.show(scene)
    desk.run(0.2)
    desk.engine.drain()
    again = Recorder(desk.engine, lambda: desk.facts, desk.shelf, desk.events.append)
    again.resume(desk.recorder.keep())
    again.follow(scene.recorded, desk.room._streams)
    desk.run(0.2)
    assert not desk.shelf.troubles
    before, after = (path.name.split("-") for path in desk.shelf.begun_paths)
    assert after == [before[0], before[1], "2", before[3]]
    assert all(path.exists() for path in desk.shelf.begun_paths)


def test_a_recorder_that_does_not_know_how_many_there_were_takes_the_next_name(desk: Desk) -> None:
    desk.agree()
    guid = "0123456789abcdef0123456789abcdef"
    names = [f"{guid}-{desk.facts.mac}-{serial}-{desk.facts.registration}" for serial in (1, 2)]
    for name in names:
        (desk.facts.folder / name).write_bytes(b"of the process before")
    scene = Scene(
        talking=(STREAM,), connected=(STREAM,), recorded=(Recorded(STREAM, CALL, PARTY, incoming=False, guid=guid),)
    )
    desk.room.show(scene)
    desk.run(1)
    assert desk.states[-1]
    desk.talk()
    desk.run(0.2)
    assert [path.name for path in desk.shelf.begun_paths[:2]] == names
    last = desk.shelf.begun_paths[-1]
    assert last.name.split("-")[2] == "3"
    assert ways(last) == {16386: "opus", 16388: "opus"}
    assert not desk.shelf.troubles
    assert {(desk.facts.folder / name).read_bytes() for name in names} == {b"of the process before"}


def test_who_was_called_is_said(desk: Desk) -> None:
    desk.agree()
    desk.record(incoming=True)
    desk.run(0.2)
    desk.talk()
    desk.run(0.2)
    (path,) = desk.shelf.begun_paths
    ((caller, called, source, name),) = fields(
        path, "sip.Method == INVITE", "sip.from.user", "sip.to.user", "ip.src", "sip.from.display.info"
    )
    assert (caller, called, source) == (PARTY.number, "27", "192.0.2.2")
    assert name.strip('"') == "Ada Byte Quist"
    assert fields(path, "_ws.malformed", "frame.number") == []


def test_the_same_recording_goes_on_in_another_stream(desk: Desk) -> None:
    desk.agree()
    desk.record()
    desk.run(0.5)
    other = StreamId("stream-2")
    desk.far.room.close(STREAM)
    desk.far.room.open(STREAM, private=True)
    desk.agree(other)
    desk.far.talk()
    desk.room.close(STREAM)
    desk.record(other)
    desk.run(0.5)
    desk.talk()
    desk.run(0.2)
    (path,) = desk.shelf.begun_paths
    sources = [stream.source_port for stream in rtp_streams(path)]
    assert sources.count(16386) == 2
    assert sources.count(16388) == 2
    assert desk.states == [True, False]


def test_other_formats_in_the_call_are_described(tmp_path: Path) -> None:
    with phone(MediaSettings(codecs=(AudioCodec.PCMU,))) as far:
        desk = Desk(tmp_path, far, MediaSettings())
        far.room.open(STREAM, private=True)
        desk.agree()
        far.talk()
        desk.record()
        desk.run(0.3)
        far.room.close(STREAM)
        with phone(MediaSettings(codecs=(AudioCodec.OPUS_WB,))) as next_far:
            next_far.room.open(STREAM, private=True)
            desk.far = next_far
            desk.room.offer(STREAM, Direction.SENDRECV)
            desk.room.take_answer(STREAM, next_far.answer(desk.last(OfferReady).offer))
            next_far.talk()
            desk.run(0.3)
            desk.talk()
            desk.run(0.1)
        desk.room.close_all()
        desk.engine.close()
    (path,) = desk.shelf.begun_paths
    assert [cseq for (cseq,) in fields(path, "sip.Method == INVITE", "sip.CSeq.seq")] == ["1", "2"]
    assert {stream.codec for stream in rtp_streams(path)} >= {"opus"}


def test_what_is_not_agreed_yet_is_recorded_once_it_is(desk: Desk) -> None:
    desk.room.open(STREAM, private=True)
    desk.record()
    assert desk.shelf.begun_paths == []
    desk.room.offer(STREAM, Direction.SENDRECV)
    desk.room.take_answer(STREAM, desk.far.answer(desk.last(OfferReady).offer))
    desk.run(0.3)
    assert desk.states == [True]


def test_stopped_and_started_are_two_files(desk: Desk) -> None:
    desk.agree()
    for _ in range(2):
        desk.record()
        desk.run(0.3)
        desk.talk()
        desk.run(0.1)
    first, second = (path.name.split("-") for path in desk.shelf.begun_paths)
    assert first[0] == second[0]
    assert (first[2], second[2]) == ("1", "2")


@pytest.mark.parametrize(("limit", "words"), [(20_000, "fills the room"), (None, "storage does not take it")])
def test_a_recording_that_fails_is_told_once_and_the_call_goes_on(desk: Desk, limit: int | None, words: str) -> None:
    folder = desk.facts.folder if limit else desk.facts.folder / "missing"
    desk.facts = replace(desk.facts, limit=limit or 1 << 20, folder=folder)
    desk.agree()
    desk.record()
    desk.run(3)
    assert len(desk.shelf.troubles) == 1
    assert words in desk.shelf.troubles[0]
    assert desk.states in ([True, False, False], [False])
    desk.record()
    desk.run(0.5)
    assert len(desk.shelf.begun_paths) == 1
    quality = desk.room.quality(STREAM)
    assert quality is not None
    assert quality.packets_sent > 100


def test_one_that_is_given_up_ends_in_words(desk: Desk) -> None:
    desk.agree()
    desk.record()
    desk.run(0.3)
    desk.recorder.give_up(desk.shelf.begun_paths[0])
    desk.run(0.3)
    assert desk.states == [True, False]
    assert "fills the room" in desk.shelf.troubles[0]
    assert desk.shelf.ended_paths == desk.shelf.begun_paths


def test_an_engine_that_holds_no_more_recordings_refuses_in_words(desk: Desk) -> None:
    for number in range(32):
        desk.engine.new_recording(desk.facts.folder / str(number), 1 << 20)
    desk.agree()
    desk.record()
    desk.run(0.1)
    assert "cannot record" in desk.shelf.troubles[0]
    assert desk.states == []
    (path,) = desk.shelf.begun_paths
    assert desk.shelf.ended_paths == [path]


@pytest.mark.parametrize("text", ["\U0001f600" * 200, "\udcff" * 200])
def test_no_identity_of_a_caller_keeps_his_call_from_being_recorded(desk: Desk, text: str) -> None:
    desk.agree()
    desk.record(party=Party(text, text))
    desk.run(0.3)
    assert desk.states == [True]
    assert desk.shelf.troubles == []
    assert fields(desk.shelf.begun_paths[0], "sip.Method == INVITE", "sip.from.user") == [("27",)]


def test_a_description_that_cannot_be_written_costs_no_voice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    too_long = [Message(bytes(MESSAGE_BYTES_MAX + 1), outbound=True)]
    monkeypatch.setattr(DummyDialogue, "describe", lambda _self, _formats: too_long)
    monkeypatch.setattr(DummyDialogue, "end", lambda _self: too_long)
    desk.agree()
    desk.record()
    desk.run(0.5)
    desk.talk()
    desk.run(0.1)
    assert desk.states == [True, False]
    assert desk.shelf.troubles == []
    assert desk.shelf.ended_paths == desk.shelf.begun_paths
    (path,) = desk.shelf.begun_paths
    assert len(fields(path, "udp.srcport == 16386 || udp.srcport == 16388", "frame.number")) >= 40


def overload(engine: Engine) -> None:
    """Say so much to the engine that it hears no more before it is stepped."""
    other = engine.new_recording(Path("/nowhere/at/all"), 1 << 20)
    with contextlib.suppress(LimitReached):
        while True:
            other.add(b"x", outbound=True)


def test_a_recording_goes_on_until_the_engine_hears_that_it_ends(desk: Desk) -> None:
    desk.agree()
    desk.record()
    desk.run(0.3)
    overload(desk.engine)
    (path,) = desk.shelf.begun_paths
    desk.recorder.follow((), {})
    assert path not in desk.shelf.ended_paths  # the writer still has packets of it
    desk.run(0.3)
    assert path not in desk.shelf.ended_paths
    assert desk.states == [True]  # and it is true
    desk.recorder.follow((), {})
    desk.run(0.1)
    assert desk.states == [True, False]
    assert path in desk.shelf.ended_paths
    assert [method for (method,) in fields(path, "sip.Method", "sip.Method")][-1] == "BYE"


def test_a_busy_engine_gives_the_room_of_a_recording_back_later(desk: Desk) -> None:
    desk.agree()
    desk.record()
    desk.run(0.3)
    desk.recorder.follow((), {})
    desk.engine.step(10)
    events = desk.engine.drain()
    overload(desk.engine)
    for event in events:
        desk.room.handle(event)
    assert desk.shelf.ended_paths == desk.shelf.begun_paths
    desk.run(0.1)
    (ended,) = (event.recording for event in events if isinstance(event, RecordingEnded))
    desk.recorder.follow((), {})
    desk.run(0.1)
    with pytest.raises(EngineClosed):
        ended.finish()


def test_the_end_of_an_older_recording_says_nothing_of_the_newer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_recording: Recording) -> None:
        raise LimitReached

    desk.agree()
    desk.record()
    desk.run(0.3)
    with monkeypatch.context() as patched:
        patched.setattr(Recording, "finish", busy)
        desk.talk()
        desk.record()
        desk.run(0.3)
    desk.record()
    desk.run(0.1)
    older, _ = desk.shelf.begun_paths
    assert desk.shelf.ended_paths == [older]
    assert desk.states == [True, True]
