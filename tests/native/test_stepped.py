"""Whole calls on the stepped clock: deterministic, and far faster than they sound."""

import struct
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from native import (
    Clock,
    Codec,
    Device,
    DigitReceived,
    Engine,
    GateChanged,
    InvalidArgument,
    PlayerFinished,
    RemoteBye,
    SourceChanged,
    Tone,
    ToneSegment,
    ToneSpec,
)
from tests.native.support import DIGITS, PCMU, RATE, End, Pair, lossy, memory, power_at, sine

DIAL_TONE = ToneSpec((ToneSegment((425,)),))


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(Clock.STEPPED) as engine:
        yield engine


def rtp(sequence: int, ssrc: int = 1, payload_type: int = 0) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, sequence & 0xFFFF, sequence * 160, ssrc) + b"\xff" * 160


@pytest.mark.parametrize(
    ("codec", "payload_type", "frequency"),
    [
        (Codec.PCMU, 0, 1000),
        (Codec.PCMA, 8, 1000),
        (Codec.G722, 9, 5000),
        (Codec.OPUS_NB, 111, 1000),
        (Codec.OPUS_WB, 111, 5000),
    ],
)
def test_each_codec_carries_a_tone_both_ways(codec: Codec, payload_type: int, frequency: int) -> None:
    pair = Pair(replace(PCMU, codec=codec, payload_type=payload_type, receive=((payload_type, codec),)))
    pair.near.device.feed(sine(frequency, 2))
    pair.far.device.feed(sine(frequency / 2, 2))
    pair.run(2)
    assert power_at(pair.far.device.take()[RATE:], frequency) == pytest.approx(8000, rel=0.2)
    assert power_at(pair.near.device.take()[RATE:], frequency / 2) == pytest.approx(8000, rel=0.2)
    assert pair.near.stream.statistics().codec is codec
    pair.close()


def test_packets_keep_the_packet_time_and_the_clock() -> None:
    end = End(replace(PCMU, packet_time_ms=30))
    end.engine.step(30)
    packets = end.stream.pop()
    headers = [struct.unpack("!BBHII", packet[:12]) for packet in packets]
    assert [len(packet) - 12 for packet in packets] == [240] * 10
    assert headers[0][1] & 0x80
    assert not any(header[1] & 0x80 for header in headers[1:])
    assert {(b[3] - a[3]) % 2**32 for a, b in pairwise(headers)} == {240}
    assert {(b[2] - a[2]) % 2**16 for a, b in pairwise(headers)} == {1}
    assert {header[4] for header in headers} == {end.stream.ssrc}
    end.close()


def test_opus_goes_no_faster_than_allowed_and_may_be_told_anew() -> None:
    opus = replace(PCMU, codec=Codec.OPUS_WB, payload_type=111, receive=((111, Codec.OPUS_WB),))
    end = End(opus)
    rates = []
    for allowed in (None, 10000, None):
        end.stream.configure(replace(opus, rate_max=allowed))
        end.device.feed(np.random.default_rng(1).normal(0, 3000, 3 * RATE).astype(np.int16))
        end.engine.step(300)
        rates.append(sum(len(packet) - 12 for packet in end.stream.pop() if packet[1] & 0x7F == 111) * 8 / 3)
    assert rates[0] > 30000
    assert rates[1] <= 10000
    assert rates[2] > 30000
    for refused in (0, 5999, 510001):
        with pytest.raises(InvalidArgument):
            end.stream.configure(replace(opus, rate_max=refused))
    end.close()


def test_a_held_stream_sends_nothing_and_its_clock_goes_on() -> None:
    end = End()
    end.engine.step(10)
    last = struct.unpack("!BBHII", end.stream.pop()[-1][:12])
    end.stream.configure(replace(PCMU, sends=False))
    end.engine.step(100)
    assert not [packet for packet in end.stream.pop() if packet[1] & 0x7F == 0]
    end.stream.configure(PCMU)
    end.engine.step(2)
    first = struct.unpack("!BBHII", end.stream.pop()[0][:12])
    assert first[1] & 0x80
    assert first[2] == (last[2] + 1) % 2**16
    assert (first[3] - last[3]) % 2**32 == 160 * 51
    end.close()


def test_a_receiver_told_not_to_receive_is_silent() -> None:
    pair = Pair()
    pair.near.device.feed(sine(400, 4))
    pair.run(1)
    assert power_at(pair.far.device.take()[8000:], 400) > 7000
    pair.far.stream.configure(replace(PCMU, receives=False))
    pair.run(1)
    assert not np.any(pair.far.device.take()[320:])
    pair.close()


def test_everybody_hears_the_others_and_not_himself(engine: Engine) -> None:
    bus, other = engine.new_bus(), engine.new_bus()
    stream = engine.new_memory_stream()
    stream.configure(PCMU)
    stream.join(bus)
    parties = [memory(engine, bus) for _ in range(3)]
    outsider = memory(engine, other)
    for index, party in enumerate(parties):
        party.set_gate(open=True)
        party.feed(sine(500 + 500 * index, 1, 4000))
    engine.step(100)
    for index, party in enumerate(parties):
        heard = party.take()[1600:]
        for said in range(3):
            assert power_at(heard, 500 + 500 * said) == pytest.approx(0 if said == index else 4000, abs=60)
    assert not np.any(outsider.take())


def test_an_echo_bus_gives_a_party_its_own_voice(engine: Engine) -> None:
    bus = engine.new_bus(hear_self=True)
    stream = engine.new_memory_stream()
    stream.configure(PCMU)
    stream.join(bus)
    party = memory(engine, bus)
    party.set_gate(open=True)
    party.feed(sine(700, 1))
    engine.step(100)
    assert power_at(party.take()[1600:], 700) == pytest.approx(8000, rel=0.02)


def test_a_loud_mix_saturates_instead_of_wrapping(engine: Engine) -> None:
    bus = engine.new_bus()
    listener = memory(engine, bus)
    for _ in range(3):
        player = engine.new_player(np.full(RATE, 30000, np.int16))
        player.play(bus)
    engine.step(10)
    assert np.all(listener.take() == 32767)


def test_gain_talk_and_listen_are_per_party(engine: Engine) -> None:
    bus = engine.new_bus()
    stream = engine.new_memory_stream()
    stream.configure(PCMU)
    stream.join(bus)
    speaker, listener = memory(engine), memory(engine, bus)
    speaker.join(bus, listen=False, gain_db=-6.0206)
    speaker.set_gate(open=True)
    listener.set_gate(open=True)
    for device in (speaker, listener):
        device.feed(sine(600, 1))
    engine.step(100)
    assert power_at(listener.take()[1600:], 600) == pytest.approx(4000, rel=0.02)
    assert not np.any(speaker.take())


def test_capture_and_playback_gain(engine: Engine) -> None:
    bus = engine.new_bus(hear_self=True)
    stream = engine.new_memory_stream()
    stream.configure(PCMU)
    stream.join(bus)
    device = memory(engine, bus)
    device.set_gate(open=True)
    device.set_capture_gain(-20)
    device.set_playback_gain(6.0206)
    device.feed(sine(600, 1))
    engine.step(100)
    assert power_at(device.take()[1600:], 600) == pytest.approx(1600, rel=0.03)
    device.set_playback_gain(float("-inf"))
    engine.step(10)
    assert not np.any(device.take())


@pytest.mark.parametrize(
    ("asked", "connected", "joined", "opens"),
    [(True, True, True, True), (False, True, True, False), (True, False, True, False), (True, True, False, False)],
)
def test_the_gate_opens_only_when_all_agree(asked: bool, connected: bool, joined: bool, opens: bool) -> None:
    end = End(replace(PCMU, connected=connected))
    end.device.set_gate(asked)
    if not joined:
        end.device.leave()
    end.device.feed(sine(400, 1))
    end.engine.step(100)
    assert end.device.gate_open is opens
    assert [event.open for event in end.engine.drain() if isinstance(event, GateChanged)] == ([True] if opens else [])
    payload = b"".join(packet[12:] for packet in end.stream.pop())
    assert (set(payload) <= {0xFF, 0x7F}) is not opens
    end.close()


def test_the_gate_closes_when_the_call_ends() -> None:
    end = End()
    end.device.feed(sine(400, 2))
    end.engine.step(10)
    assert end.device.gate_open
    end.stream.close()
    end.engine.step()
    assert not end.device.gate_open
    assert [event.open for event in end.engine.drain() if isinstance(event, GateChanged)] == [True, False]
    assert end.device.statistics().capture_level_dbov > -30
    end.close()


def test_digits_cross_in_order() -> None:
    pair = Pair(DIGITS)
    pair.run(0.5)
    for digit in "159#":
        pair.near.stream.send_digit(digit, 120)
    pair.run(2)
    digits = [event for event in pair.far.engine.drain() if isinstance(event, DigitReceived)]
    assert "".join(event.digit for event in digits) == "159#"
    assert {event.stream for event in digits} == {pair.far.stream}
    assert all(100 <= event.duration_ms <= 140 for event in digits)
    pair.close()


def test_a_tone_sounds_at_one_device_or_on_a_bus(engine: Engine) -> None:
    bus = engine.new_bus()
    first, second = memory(engine, bus), memory(engine, bus)
    tone = engine.new_tone()

    def heard() -> tuple[float, float]:
        engine.step(50)
        return power_at(first.take()[800:], 425), power_at(second.take()[800:], 425)

    tone.play(DIAL_TONE, first)
    alone = heard()
    tone.play(DIAL_TONE, bus)
    both = heard()
    tone.stop()
    engine.step(2)
    first.take(), second.take()
    assert alone[0] > 5000
    assert alone[1] == 0
    assert both[0] == pytest.approx(alone[0], rel=0.02)
    assert both[1] == pytest.approx(alone[0], rel=0.02)
    assert heard() == (0, 0)


def test_a_player_that_is_stopped_fades_out(engine: Engine) -> None:
    device = memory(engine)
    player = engine.new_player(np.full(RATE, 16000, np.int16), loop=True)
    player.play(device)
    engine.step(10)
    player.stop()
    engine.step(10)
    heard = device.take().astype(int)
    assert heard[1599] == 16000
    assert not heard[1760:].any()
    assert np.abs(np.diff(heard)).max() <= 16000 / 160 + 1


def test_a_player_plays_once_tells_and_plays_again(engine: Engine) -> None:
    device = memory(engine)
    samples = np.arange(1, 401, dtype=np.int16)
    player = engine.new_player(samples)
    for _ in range(2):
        player.play(device)
        engine.step(5)
        assert list(device.take()[:480]) == [*samples, *[0] * 80]
        assert engine.drain() == [PlayerFinished(player)]


def test_a_loop_has_no_seam(engine: Engine) -> None:
    device = memory(engine)
    player = engine.new_player(np.arange(1, 251, dtype=np.int16), loop=True)
    player.play(device)
    engine.step(10)
    player.stop()
    engine.step(5)
    assert list(device.take()[:1600]) == [n % 250 + 1 for n in range(1600)]
    assert engine.drain() == []


def test_reports_give_round_trip_and_losses() -> None:
    pair = Pair(wire=lossy(1, 0.1, delay_ms=35))
    pair.run(30)
    statistics = pair.near.stream.statistics()
    assert statistics.rtcp_sent >= 4
    assert statistics.rtcp_received >= 3
    assert statistics.round_trip_ms == pytest.approx(70, abs=0.1)
    assert statistics.remote_fraction_lost == pytest.approx(0.1, abs=0.06)
    assert statistics.lost == pytest.approx(150, abs=40)
    assert statistics.remote_jitter_ms is not None
    pair.close()


def test_a_bye_of_the_far_end_is_told() -> None:
    end = End()
    for sequence in range(20):
        end.stream.push(rtp(sequence))
        end.engine.step(2)
    end.stream.push(struct.pack("!BBHIBBHI", 0x80, 201, 1, 1, 0x81, 203, 1, 1))
    end.engine.step()
    assert RemoteBye(end.stream) in end.engine.drain()
    end.close()


def test_another_source_is_told_of() -> None:
    end = End()
    for sequence in range(40):
        end.stream.push(rtp(sequence, ssrc=7 if sequence < 20 else 8))
        end.engine.step(2)
    events = end.engine.drain()
    assert SourceChanged(end.stream, 8) in events
    assert end.stream.statistics().packets_received >= 35
    end.close()


@pytest.mark.parametrize("size", [0, 1, 11, 12, 13, 172, 1500, 3000])
def test_rubbish_is_counted_and_survived(size: int) -> None:
    end = End()
    for first in range(256):
        end.stream.push(bytes([first, 0]) * (size // 2) + bytes([first]) * (size % 2))
        end.engine.step()
    statistics = end.stream.statistics()
    assert statistics.malformed + statistics.discarded + statistics.foreign + statistics.packets_received > 0
    for sequence in range(50):
        end.stream.push(rtp(sequence))
        end.engine.step(2)
    assert end.stream.statistics().packets_received >= 45
    end.close()


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_ten_minutes_with_drift_loss_and_jitter_stay_whole_and_prompt(ppm: float) -> None:
    began = time.monotonic()
    pair = Pair(wire=lossy(3, 0.02, 40), ppm=ppm)
    delays = []
    for _ in range(20):
        pair.run(30)
        delays.append(pair.near.stream.statistics().playout_delay_ms)
        pair.near.device.take(), pair.far.device.take()
    statistics = pair.near.stream.statistics()
    assert statistics.lost == pytest.approx(600, rel=0.2)
    assert max(delays[1:]) < 120
    assert statistics.concealed_ms < 600_000 * 0.05
    assert time.monotonic() - began < 60
    pair.close()


def test_the_same_steps_give_the_same_sound() -> None:
    def call() -> bytes:
        pair = Pair(wire=lossy(5, 0.1, 60))
        pair.near.device.feed(sine(440, 3))
        pair.run(3)
        heard = pair.far.device.take().tobytes()
        pair.close()
        return heard

    assert call() == call()


def test_level_meters_read_in_dbov(engine: Engine) -> None:
    device = memory(engine)
    engine.step(20)
    assert device.statistics().capture_level_dbov == -127
    device.feed(sine(1000, 1, 32767))
    engine.step(20)
    assert device.statistics().capture_level_dbov == pytest.approx(-3.01, abs=0.1)


@pytest.mark.parametrize(
    "change",
    [
        {"payload_type": 128},
        {"rtp_port": 0},
        {"rtp_port": 65535},
        {"rtcp_port": 70000},
        {"remote_address": "phone.example"},
        {"remote_address": ""},
        {"packet_time_ms": 25},
        {"packet_time_ms": 70},
        {"receive": tuple((number, Codec.PCMU) for number in range(96, 105))},
        {"cname": "x" * 64},
        {"telephone_event_type": 200},
        {"telephone_event_type": 0},
    ],
)
def test_a_configuration_out_of_range_is_refused(engine: Engine, change: dict[str, object]) -> None:
    stream = engine.new_memory_stream()
    with pytest.raises(InvalidArgument):
        stream.configure(replace(PCMU, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "segment",
    [
        ToneSegment((10,)),
        ToneSegment((8000,)),
        ToneSegment((425,), 10),
        ToneSegment((425,), on_ms=-1),
        ToneSegment((400,) * 5),
    ],
)
def test_a_tone_out_of_range_is_refused(engine: Engine, segment: ToneSegment) -> None:
    tone: Tone = engine.new_tone()
    device: Device = memory(engine)
    with pytest.raises(InvalidArgument):
        tone.play(ToneSpec((segment,)), device)
