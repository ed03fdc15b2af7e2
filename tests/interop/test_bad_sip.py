"""What a network may throw at the SIP port while a call runs: refused or dropped, counted, and the call goes on."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.row import Row
from tests.interop.stage import Stage, talking

pytestmark = pytest.mark.interop

SDP = "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n"


def message(method: str, port: int, *headers: str, body: str = "", own: int = 9) -> bytes:
    """A request out of the blue, for number 27."""
    number = random.getrandbits(60)
    lines = [
        f"{method} sip:27@127.0.0.1:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:{own};rport;branch=z9hG4bK{number}",
        "Max-Forwards: 70",
        f"From: <sip:stranger@127.0.0.1>;tag={number}",
        f"To: <sip:27@127.0.0.1:{port}>",
        f"Call-ID: {number}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:stranger@127.0.0.1:{own}>",
        *headers,
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body]).encode()


class Stranger:
    """A UDP socket that talks to the phone and reads its answers."""

    def __init__(self, stage: Stage, host: str = "127.0.0.1") -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        self._socket.bind((host, 0))
        self._target = ("127.0.0.1", stage.phone.port)
        self.port = self._socket.getsockname()[1]

    def throw(self, data: bytes) -> None:
        self._socket.sendto(data, self._target)

    async def status(self) -> int:
        """The status of the next answer."""
        data = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self._socket, 65535), 15)
        return int(data.split()[1])

    def close(self) -> None:
        self._socket.close()


@contextlib.contextmanager
def stranger(stage: Stage, host: str = "127.0.0.1") -> Iterator[Stranger]:
    made = Stranger(stage, host)
    try:
        yield made
    finally:
        made.close()


async def test_random_octets(tmp_path: Path, row: Row) -> None:
    row.of("sockets", "500 datagrams: random octets, and a request with random octets changed")
    chance = random.Random(1)
    async with talking(tmp_path) as stage:
        with stranger(stage) as thrower:
            for number in range(500):
                data = bytearray(message("OPTIONS", stage.phone.port, own=thrower.port))
                for _ in range(chance.randrange(1, 30)):
                    data[chance.randrange(len(data))] = chance.randrange(256)
                thrower.throw(bytes(data) if number % 2 else chance.randbytes(chance.randrange(1, 1400)))
                if number % 25 == 24:
                    await asyncio.sleep(0.05)
        await stage.phone.until_true(lambda: stage.phone.sip_counters.get("malformed", 0) > 100)
        row.measured(f"{stage.phone.sip_counters['malformed']} counted as malformed")


BAD_INVITES = {
    "a session that is no SDP": ((), "rubbish", 400),
    "an encoded body": (("Content-Encoding: gzip",), SDP, 415),
    "an extension nobody has": (("Require: telepathy",), SDP, 420),
    "a second Content-Length that disagrees": (("Content-Length: 3",), SDP, 400),
    "a negative Max-Forwards": (("Max-Forwards: -1",), SDP, 400),
    "300 Via hops": ((", ".join(["Via: SIP/2.0/UDP 192.0.2.1", *["SIP/2.0/UDP 192.0.2.1"] * 299]),), SDP, 400),
    "a header of 50,000 octets": (("X-Long: " + "x" * 50_000,), SDP, 400),
    "no codec we have": ((), SDP.replace("AVP 0", "AVP 97"), 488),
}


@pytest.mark.parametrize("done", BAD_INVITES)
async def test_a_bad_invite(done: str, tmp_path: Path, row: Row) -> None:
    row.of("sockets", f"INVITE with {done}")
    headers, body, status = BAD_INVITES[done]
    async with talking(tmp_path) as stage:
        with stranger(stage) as thrower:
            thrower.throw(message("INVITE", stage.phone.port, *headers, body=body, own=thrower.port))
            answer = await thrower.status()
            while answer < 200:
                answer = await thrower.status()
            row.measured(f"refused with {answer}")
            assert answer == status
            assert len(stage.phone.snapshot.calls) == 1


async def test_a_call_from_a_stranger(tmp_path: Path, row: Row) -> None:
    row.of("sockets", "INVITE, BYE and CANCEL from an address that is not the PBX's")
    async with talking(tmp_path) as stage:
        with stranger(stage, "127.0.0.2") as thrower:
            thrower.throw(message("INVITE", stage.phone.port, body=SDP, own=thrower.port))
            first = await thrower.status()
            if first == 100:
                first = await thrower.status()
            assert first == 403
            thrower.throw(message("BYE", stage.phone.port, own=thrower.port))
            assert await thrower.status() in (403, 481)
            thrower.throw(message("CANCEL", stage.phone.port, own=thrower.port))
            assert await thrower.status() == 481
        assert stage.phone.sip_counters["wrong address"] >= 1
        assert len(stage.phone.snapshot.calls) == 1
        row.measured("refused with 403 and 481; nothing rings")


async def test_a_stranger_guesses_the_call(tmp_path: Path, row: Row) -> None:
    row.of("sockets", "BYE with the call's Call-ID but wrong tags")
    async with talking(tmp_path) as stage:
        invite = next(data for data in stage.wire.sent if data.startswith(b"INVITE"))
        call_id = next(line for line in invite.decode().split("\r\n") if line.startswith("Call-ID:"))
        with stranger(stage) as thrower:
            data = message("BYE", stage.phone.port, own=thrower.port).decode().split("\r\n")
            data[5] = call_id
            data[4] += ";tag=guess"
            thrower.throw("\r\n".join(data).encode())
            assert await thrower.status() == 481
        row.measured("refused with 481")


async def test_a_flood(tmp_path: Path, row: Row) -> None:
    row.of("sockets", "5,000 requests in a second")
    async with talking(tmp_path) as stage:
        with stranger(stage) as thrower:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            for number in range(100):
                for _ in range(50):
                    thrower.throw(message("OPTIONS", stage.phone.port, own=thrower.port))
                await asyncio.sleep(max(0.0, begun + number / 100 - loop.time()))
        await stage.phone.until_true(lambda: stage.phone.sip_counters.get("too many messages", 0) > 1000)
        statistics = await stage.phone.talks_on()
        row.measured(
            f"{stage.phone.sip_counters['too many messages']} dropped unread; {statistics.lost} voice packets lost"
        )
        assert statistics.lost == 0


BAD_STREAMS = {
    "a megabyte of letters": b"x" * 1_000_000,
    "a header that never ends": b"OPTIONS sip:27@127.0.0.1 SIP/2.0\r\n" + b"X-More: more\r\n" * 80_000,
    "a Content-Length of 4 GB": b"OPTIONS sip:27@127.0.0.1 SIP/2.0\r\nContent-Length: 4294967296\r\n\r\n"
    + bytes(100_000),
    "random octets": random.Random(2).randbytes(100_000),
}


@pytest.mark.parametrize("done", BAD_STREAMS)
async def test_a_bad_stream(done: str, tmp_path: Path, row: Row) -> None:
    row.of("sockets", f"over TCP: {done}")
    data = BAD_STREAMS[done]
    async with talking(tmp_path) as stage:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.phone.port)
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(ConnectionError):
            answer = await asyncio.wait_for(reader.read(), 15)
            first = answer.partition(b"\r\n")[0].decode(errors="replace")
            row.measured(f"closed after “{first}”" if first else "closed")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        assert stage.phone.sip_counters
        row.measured(", ".join(f"{count} {kind}" for kind, count in stage.phone.sip_counters.items()))


async def test_many_connections(tmp_path: Path, row: Row) -> None:
    row.of("sockets", "40 TCP connections that say nothing")
    async with talking(tmp_path) as stage:
        writers = [(await asyncio.open_connection("127.0.0.1", stage.phone.port))[1] for _ in range(40)]
        await stage.phone.until_true(lambda: stage.phone.sip_counters.get("too many connections", 0) >= 20)
        for writer in writers:
            writer.close()
        row.measured(f"{stage.phone.sip_counters['too many connections']} refused")
