"""A conference in the engine: eight parties of mixed codecs and us, on the stepped clock."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from native import Clock, Codec, Engine, MemoryStream, StreamConfig
from native.samples import Samples
from tests.native.support import PCMU, RATE, End, memory, power_at, sine

CODECS = (Codec.PCMU, Codec.PCMA, Codec.G722, Codec.OPUS_NB, Codec.OPUS_WB, Codec.PCMA, Codec.G722, Codec.OPUS_WB)
PACKET_TIMES_MS = (20, 20, 20, 20, 20, 30, 10, 40)
PAYLOAD_TYPES = {Codec.PCMU: 0, Codec.PCMA: 8, Codec.G722: 9, Codec.OPUS_NB: 111, Codec.OPUS_WB: 111}
AMPLITUDE = 6000
TURN_SECONDS = 0.5
OURS = 3150


def pitch(party: int) -> int:
    """A pitch of his own for each party, all within a telephone's band."""
    return 410 + 340 * party


def everybody(*but: int) -> list[int]:
    """The pitches of all parties and ours, but for these."""
    return [hertz for hertz in (*(pitch(party) for party in range(len(CODECS))), OURS) if hertz not in but]


def config(codec: Codec, packet_time_ms: int) -> StreamConfig:
    number = PAYLOAD_TYPES[codec]
    return replace(PCMU, codec=codec, payload_type=number, receive=((number, codec),), packet_time_ms=packet_time_ms)


class Meeting:
    """A stepped engine with the mixed streams and our device, and a whole far end for each stream."""

    def __init__(self) -> None:
        self.engine = Engine(Clock.STEPPED)
        self.bus, self.apart = self.engine.new_bus(), self.engine.new_bus()
        self.device = memory(self.engine, self.bus)
        self.device.set_gate(open=True)
        self.streams: list[MemoryStream] = []
        self.ends: list[End] = []
        for codec, packet_time_ms in zip(CODECS, PACKET_TIMES_MS, strict=True):
            stream = self.engine.new_memory_stream()
            stream.configure(config(codec, packet_time_ms))
            stream.join(self.bus)
            self.streams.append(stream)
            self.ends.append(End(config(codec, packet_time_ms)))

    def run(self, seconds: float) -> None:
        """Everybody's ticks, with nothing between the ends."""
        for _ in range(round(seconds * 100)):
            self.engine.step()
            for stream, end in zip(self.streams, self.ends, strict=True):
                for packet in stream.pop():
                    end.stream.push(packet)
                end.engine.step()
                for packet in end.stream.pop():
                    stream.push(packet)

    def talk_in_turn(self) -> list[list[int]]:
        """One after the other says his pitch, we the last; the pitches that each far end hears, and the last we."""
        mouths = [*(end.device for end in self.ends), self.device]
        heard: list[list[int]] = [[] for _ in mouths]
        pitches = [*(pitch(party) for party in range(len(self.ends))), OURS]
        for hertz, mouth in zip(pitches, mouths, strict=True):
            mouth.feed(sine(hertz, TURN_SECONDS, AMPLITUDE))
            for device in mouths:
                device.take()
            self.run(TURN_SECONDS)
            for ear, device in zip(heard, mouths, strict=True):
                if power_at(device.take()[-RATE // 4 :], hertz) > AMPLITUDE / 2:
                    ear.append(hertz)
        return heard

    def close(self) -> None:
        self.engine.close()
        for end in self.ends:
            end.close()


@pytest.fixture
def meeting() -> Iterator[Meeting]:
    made = Meeting()
    yield made
    made.close()


def test_eight_parties_of_mixed_codecs_hear_everybody_but_themselves(meeting: Meeting) -> None:
    heard = meeting.talk_in_turn()
    assert heard == [*(everybody(pitch(party)) for party in range(len(CODECS))), everybody(OURS)]
    for stream, codec in zip(meeting.streams, CODECS, strict=True):
        assert stream.statistics().codec is codec


def test_parties_apart_go_on_without_us_while_we_talk_to_one(meeting: Meeting) -> None:
    for stream in meeting.streams[1:]:
        stream.join(meeting.apart)
    heard = meeting.talk_in_turn()
    assert heard[0] == [OURS]
    assert heard[-1] == [pitch(0)]
    assert heard[1:-1] == [everybody(OURS, pitch(0), pitch(party)) for party in range(1, len(CODECS))]


def test_a_muted_party_hears_and_is_not_heard(meeting: Meeting) -> None:
    meeting.streams[3].join(meeting.bus, talk=False)
    heard = meeting.talk_in_turn()
    assert heard[3] == everybody(pitch(3))
    assert all(pitch(3) not in pitches for pitches in heard)


def test_a_party_that_leaves_takes_only_its_voice_along(meeting: Meeting) -> None:
    meeting.run(0.5)
    meeting.streams.pop().close()
    meeting.ends.pop().close()
    gone = pitch(len(CODECS) - 1)
    assert meeting.talk_in_turn()[-1] == everybody(gone, OURS)


@pytest.mark.parametrize(("talk", "gain_db"), [(False, 0.0), (True, 12.0), (True, -12.0)])
def test_a_change_of_level_takes_a_frame_and_does_not_click(meeting: Meeting, talk: bool, gain_db: float) -> None:
    low = 150  # whose steps from sample to sample are small
    meeting.ends[2].device.feed(sine(low, 2, 4000))
    meeting.run(0.5)
    before = meeting.device.take()[-RATE // 5 :]
    for _ in range(8):  # at any moment of the wave
        meeting.streams[2].join(meeting.bus, talk=talk, gain_db=gain_db)
        meeting.run(0.03)
        meeting.streams[2].join(meeting.bus)
        meeting.run(0.05)
    assert _steepest(meeting.device.take()) < 6 * _steepest(before)


def _steepest(samples: Samples) -> int:
    return int(np.abs(np.diff(samples.astype(np.int32))).max())
