"""What a process that died has left, taken up or not: by the store's contents alone."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from app.calls.control import CallControl
from app.calls.kept import KeptCall, KeptCalls, KeptLeg
from app.main import memory_file, run
from app.main.call_keeper import CallKeeper
from app.main.face import Setup
from app.main.kept import Kept, decode, encode, with_voice
from app.main.line_keeper import LineKeeper
from app.main.reset_keeper import ResetKeeper
from app.main.survival import TOO_SOON, VERSION, KeptFile, RunningVoice, Survival
from app.main.update_keeper import Desk
from app.media.agreement import Agreement
from app.media.connectivity import KeptWays
from app.media.encryption import Encryption, Keys
from app.media.formats import AudioCodec
from app.media.ice.gathering import IceServers, TurnServer
from app.media.ice.stun import Address
from app.media.kept import KeptMedia, KeptNegotiation, KeptVoice
from app.media.room import MediaRoom
from app.model.crypto import CryptoDescription, CryptoSuite, MasterKey
from app.model.history import CallDirection
from app.model.ids import CallId, LegId, LineId, StreamId
from app.model.media import AudioPath
from app.model.party import Party
from app.model.session import Direction, MediaDescription, SessionDescription
from app.model.signalling import CallOptions
from app.settings.secret import Secret
from hal.board import load_board
from hal.linux.descriptor_store import DescriptorStore
from native import Clock, Codec, Engine, Reach, Relay, SrtpKeys, SrtpSuite, Stream, StreamConfig, make_continuity
from tests.main.supervisor import Supervisor

SUITE = CryptoSuite.AES_CM_128_HMAC_SHA1_80
OURS, THEIRS = MasterKey(b"o" * 30), MasterKey(b"t" * 30)
STREAM = StreamId("stream-1")


def config_of(suite: CryptoSuite | None = SUITE) -> StreamConfig:
    """How its stream runs."""
    return StreamConfig(
        remote_address="127.0.0.1",
        rtp_port=9,
        codec=Codec.PCMU,
        payload_type=0,
        receive=((0, Codec.PCMU),),
        srtp=None if suite is None else SrtpKeys(SrtpSuite[suite.name], OURS.reveal(), THEIRS.reveal()),
    )


def kept_of(suite: CryptoSuite | None = SUITE) -> Kept:
    """One call with one stream, in the clear without a `suite`."""
    crypto = () if suite is None else (CryptoDescription(1, suite, OURS),)
    line = MediaDescription("audio", "127.0.0.1", 50000, crypto=crypto)
    agreement = Agreement(
        remote_address="127.0.0.1",
        remote_port=9,
        remote_rtcp_port=None,
        codec=AudioCodec.PCMU,
        payload_type=0,
        receive=((0, AudioCodec.PCMU),),
        packet_time_ms=20,
        telephone_event_type=101,
        receive_telephone_event=101,
        direction=Direction.SENDRECV,
        remote=Direction.SENDRECV,
        keys=None if suite is None else Keys(suite, OURS, THEIRS),
    )
    negotiation = KeptNegotiation(
        "127.0.0.1",
        5,
        (AudioCodec.PCMU,),
        20,
        Encryption(),
        {} if suite is None else {suite: OURS},
        {AudioCodec.PCMU: 0, 8000: 101},
        (line,),
        0,
        SessionDescription(5, 2, "127.0.0.1", (line,)),
        agreement,
    )
    lender = TurnServer(Address("192.0.2.1", 3478), "27", Secret("lend me one"))
    ways = KeptWays(IceServers(turn=lender), None, ())
    voice = KeptVoice(STREAM, negotiation, private=True, discontinuous=False, keyed_with=None, ways=ways)
    leg = KeptLeg(
        id=LegId("phone-2"),
        line=LineId("line-1"),
        incoming=False,
        number="28",
        options=CallOptions(),
        stream=STREAM,
        held=False,
        told=False,
        remote_held=False,
        encrypted=True,
    )
    call = KeptCall(
        CallId("call-3"),
        leg,
        CallDirection.OUTGOING,
        Party("28"),
        1.0,
        2.0,
        emergency=False,
        from_help=False,
        guid="",
        info="",
        digits="",
        in_conference=False,
        muted=False,
        level_db=0,
        record_wanted=None,
    )
    calls = KeptCalls((call,), None, 3, muted=False, path=AudioPath.SPEAKER)
    return Kept(calls, KeptMedia((voice,), None), None, None)


class Process:
    """One phone process after another, as far as survival goes; each has what the supervisor keeps."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.now = 1000.0
        self._engine: Engine | None = None

    def start(self) -> Survival:
        """The process before is gone without a word."""
        store = DescriptorStore({"NOTIFY_SOCKET": str(self.supervisor.path)})
        self.supervisor.read()
        store.inherited = {name: os.dup(descriptor) for name, descriptor in self.supervisor.store}
        self.die()
        self._engine = Engine(Clock.STEPPED)
        begun = Survival(store, self._engine, lambda: self.now)
        begun.begin()
        self.supervisor.read()
        return begun

    def die(self) -> None:
        """Without a word: an engine that is closed would free its streams' places in the memory."""
        if self._engine is not None:
            memory = self.supervisor.descriptor("voice")
            written = os.pread(memory, 4096, 0)
            self._engine.close()
            os.pwrite(memory, written, 0)
            self._engine = None

    @property
    def engine(self) -> Engine:
        assert self._engine is not None
        return self._engine

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    supervisor = Supervisor(tmp_path)
    process = Process(supervisor)
    yield process
    process.close()
    supervisor.close()


def in_call(process: Process, suite: CryptoSuite | None = SUITE) -> None:
    """A process that has a call; another is started as if that had died."""
    survival_ = process.start()
    stream = process.engine.new_stream("127.0.0.1")
    stream.configure(config_of(suite))
    process.engine.step(30)
    voice = RunningVoice(STREAM, stream.ssrc, config_of(suite))
    survival_.keep(encode(kept_of(suite)), [(voice, stream.sockets)])
    process.supervisor.read()
    assert len(process.supervisor.names) == 4
    process.die()


def test_secrets_travel_whole() -> None:
    kept = kept_of()
    again = decode(encode(kept))
    assert again == kept
    assert again is not None
    assert again.media.voices[0].negotiation.agreement.keys == Keys(SUITE, OURS, THEIRS)
    ways = again.media.voices[0].ways
    assert ways is not None
    assert ways.servers.turn is not None
    assert ways.servers.turn.password.reveal() == "lend me one"
    assert b"MasterKey" not in encode(kept)


def test_only_calls_with_a_leg_and_a_voice_go_on() -> None:
    calls = kept_of().calls
    assert with_voice(calls, frozenset({STREAM}), lambda leg: leg == "phone-2") == calls
    assert not with_voice(calls, frozenset(), lambda _: True).calls
    assert not with_voice(calls, frozenset({STREAM}), lambda _: False).calls


def test_what_no_version_wrote_is_no_call() -> None:
    assert decode(b"") is None
    assert decode(encode(kept_of())[:-1]) is None


def test_a_start_loads_nothing_but_the_engine_before_the_voices_go_on() -> None:
    program = "import sys, app.main.survival; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"app.main.run", "app.calls", "app.media", "app.signalling", "aiohttp"}


def test_nothing_is_kept_without_a_supervisor() -> None:
    with Engine(Clock.STEPPED) as engine:
        alone = Survival(DescriptorStore({}), engine)
        alone.begin()
        alone.keep(encode(kept_of()), [])
        assert alone.kept is None


@pytest.mark.parametrize("suite", [SUITE, None], ids=["encrypted", "in the clear"])
def test_the_next_process_has_call_and_stream(process: Process, suite: CryptoSuite | None) -> None:
    in_call(process, suite)
    before = process.start().survivors[0].voice
    process.now += TOO_SOON
    begun = process.start()
    assert begun.kept is not None
    assert decode(begun.kept) == kept_of(suite)
    (survivor,) = begun.survivors
    assert survivor.voice == before
    assert survivor.stream.ssrc == survivor.voice.ssrc
    process.engine.step(30)
    assert survivor.stream.statistics().packets_sent > 0


def test_who_dies_of_a_call_does_so_once(process: Process) -> None:
    in_call(process)
    assert process.start().kept is not None
    process.now += TOO_SOON - 0.1
    assert process.start().kept is None
    assert process.supervisor.names == ["voice"]
    assert process.start().kept is None


def test_nothing_is_kept_after_the_call(process: Process) -> None:
    in_call(process)
    begun = process.start()
    begun.taken_over()
    begun.keep(None, ())
    process.supervisor.read()
    assert process.supervisor.names == ["voice"]


def test_calls_wait_in_the_store_until_they_are_in_good_hands(process: Process) -> None:
    in_call(process)
    begun = process.start()
    names = process.supervisor.names
    begun.keep(None, ())
    process.supervisor.read()
    assert process.supervisor.names == names


def test_what_did_not_change_is_not_written_again(process: Process) -> None:
    in_call(process)
    begun = process.start()
    assert begun.kept is not None
    begun.taken_over()
    begun.keep(b"calls", ())
    process.supervisor.read()
    first = process.supervisor.names
    begun.keep(b"calls", ())
    process.supervisor.read()
    assert process.supervisor.names == first


def _older(process: Process) -> None:
    _instead(process, memory_file.sealed("older", b"IP270 calls %d\n\x80" % (VERSION - 1)))


def _cut(process: Process) -> None:
    whole = memory_file.content(process.supervisor.descriptor("calls-"))
    assert whole is not None
    _instead(process, memory_file.sealed("cut", whole[: len(whole) // 2]))


def _other(process: Process) -> None:
    _instead(process, memory_file.sealed("other", b"IP270 calls %d\n" % VERSION + msgspec.msgpack.encode([1, 2])))


def _foreign() -> int:
    return os.memfd_create("foreign", os.MFD_CLOEXEC)


def _unsealed(process: Process) -> None:
    whole = memory_file.content(process.supervisor.descriptor("calls-"))
    assert whole is not None
    descriptor = _foreign()
    os.write(descriptor, whole)
    _instead(process, descriptor)


def _instead(process: Process, descriptor: int) -> None:
    name = next(name for name in process.supervisor.names if name.startswith("calls-"))
    process.supervisor.put(name, descriptor)


@pytest.mark.parametrize("spoil", [_older, _cut, _other, _unsealed])
def test_calls_that_cannot_be_read_are_none(
    process: Process, spoil: Callable[[Process], None], caplog: pytest.LogCaptureFixture
) -> None:
    in_call(process)
    spoil(process)
    begun = process.start()
    assert (begun.kept, begun.survivors) == (None, ())
    assert "cannot be read" in caplog.text
    assert process.supervisor.names == ["voice"]


def _no_sockets(process: Process) -> None:
    for name in [name for name in process.supervisor.names if name.startswith(("rtp-", "rtcp-"))]:
        process.supervisor.drop(name)


def _files_for_sockets(process: Process) -> None:
    for name in [name for name in process.supervisor.names if name.startswith(("rtp-", "rtcp-"))]:
        process.supervisor.put(name, _foreign())


def _another_memory(process: Process) -> None:
    process.supervisor.put("voice", make_continuity())


def _memory_that_can_shrink(process: Process) -> None:
    process.supervisor.put("voice", _foreign())


def _no_memory(process: Process) -> None:
    process.supervisor.drop("voice")


def _other_keys(process: Process) -> None:
    _with_keys(process, CryptoSuite.AES_CM_128_HMAC_SHA1_32)


def _keys_not_written_yet(process: Process) -> None:
    _with_keys(process, None)


def _with_keys(process: Process, suite: CryptoSuite | None) -> None:
    """The file tells of these, and the memory of others."""
    content = memory_file.content(process.supervisor.descriptor("calls-"))
    assert content is not None
    head, _, rest = content.partition(b"\n")
    kept = msgspec.msgpack.decode(rest, type=KeptFile)
    config = config_of(suite)
    changed = msgspec.structs.replace(kept.voices[0], config=config)
    spoiled = msgspec.msgpack.encode(msgspec.structs.replace(kept, voices=(changed,)))
    _instead(process, memory_file.sealed("other", head + b"\n" + spoiled))


@pytest.mark.parametrize(
    "spoil",
    [
        _no_sockets,
        _files_for_sockets,
        _another_memory,
        _memory_that_can_shrink,
        _no_memory,
        _other_keys,
        _keys_not_written_yet,
    ],
)
def test_a_voice_that_cannot_go_on_is_left(process: Process, spoil: Callable[[Process], None]) -> None:
    in_call(process)
    spoil(process)
    begun = process.start()
    assert begun.kept is not None
    assert begun.survivors == ()
    assert [name for name in process.supervisor.names if not name.startswith("calls-")] == ["voice"]
    process.engine.new_stream("127.0.0.1")


def test_a_voice_in_the_clear_can_get_keys_afterwards(process: Process) -> None:
    in_call(process, suite=None)
    (survivor,) = process.start().survivors
    survivor.stream.configure(config_of(SUITE))
    before = survivor.stream.statistics().packets_sent
    process.engine.step(30)
    assert survivor.stream.statistics().packets_sent > before


def test_what_went_through_a_relay_goes_on_through_it(process: Process) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        relay = Relay(server.getsockname(), 0x4000, ("127.0.0.1", 9), bound=True)
        begun = process.start()
        stream = process.engine.new_stream("127.0.0.1")
        stream.configure(config_of(None))
        process.engine.step(1)
        voice = RunningVoice(STREAM, stream.ssrc, config_of(None), Reach(relays=(relay, None)))
        begun.keep(encode(kept_of(None)), [(voice, stream.sockets)])
        (survivor,) = process.start().survivors
        assert survivor.voice == voice
        process.engine.step(30)
        assert server.recv(2000)[:2] == b"\x40\x00"


def test_reports_are_not_heard_twice(process: Process) -> None:
    config = dataclasses.replace(config_of(), rtcp_mux=True)
    begun = process.start()
    stream = process.engine.new_stream("127.0.0.1")
    stream.configure(config)
    process.engine.step(1)
    voice = RunningVoice(STREAM, stream.ssrc, config)
    begun.keep(encode(kept_of()), [(voice, stream.sockets)])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        reports = _reports(config)
        for report in reports:
            far.sendto(report, ("127.0.0.1", stream.rtp_port))
        process.engine.step(1)
        assert stream.statistics().srtp_replayed == 0
        (survivor,) = process.start().survivors
        for report in reports:
            far.sendto(report, ("127.0.0.1", stream.rtp_port))
        process.engine.step(1)
        assert survivor.stream.statistics().srtp_replayed == len(reports) > 0


def _reports(config: StreamConfig) -> list[bytes]:
    """What the far end of this stream says by SRTCP in its first seconds."""
    keys = SrtpKeys(SrtpSuite[SUITE.name], THEIRS.reveal(), OURS.reveal())
    with Engine(Clock.STEPPED) as engine:
        far = engine.new_memory_stream()
        far.configure(dataclasses.replace(config, srtp=keys))
        engine.step(400)
        return [packet for packet in far.pop() if 200 <= packet[1] <= 207]


def test_what_a_busy_supervisor_did_not_hear_is_said_again(process: Process) -> None:
    in_call(process)
    begun = process.start()
    (survivor,) = begun.survivors
    begun.taken_over()
    other = process.engine.new_stream("127.0.0.1")
    voices = [(one, each.sockets) for one, each in ((survivor.voice, survivor.stream), (_named(other), other))]
    before = process.supervisor.names
    for calls, wanted in ((b"newer", voices), (b"newest", voices[1:]), (None, [])):
        process.supervisor.be_busy()
        assert not begun.keep(calls, wanted)
        process.supervisor.read()
        assert process.supervisor.names == before
        assert begun.keep(calls, wanted)
        process.supervisor.read()
        before = process.supervisor.names
        assert [name for name in before if name.startswith("rtp-")] == sorted(
            f"rtp-{one.ssrc:08x}" for one, _ in wanted
        )
        assert sum(name.startswith("calls-") for name in before) == (calls is not None)
    assert before == ["voice"]


def _named(stream: Stream) -> RunningVoice:
    return RunningVoice(StreamId("stream-9"), stream.ssrc, config_of())


def test_a_busy_supervisor_gets_the_memory_later(process: Process) -> None:
    store = DescriptorStore({"NOTIFY_SOCKET": str(process.supervisor.path)})
    process.supervisor.be_busy()
    with Engine(Clock.STEPPED) as engine:
        begun = Survival(store, engine)
        begun.begin()
        process.supervisor.read()
        assert process.supervisor.names == []
        assert begun.keep(None, ())
        process.supervisor.read()
        assert process.supervisor.names == ["voice"]


async def test_a_phone_whose_call_waits_for_its_line_is_in_a_call(
    process: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the reset button and for updates."""
    asked: list[Callable[[], bool]] = []

    def desk(in_call: Callable[[], bool], *others: Any) -> Desk:
        asked.append(in_call)
        return Desk(in_call, *others)

    def reset(*parts: Any) -> ResetKeeper:
        asked.append(parts[3])
        return ResetKeeper(*parts)

    monkeypatch.setattr("app.main.phone.Desk", desk)
    monkeypatch.setattr("app.main.face.ResetKeeper", reset)
    in_call(process)
    begun = process.start()
    setup = Setup(tmp_path / "phone.socket", kiosk=False)
    async with run.running_phone(load_board("headless"), tmp_path / "state", None, setup, begun):
        assert [one() for one in asked] == [True, True]


async def test_calls_are_looked_at_until_the_supervisor_has_heard(process: Process) -> None:
    in_call(process)
    begun = process.start()
    begun.taken_over()
    looked = asyncio.Event()

    def keep() -> SimpleNamespace:
        looked.set()
        return SimpleNamespace(calls=())

    def heard() -> bool:
        process.supervisor.read()
        return process.supervisor.names == ["voice"]

    calls = cast("CallControl", SimpleNamespace(keep=keep))
    keeper = CallKeeper(begun, calls, cast("MediaRoom", None), cast("LineKeeper", None))
    process.supervisor.be_busy()
    keeper.calls_changed()
    await looked.wait()  # in vain
    await process.supervisor.until(heard)
    keeper.stop()
