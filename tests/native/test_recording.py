"""What the engine records, read by tshark."""

from __future__ import annotations

import errno
import itertools
import selectors
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from native import (
    Clock,
    Engine,
    EngineClosed,
    InvalidArgument,
    LimitReached,
    Recording,
    RecordingChanged,
    RecordingEnded,
)
from tests.native.support import PCMU, End, Pair, sine
from tests.native.test_srtp import keys, mirrored
from tests.peers.tshark import fields, rtp_streams

LIMIT = 1 << 20


def sip(first_line: str, host: str, port: int) -> bytes:
    """A message that says where a side wants its voice."""
    sdp = f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
    head = (
        f"{first_line}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:1@192.0.2.1>;tag=1\r\n"
        f"To: <sip:2@192.0.2.2>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n"
    )
    return f"{head}Content-Length: {len(sdp)}\r\n\r\n{sdp}".encode()


INVITE = sip("INVITE sip:2@192.0.2.2 SIP/2.0", "192.0.2.1", 16386)
OK = sip("SIP/2.0 200 OK", "192.0.2.2", 16388)


@pytest.fixture
def pair() -> Iterator[Pair]:
    with closing(Pair()) as pair:
        yield pair


def record(end: End, path: Path, limit: int = LIMIT) -> Recording:
    recording = end.engine.new_recording(path, limit)
    recording.add(INVITE, outbound=True)
    recording.add(OK, outbound=False)
    end.stream.record(recording)
    return recording


def told(end: End) -> list[object]:
    return [event for event in end.engine.drain() if isinstance(event, RecordingChanged | RecordingEnded)]


def test_both_directions_are_found_by_wireshark(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "call"
    pair.near.device.feed(sine(440, 2))
    pair.run(0.5)
    recording = record(pair.near, path)
    pair.run(2)
    assert told(pair.near) == [RecordingChanged(recording, writing=True)]
    recording.finish()
    pair.run(0.5)
    assert told(pair.near) == [RecordingChanged(recording, writing=False), RecordingEnded(recording, 0, 0)]
    ways = {(stream.source_port, stream.target_port): stream for stream in rtp_streams(path)}
    assert set(ways) == {(16386, 16388), (16388, 16386)}
    for stream in ways.values():
        assert "g711U" in stream.codec
        assert 99 <= stream.packets <= 101
        assert stream.lost == 0
    assert fields(path, "sip", "sip.Method", "sip.Status-Code") == [("INVITE", ""), ("", "200")]


def test_times_are_those_of_the_wall_and_of_arrival(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "call"
    before = tmp_path.stat().st_mtime
    recording = record(pair.near, path)
    pair.run(1)
    recording.finish()
    pair.run(0.1)
    times = [float(time) for (time,) in fields(path, "rtp && udp.srcport == 16388", "frame.time_epoch")]
    gaps = [round((later - earlier) * 1000) for earlier, later in itertools.pairwise(times)]
    assert set(gaps) == {20}
    assert before - 1 <= times[0] <= before + 60


def test_what_was_encrypted_is_recorded_in_the_clear(tmp_path: Path) -> None:
    ours = keys()
    with closing(Pair()) as pair:
        pair.near.stream.configure(replace(PCMU, srtp=ours))
        pair.far.stream.configure(replace(PCMU, srtp=mirrored(ours)))
        path = tmp_path / "call"
        recording = record(pair.near, path)
        pair.run(1)
        recording.finish()
        pair.run(0.1)
    payloads = fields(path, "rtp", "udp.srcport", "rtp.payload")
    assert {port for port, _ in payloads} == {"16386", "16388"}
    assert {payload.replace(":", "") for _, payload in payloads} == {"ff" * 160}  # silence in G.711 u


def test_what_is_not_the_far_ends_is_not_recorded(pair: Pair, tmp_path: Path) -> None:
    recording = record(pair.near, tmp_path / "call")
    ours = keys()
    pair.near.stream.configure(replace(PCMU, srtp=ours, sends=False))
    pair.run(1)  # the far end sends in the clear
    assert pair.near.stream.statistics().srtp_refused > 0
    assert told(pair.near) == []
    recording.finish()
    pair.run(0.1)
    assert fields(tmp_path / "call", "rtp", "frame.number") == []


def test_a_call_that_falls_silent_is_not_called_recorded(pair: Pair, tmp_path: Path) -> None:
    recording = record(pair.near, tmp_path / "call")
    pair.run(1)
    quiet = replace(PCMU, sends=False)
    pair.near.stream.configure(quiet)
    pair.far.stream.configure(quiet)
    pair.run(3)
    assert told(pair.near) == [RecordingChanged(recording, writing=True), RecordingChanged(recording, writing=False)]
    pair.far.stream.configure(PCMU)
    pair.run(1)
    assert told(pair.near) == [RecordingChanged(recording, writing=True)]


def test_a_file_never_grows_past_its_limit(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "call"
    recording = record(pair.near, path, limit=20_000)
    pair.run(2)
    assert told(pair.near)[-2:] == [
        RecordingChanged(recording, writing=False),
        RecordingEnded(recording, errno.EFBIG, 0),
    ]
    size = path.stat().st_size
    assert 19_500 < size <= 20_000
    pair.run(2)
    recording.finish()
    pair.run(0.1)
    assert path.stat().st_size == size
    assert told(pair.near) == []
    assert len(rtp_streams(path)) == 2  # and it ends in a whole packet


def test_a_file_that_cannot_be_made_is_told(pair: Pair, tmp_path: Path) -> None:
    recording = record(pair.near, tmp_path / "nowhere" / "call")
    pair.run(1)
    assert told(pair.near) == [RecordingEnded(recording, errno.ENOENT, 0)]


def test_nobodys_file_is_written_over(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "call").write_text("precious")
    recording = record(pair.near, tmp_path / "call")
    pair.run(0.1)
    assert told(pair.near) == [RecordingEnded(recording, errno.EEXIST, 0)]
    assert (tmp_path / "call").read_text() == "precious"


def test_a_full_disk_ends_the_recording_and_nothing_else(pair: Pair) -> None:
    full = Path("/dev/full")
    recording = record(pair.near, full)
    pair.run(0.1)
    assert told(pair.near) == [RecordingEnded(recording, errno.EEXIST, 0)]
    assert pair.near.stream.statistics().send_errors == 0


def test_only_its_owner_can_read_it(pair: Pair, tmp_path: Path) -> None:
    record(pair.near, tmp_path / "call")
    pair.run(0.1)
    assert (tmp_path / "call").stat().st_mode & 0o777 == 0o600


def test_recordings_are_limited_and_give_their_room_back(pair: Pair, tmp_path: Path) -> None:
    engine = pair.near.engine
    many = [engine.new_recording(tmp_path / str(number), LIMIT) for number in range(32)]
    with pytest.raises(LimitReached):
        engine.new_recording(tmp_path / "33", LIMIT)
    pair.near.stream.record(many[0])
    for recording in many:
        recording.close()
    with pytest.raises(LimitReached):
        engine.new_recording(tmp_path / "33", LIMIT)  # they are on their way out
    pair.run(0.02)
    engine.new_recording(tmp_path / "33", LIMIT)
    with pytest.raises(EngineClosed):
        pair.near.stream.record(many[0])


@pytest.mark.parametrize("size", [0, 1501])
def test_a_message_that_no_datagram_holds_is_refused(pair: Pair, tmp_path: Path, size: int) -> None:
    recording = pair.near.engine.new_recording(tmp_path / "call", LIMIT)
    with pytest.raises(InvalidArgument):
        recording.add(bytes(size), outbound=True)
    with pytest.raises(InvalidArgument):
        pair.near.engine.new_recording(tmp_path / "other", 100)


def test_a_running_engine_writes_by_itself_and_ends_clean(tmp_path: Path) -> None:
    path = tmp_path / "call"
    with Engine(Clock.TIMER) as engine:
        engine.start()
        one, other = (engine.new_stream("127.0.0.1", range(50900, 50990)) for _ in range(2))
        for stream, peer in ((one, other), (other, one)):
            stream.configure(replace(PCMU, rtp_port=peer.rtp_port))
        recording = engine.new_recording(path, LIMIT)
        recording.add(INVITE, outbound=True)
        recording.add(OK, outbound=False)
        one.record(recording)
        wait_for(engine, RecordingChanged(recording, writing=True))
    # The engine was closed in the middle of it: what was recorded is on the disk.
    assert len(rtp_streams(path)) == 2


def wait_for(engine: Engine, event: object) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(engine, selectors.EVENT_READ)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            selector.select(1)
            if event in engine.drain():
                return
    raise AssertionError(f"{event} never came")
