"""The voice moves between real PCMs, and those are pulled: what the ears hear, and what leaves by the network.

Two private PulseAudios keep time, so that one can die and the other go on.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from app.media.acoustics import Acoustics
from app.media.devices import RINGER, SoundDevices
from app.model.ids import StreamId
from app.model.media import AudioPath, MicrophoneGate, PathsChanged, Scene
from native import (
    Clock,
    DeviceFailed,
    DeviceLost,
    DeviceOpened,
    DeviceSpec,
    Engine,
    GateChanged,
    ToneSegment,
    ToneSpec,
)
from tests.native.support import PCMU, longest_gap_ms
from tests.rig.people import AUDIBLE, People
from tests.rig.pulse import WARM_UP_S, PulseLoop

PATHS = {path: DeviceSpec(kind="alsa", name=path.value, capture=path.value, playback=path.value) for path in AudioPath}
HEADSET_ALONE = {AudioPath.HEADSET: PATHS[AudioPath.HEADSET]}
HEARD = ToneSpec((ToneSegment((625,), level_dbm0=-30),))
"""What the far end says is played on the talking bus, so that it is sent too: below what counts as audible there."""
HERE = "127.0.0.1"
AUDIBLE_CODE = 0x39
"""1500 in G.711's mu-law, without its sign."""
LONGEST_GAP_MS = 30.0
LONGEST_GAP_WHEN_PULLED_MS = 1000.0
"""A tenth of it is usual; it takes the main thread, which has to wait where the machine is busy."""
ROUND = (
    AudioPath.SPEAKER,
    AudioPath.HEADSET,
    AudioPath.HANDSET,
    AudioPath.HEADSET,
    AudioPath.SPEAKER,
    AudioPath.HANDSET,
    AudioPath.HEADSET,
)
PATIENCE_S = 15.0


class Phone:
    """An engine paced by its cards, with a call that goes to a socket of ours."""

    def __init__(self) -> None:
        self.paths: list[PathsChanged] = []
        self.engine = Engine(Clock.CARD)
        self.engine.start()
        self._far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._far.bind((HERE, 0))
        self._far.settimeout(0)
        self._far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        bus, stream = self.engine.new_bus(), self.engine.new_stream(HERE)
        stream.configure(replace(PCMU, rtp_port=self._far.getsockname()[1], rtcp_port=9))
        stream.join(bus)
        self.engine.new_tone().play(HEARD, bus)
        self.devices = SoundDevices(self.engine, bus, self._post, {}, AudioPath.HANDSET, RINGER, Acoustics())
        name = StreamId("call")
        self.devices.arrange(Scene(talking=(name,), connected=(name,), off_hook=True))

    def _post(self, event: PathsChanged | MicrophoneGate) -> None:
        if isinstance(event, PathsChanged):
            self.paths.append(event)

    def run(self, seconds: float) -> None:
        """Handle what the engine tells for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._handle()
            time.sleep(0.005)

    def until_at(self, path: AudioPath) -> None:
        """Handle what the engine tells until the voice is there."""
        end = time.monotonic() + PATIENCE_S
        while self.devices.path is not path:
            assert time.monotonic() < end, f"the voice never came to the {path}"
            self._handle()
            time.sleep(0.002)

    def _handle(self) -> None:
        for event in self.engine.drain():
            if isinstance(event, DeviceOpened | DeviceFailed | DeviceLost | GateChanged):
                self.devices.handle(event)

    def sent(self) -> list[bytes]:
        """The RTP packets that left since the last time."""
        packets = []
        while True:
            try:
                packets.append(self._far.recv(2048))
            except BlockingIOError:
                return packets

    def close(self) -> None:
        self.engine.close()
        self._far.close()


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PulseLoop, PulseLoop]]:
    """The phone's own places, and the headset."""
    with PulseLoop(places=("handset", "speaker")) as own, PulseLoop(places=("headset",)) as headset:
        both = os.pathsep.join(str(loop.configuration) for loop in (own, headset))
        for name, value in (own.environment | {"ALSA_CONFIG_PATH": both}).items():
            monkeypatch.setenv(name, value)
        yield own, headset


def none_missing(packets: list[bytes]) -> bool:
    """Whether these PCMU packets of 20 ms follow each other without a hole, in sequence and in time."""
    headers = [struct.unpack("!HI", packet[2:8]) for packet in packets]
    steps = {((after[0] - before[0]) % 2**16, (after[1] - before[1]) % 2**32) for before, after in pairwise(headers)}
    return steps == {(1, 160)}


def wire_gap_ms(packets: list[bytes]) -> float:
    """The longest silence in what was sent. Without its sign a code of G.711 is the larger the louder."""
    codes = ~np.frombuffer(b"".join(packet[12:] for packet in packets), np.uint8) & 0x7F
    return 2 * longest_gap_ms(codes.astype(np.int16), AUDIBLE_CODE)


@pytest.mark.timing
def test_the_voice_moves_without_a_gap_and_goes_on_when_cards_are_pulled(loops: tuple[PulseLoop, PulseLoop]) -> None:
    """The headset, opened first, is the master: when it dies another card paces the tick, at last the timer."""
    own, headset = loops
    people, phone = People(path.value for path in AudioPath), Phone()
    try:
        phone.devices.update(HEADSET_ALONE, None)
        phone.until_at(AudioPath.HEADSET)
        phone.devices.update(PATHS, None)
        phone.until_at(AudioPath.HANDSET)
        phone.run(WARM_UP_S + 1)
        people.heard()
        phone.sent()

        moved: list[tuple[float, float]] = []
        stayed: list[tuple[float, float]] = []
        for path in ROUND:
            for gaps in (moved, stayed):
                phone.devices.select(path)
                phone.run(0.3)
                packets = phone.sent()
                assert none_missing(packets)
                gaps.append((longest_gap_ms(people.heard(), AUDIBLE), wire_gap_ms(packets)))
        print(f"gaps at the ear and in what is sent, in ms: {moved} while it moved, {stayed} while it stayed")
        # A sound server on a busy machine slips by itself, most moves being spared all the same.
        for moving, staying in zip(np.median(moved, axis=0), np.median(stayed, axis=0), strict=True):
            assert moving - staying <= LONGEST_GAP_MS

        phone.run(0.5)
        assert phone.devices.path is AudioPath.HEADSET
        assert phone.engine.report().clock is Clock.CARD
        headset.kill_daemon()
        phone.until_at(AudioPath.HANDSET)
        phone.run(1)
        packets = phone.sent()
        assert none_missing(packets)
        assert phone.paths[-1].missing is AudioPath.HEADSET
        ear_gap, wire_gap = longest_gap_ms(people.heard(), AUDIBLE), wire_gap_ms(packets)
        print(f"pulled: gaps of {ear_gap} ms at the ear, {wire_gap} ms in what is sent")
        assert max(ear_gap, wire_gap) <= LONGEST_GAP_WHEN_PULLED_MS
        assert phone.engine.report().clock is Clock.CARD

        own.kill_daemon()
        phone.run(1)
        assert phone.engine.report().clock is Clock.TIMER
        packets = phone.sent()
        assert none_missing(packets)
        assert len(packets) >= 45
    finally:
        phone.close()
        people.close()
