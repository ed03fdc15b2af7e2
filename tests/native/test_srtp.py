"""Encrypted streams: judged by an SRTP of our own and by what must not be heard; keys that come, change and go."""

from __future__ import annotations

import os
import struct
from dataclasses import replace

import pytest

from native import Clock, Engine, InvalidArgument, MemoryStream, SrtpKeys, SrtpSuite, StreamStatistics
from tests.native.srtp_oracle import Protector
from tests.native.support import PCMU

SSRC = 0x1234
SUITE = SrtpSuite.AES_CM_128_HMAC_SHA1_80
PUBLISHED_TICKS = 20


def keys(suite: SrtpSuite = SUITE) -> SrtpKeys:
    return SrtpKeys(suite, os.urandom(suite.key_size), os.urandom(suite.key_size))


def mirrored(ours: SrtpKeys) -> SrtpKeys:
    return SrtpKeys(ours.suite, ours.receive, ours.send)


def packet(sequence: int, payload: bytes = bytes(160)) -> bytes:
    return struct.pack(">BBHII", 0x80, 0, sequence & 0xFFFF, sequence * 160, SSRC) + payload


class Receiver:
    """A stepped engine with one encrypted stream, to throw packets at."""

    def __init__(self, suite: SrtpSuite = SUITE) -> None:
        self.keys = keys(suite)
        self.engine = Engine(Clock.STEPPED)
        self.stream = self.engine.new_memory_stream()
        self.stream.configure(replace(PCMU, srtp=self.keys))
        self.far = Protector(suite, self.keys.receive)

    def take(self, *packets: bytes) -> StreamStatistics:
        """Hand packets in, a tick apart, and wait until the counters are published."""
        for data in packets:
            self.stream.push(data)
            self.engine.step(2)
        self.engine.step(PUBLISHED_TICKS)
        return self.stream.statistics()

    def good(self, first: int, count: int = 10) -> list[bytes]:
        return [self.far.protect(packet(first + number)) for number in range(count)]


def test_the_other_srtp_derives_keys_as_rfc_6188_does() -> None:
    master = "73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1c8522f3acd4ce86d5add78edbb11"
    derived = Protector(SrtpSuite.AES_192_CM_HMAC_SHA1_80, bytes.fromhex(master))
    assert derived.key.hex() == "31874736a8f1143870c26e4857d8a5b2c4a354407faadabb"
    assert derived.salt.hex() == "2372b82d639b6d8503a47adc0a6c"
    assert derived.authentication.hex() == "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb"


@pytest.mark.parametrize("suite", SrtpSuite)
def test_the_engine_understands_another_srtp(suite: SrtpSuite) -> None:
    receiver = Receiver(suite)
    statistics = receiver.take(*receiver.good(1))
    assert (statistics.packets_received, statistics.srtp_refused, statistics.secured) == (10, 0, True)


@pytest.mark.parametrize("suite", SrtpSuite)
def test_what_the_engine_sends_is_what_another_srtp_would(suite: SrtpSuite) -> None:
    receiver = Receiver(suite)
    receiver.engine.step(10)
    sent = [data for data in receiver.stream.pop() if data[1] & 0x7F == 0]
    ours = Protector(suite, receiver.keys.send)
    silence = b"\xff" * 160
    assert sent
    assert sent == [ours.protect(data[:12] + silence) for data in sent]


def test_reports_do_not_leave_in_the_clear_either() -> None:
    receiver = Receiver()
    receiver.stream.configure(replace(PCMU, srtp=receiver.keys, cname="somebody"))
    receiver.engine.step(1500)
    reports = [data for data in receiver.stream.pop() if 200 <= data[1] <= 204]
    assert reports
    assert all(b"somebody" not in data for data in reports)


@pytest.mark.parametrize(
    ("what", "replayed"),
    [
        ("wrong key", False),
        ("plain", False),
        ("truncated", False),
        ("wrong counter", False),
        ("damaged", False),
        ("replayed", True),
    ],
)
def test_what_is_not_the_far_ends_is_dropped_and_counted(what: str, replayed: bool) -> None:
    receiver = Receiver()
    good = receiver.good(1, 20)
    receiver.take(*good[:10])
    stranger = Protector(SUITE, os.urandom(SUITE.key_size))
    bad = {
        "wrong key": [stranger.protect(packet(30 + number)) for number in range(5)],
        "plain": [packet(30 + number) for number in range(5)],
        "truncated": [data[: 15 + number] for number, data in enumerate(receiver.good(30, 5))],
        "wrong counter": [receiver.far.protect(packet(30 + number), roc=1) for number in range(5)],
        "damaged": [data[:50] + bytes([data[50] ^ 1]) + data[51:] for data in receiver.good(30, 5)],
        "replayed": good[:5],
    }[what]
    statistics = receiver.take(*bad)
    counted = statistics.srtp_replayed if replayed else statistics.srtp_refused
    assert (counted, statistics.srtp_refused + statistics.srtp_replayed) == (5, 5)
    assert statistics.packets_received == 10
    assert receiver.take(*good[10:]).packets_received == 20


def test_a_source_that_had_been_sending_before_is_found() -> None:
    receiver = Receiver()
    late = [receiver.far.protect(packet(number), roc=2) for number in range(100)]
    statistics = receiver.take(*late)
    assert statistics.packets_received > 60


def call() -> tuple[Engine, MemoryStream, MemoryStream]:
    engine = Engine(Clock.STEPPED)
    return engine, engine.new_memory_stream(), engine.new_memory_stream()


def run(engine: Engine, a: MemoryStream, b: MemoryStream, ticks: int) -> None:
    for _ in range(ticks):
        engine.step()
        for data in a.pop():
            b.push(data)
        for data in b.pop():
            a.push(data)


def test_a_configuration_with_the_same_keys_disturbs_nothing() -> None:
    engine, a, b = call()
    agreed = keys()
    for seconds in range(5):
        a.configure(replace(PCMU, srtp=agreed, connected=seconds % 2 == 0))
        b.configure(replace(PCMU, srtp=mirrored(agreed)))
        run(engine, a, b, 100)
    statistics = b.statistics()
    assert statistics.srtp_refused == statistics.srtp_replayed == statistics.lost == 0
    assert statistics.packets_received > 240


def test_a_new_key_of_one_side_costs_at_most_what_is_on_its_way() -> None:
    engine, a, b = call()
    agreed = keys()
    for _ in range(5):
        a.configure(replace(PCMU, srtp=agreed))
        b.configure(replace(PCMU, srtp=mirrored(agreed)))
        run(engine, a, b, 100)
        agreed = replace(agreed, send=os.urandom(SUITE.key_size))
    assert a.statistics().srtp_refused == 0
    assert b.statistics().srtp_refused <= 5
    assert b.statistics().packets_received > 240


def test_a_call_can_become_encrypted_and_plain_again() -> None:
    engine, a, b = call()
    agreed = keys()
    for secured in (False, True, False):
        a.configure(replace(PCMU, srtp=agreed if secured else None))
        b.configure(replace(PCMU, srtp=mirrored(agreed) if secured else None))
        run(engine, a, b, 100)
        assert a.statistics().secured is secured
        assert a.statistics().packets_received > 40
        agreed = keys()


def test_keys_of_a_wrong_size_are_refused_and_never_shown() -> None:
    with pytest.raises(InvalidArgument, match="30 octets"):
        SrtpKeys(SUITE, b"short", bytes(30))
    shown = repr(replace(PCMU, srtp=SrtpKeys(SUITE, b"s" * 30, b"r" * 30)))
    assert "sss" not in shown
    assert "rrr" not in shown
