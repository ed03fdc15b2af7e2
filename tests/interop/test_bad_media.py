"""What a network may throw at a running call's media ports: the call goes on, and the counters show it."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from native import StreamStatistics
from tests.interop.row import Row
from tests.interop.stage import Stage, talking
from tests.interop.voice import Voice, rtp

pytestmark = pytest.mark.interop

FUZZ = 300
ATTACKER_HERTZ = 2100


def header(first: int, second: int, voice: Voice) -> bytes:
    """An RTP header with any first two octets."""
    return struct.pack(">BBHII", first, second, 7, 7, voice.ssrc)


def truncated(voice: Voice) -> list[bytes]:
    whole = voice.sent[-1]
    return [whole[:length] for length in range(1, 12)]


def wrong_lengths(voice: Voice) -> list[bytes]:
    """More contributing sources, a longer extension and more padding than there are octets."""
    return [
        header(0x8F, 0, voice) + bytes(8),
        header(0x90, 0, voice) + b"\xbe\xde\xff\xff" + bytes(16),
        header(0x90, 0, voice) + b"\xbe",
        header(0xA0, 0, voice) + bytes(19) + b"\xff",
        header(0xA0, 0, voice) + bytes(19) + b"\0",
    ]


def oversized(voice: Voice) -> list[bytes]:
    return [header(0x80, 0, voice) + bytes(size) for size in (1600, 9000, 60000)]


def wrong_versions(voice: Voice) -> list[bytes]:
    return [header(first, 0, voice) + bytes(160) for first in (0xC0, 0xE0)]


MALFORMED: dict[str, Callable[[Voice], list[bytes]]] = {
    "truncated": truncated,
    "wrong lengths": wrong_lengths,
    "oversized": oversized,
    "version 3": wrong_versions,
}


@pytest.mark.parametrize("kind", MALFORMED)
async def test_malformed_rtp(kind: str, tmp_path: Path, row: Row) -> None:
    row.of("sockets", f"RTP from the right address: {kind}")
    async with talking(tmp_path) as stage:
        before = stage.phone.statistics.malformed
        bad = MALFORMED[kind](stage.voice)
        for data in bad:
            stage.voice.throw(data)
        after = await stage.phone.counts(lambda s: s.malformed - before >= len(bad))
        row.measured(f"{after.malformed - before} of {len(bad)} counted as malformed")


async def test_replayed_rtp(tmp_path: Path, row: Row) -> None:
    row.of("sockets", "RTP replayed: the last second's packets once more, and the newest ten times")
    async with talking(tmp_path) as stage:
        await asyncio.sleep(0.3)
        before = stage.phone.statistics
        old, newest = stage.voice.sent[-40:], stage.voice.sent[-1]
        for data in [*old, *[newest] * 10]:
            stage.voice.throw(data)
        after = await stage.phone.counts(lambda s: _stale(s) - _stale(before) >= len(old) + 10)
        row.measured(f"{after.duplicate - before.duplicate} duplicate, {after.late - before.late} late")


def _stale(statistics: StreamStatistics) -> int:
    return statistics.duplicate + statistics.late


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
async def test_a_second_voice(host: str, tmp_path: Path, row: Row) -> None:
    where = "another port" if host == "127.0.0.1" else "another address"
    row.of("sockets", f"a second voice from {where} than the far end's")
    async with talking(tmp_path) as stage, Voice(ATTACKER_HERTZ, host) as attacker:
        attacker.ssrc = stage.voice.ssrc
        attacker.speak_to(stage.phone.rtp_port)
        after = await stage.phone.counts(lambda s: s.wrong_source >= 20)
        await stage.heard()
        row.measured(f"{after.wrong_source} dropped; only the far end is heard")


async def test_unknown_payload_types(tmp_path: Path, row: Row) -> None:
    row.of("sockets", "RTP with payload types that were never agreed")
    async with talking(tmp_path) as stage:
        before = stage.phone.statistics
        for number in range(30):
            sequence = struct.unpack(">H", stage.voice.sent[-1][2:4])[0] + 1
            stage.voice.throw(rtp(sequence, number, stage.voice.ssrc, bytes(160), 96 + number))
        await asyncio.sleep(0.3)
        after = stage.phone.statistics
        row.measured(f"{after.discarded - before.discarded} discarded, {after.malformed - before.malformed} malformed")


async def test_random_octets(tmp_path: Path, row: Row) -> None:
    row.of("sockets", f"{FUZZ} datagrams of random octets each to the RTP and the RTCP port")
    chance = random.Random(1)
    async with talking(tmp_path) as stage:
        for number in range(FUZZ):
            data = chance.randbytes(chance.randrange(1, 400))
            stage.voice.throw(_other_source(data, stage), rtcp=bool(number % 2))
            if number % 50 == 49:
                await asyncio.sleep(0.02)
        after = await stage.phone.counts(lambda s: s.malformed + s.foreign > FUZZ / 3)
        row.measured(f"{after.malformed} malformed, {after.foreign} foreign, {after.discarded} discarded")


def _other_source(data: bytes, stage: Stage) -> bytes:
    """The same octets, but never a valid packet of the running source, which would rightly be played."""
    return data if data[8:12] != stage.voice.ssrc.to_bytes(4, "big") else data[:8]


def rtcp(kind: int, words: int, body: bytes, count: int = 0) -> bytes:
    """An RTCP packet (RFC 3550, 6.4) that says it has `words` words after the first."""
    return struct.pack(">BBH", 0x80 | count, kind, words) + body


async def test_malformed_rtcp(tmp_path: Path, row: Row) -> None:
    row.of("sockets", "RTCP truncated, with wrong lengths, counts and versions, and a BYE of somebody else")
    async with talking(tmp_path) as stage:
        ssrc = stage.voice.ssrc.to_bytes(4, "big")
        other = b"\1\2\3\4"
        bad = [
            b"\x80",
            b"\x81\xc8\0",
            rtcp(200, 400, ssrc + bytes(20)),
            rtcp(201, 1, ssrc, count=31),
            rtcp(202, 2, ssrc + b"\1\xff", count=1),
            b"\0" + rtcp(201, 1, ssrc)[1:],
            rtcp(204, 3, ssrc + b"PINGPONG"),
        ]
        before = stage.phone.statistics
        for data in bad:
            stage.voice.throw(data, rtcp=True)
        stage.voice.throw(rtcp(201, 1, other) + rtcp(203, 1, other, count=1), rtcp=True)
        after = await stage.phone.counts(lambda s: s.malformed - before.malformed >= 6)
        row.measured(f"{after.malformed - before.malformed} of {len(bad)} counted as malformed")


async def test_stun_and_dtls(tmp_path: Path, row: Row) -> None:
    row.of("sockets", "500 STUN and DTLS packets on the RTP port (RFC 7983)")
    stun = struct.pack(">HHI", 1, 0, 0x2112A442) + bytes(12)
    dtls = b"\x16\xfe\xfd" + bytes(8) + b"\0\4" + bytes(4)
    async with talking(tmp_path) as stage:
        for _ in range(10):
            for _ in range(25):
                stage.voice.throw(stun)
                stage.voice.throw(dtls)
            await asyncio.sleep(0.02)
        after = await stage.phone.counts(lambda s: s.foreign == 500)
        row.measured(f"{after.foreign} counted as foreign")


@pytest.mark.parametrize("rate", [2_000, 10_000])
async def test_a_flood(rate: int, tmp_path: Path, row: Row) -> None:
    row.of("sockets", f"a flood of {rate:,} packets a second from a strange port")
    group = rate // 100
    async with talking(tmp_path) as stage, Voice(ATTACKER_HERTZ) as attacker:
        before = stage.phone.statistics
        attacker.speak_to(stage.phone.rtp_port)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(100):
            for place in range(group):
                attacker.throw(rtp(group * number + place, 160 * number, 99, bytes(160)))
            await asyncio.sleep(max(0.0, begun + number / 100 - loop.time()))
        after = await stage.phone.counts(lambda s: s.wrong_source > rate / 5)
        row.measured(f"{after.wrong_source - before.wrong_source} dropped, {after.lost} of the far end's lost")
        if rate == 2_000:
            assert after.lost == 0
