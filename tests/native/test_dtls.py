"""DTLS-SRTP handshakes: with OpenSSL's own client and server, between two engines, and with those who mean no good."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from native import (
    Clock,
    DtlsConnected,
    DtlsFailed,
    DtlsRole,
    Engine,
    EngineClosed,
    Event,
    InvalidArgument,
    MemoryStream,
    SrtpKeys,
    SrtpSuite,
    Stream,
)
from native.binding import ffi, lib
from tests.native.certificates import SelfSigned, self_signed
from tests.native.support import PCMU

LIMIT = 20.0
PROFILES = {
    "SRTP_AES128_CM_SHA1_80": (SrtpSuite.AES_CM_128_HMAC_SHA1_80, 16),
    "SRTP_AES128_CM_SHA1_32": (SrtpSuite.AES_CM_128_HMAC_SHA1_32, 16),
    "SRTP_AEAD_AES_128_GCM": (SrtpSuite.AEAD_AES_128_GCM, 16),
    "SRTP_AEAD_AES_256_GCM": (SrtpSuite.AEAD_AES_256_GCM, 32),
}
KEYS = re.compile(r"Keying material: ([0-9A-F]+)")
HANDSHAKE = 22
CLIENT_HELLO = 1
CALL = replace(PCMU, rtcp_mux=True, encrypted=True)
T = TypeVar("T", bound=Event)


class Line:
    """One engine with one stream and its certificate."""

    def __init__(self, clock: Clock = Clock.TIMER) -> None:
        self.identity = self_signed()
        self.engine = Engine(clock)
        self.engine.set_identity(self.identity.der, self.identity.key)
        self.engine.start()
        self.events: list[Event] = []
        self.stream: Stream = self.engine.new_memory_stream() if clock is Clock.STEPPED else self._open()

    def _open(self) -> Stream:
        return self.engine.new_stream("127.0.0.1", range(54000, 54200))

    async def told(self, kind: type[T]) -> T:
        return await eventually(lambda: self.find(kind), f"{kind.__name__} is told")

    def find(self, kind: type[T]) -> T | None:
        self.events += self.engine.drain()
        return next((event for event in self.events if isinstance(event, kind)), None)


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    with made.engine:
        yield made


async def eventually(found: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        result = found()
        if result is not None:
            return result
        await asyncio.sleep(0.01)
    raise AssertionError(f"not in {LIMIT} s: {what}")


class OpenSsl:
    """`openssl s_client` or `s_server`, over UDP on the loopback interface."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said = ""

    async def until(self, pattern: str) -> re.Match[str]:
        """Read on until it has said this."""
        assert self._process.stdout is not None
        async with asyncio.timeout(LIMIT):
            while (match := re.search(pattern, self.said)) is None:
                words = await self._process.stdout.read(4096)
                assert words, self.said
                self.said += words.decode(errors="replace")
        return match

    def type(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(words.encode())

    async def exported(self, key: int) -> tuple[bytes, bytes]:
        """The client's and the server's master key with its salt, by RFC 5764, 4.2."""
        octets = bytes.fromhex((await self.until(KEYS.pattern + r"\n"))[1])
        salt = len(octets) // 2 - key
        keys, salts = octets[: 2 * key], octets[2 * key :]
        return keys[:key] + salts[:salt], keys[key:] + salts[salt:]


@asynccontextmanager
async def openssl(
    *arguments: str, identity: SelfSigned, folder: Path, profile: str = "SRTP_AES128_CM_SHA1_80"
) -> AsyncIterator[OpenSsl]:
    suite, _ = PROFILES[profile]
    exporter = ("-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", str(2 * suite.key_size))
    pem = identity.write(folder / "peer.pem")
    process = await asyncio.create_subprocess_exec(
        *("openssl", *arguments, "-dtls1_2", "-use_srtp", profile, "-cert", str(pem), *exporter),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield OpenSsl(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def fits(event: DtlsConnected, peer: SelfSigned) -> bool:
    shown = event.fingerprints
    wanted = [peer.digest(function) for function in ("sha256", "sha384", "sha512")]
    return [shown.sha256, shown.sha384, shown.sha512] == wanted


# --- with OpenSSL -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
async def test_openssl_calls(profile: str, line: Line, tmp_path: Path) -> None:
    peer = self_signed()
    number = line.stream.handshake(DtlsRole.SERVER)
    target = f"127.0.0.1:{line.stream.rtp_port}"
    async with openssl("s_client", "-connect", target, identity=peer, folder=tmp_path, profile=profile) as client:
        event = await line.told(DtlsConnected)
        suite, key = PROFILES[profile]
        assert (event.association, event.stream, event.keys.suite) == (number, line.stream, suite)
        assert (event.keys.receive, event.keys.send) == await client.exported(key)
        assert fits(event, peer)
        assert "Server public key is 256 bit" in client.said


@pytest.mark.parametrize("profile", PROFILES)
async def test_openssl_is_called(profile: str, line: Line, tmp_path: Path) -> None:
    peer = self_signed()
    arguments = ("s_server", "-accept", "127.0.0.1:0", "-Verify", "1")
    async with openssl(*arguments, identity=peer, folder=tmp_path, profile=profile) as server:
        port = int((await server.until(r"ACCEPT \S+:(\d+)"))[1])
        line.stream.configure(replace(CALL, rtp_port=port))
        line.stream.handshake(DtlsRole.CLIENT)
        event = await line.told(DtlsConnected)
        suite, key = PROFILES[profile]
        assert event.keys.suite is suite
        assert (event.keys.send, event.keys.receive) == await server.exported(key)
        assert fits(event, peer)
        assert (event.address, event.port) == ("127.0.0.1", port)


async def test_a_certificate_of_another_kind_in_small_fragments(line: Line, tmp_path: Path) -> None:
    peer = self_signed(rsa.generate_private_key(65537, 4096))
    line.stream.handshake(DtlsRole.SERVER)
    target = f"127.0.0.1:{line.stream.rtp_port}"
    async with openssl("s_client", "-connect", target, "-mtu", "300", identity=peer, folder=tmp_path) as client:
        assert fits(await line.told(DtlsConnected), peer)
        await client.until("Cipher is ECDHE-ECDSA-AES256-GCM-SHA384")


async def test_a_client_hello_in_small_fragments(line: Line, tmp_path: Path) -> None:
    peer = self_signed()
    line.stream.handshake(DtlsRole.SERVER)
    target = f"127.0.0.1:{line.stream.rtp_port}"
    long = ("-mtu", "300", "-alpn", ",".join(letter * 250 for letter in "abcdef"))
    async with openssl("s_client", "-connect", target, *long, identity=peer, folder=tmp_path):
        assert fits(await line.told(DtlsConnected), peer)


async def test_renegotiation_is_refused(line: Line, tmp_path: Path) -> None:
    line.stream.handshake(DtlsRole.SERVER)
    target = f"127.0.0.1:{line.stream.rtp_port}"
    async with openssl("s_client", "-connect", target, identity=self_signed(), folder=tmp_path) as client:
        await line.told(DtlsConnected)
        await client.until(KEYS.pattern + r"\n---")
        line.events.clear()
        client.type("R\n")
        await client.until("no renegotiation")
    assert line.find(DtlsConnected) is None


@pytest.mark.parametrize(
    ("shows_certificate", "knows_srtp", "reason"),
    [(False, True, "certificate"), (True, False, "no SRTP profile in common")],
)
async def test_a_far_end_that_lacks_something_is_refused(
    shows_certificate: bool, knows_srtp: bool, reason: str, line: Line, tmp_path: Path
) -> None:
    line.stream.handshake(DtlsRole.SERVER)
    certificate = ("-cert", str(self_signed().write(tmp_path / "peer.pem"))) if shows_certificate else ()
    profile = ("-use_srtp", "SRTP_AES128_CM_SHA1_80") if knows_srtp else ()
    process = await asyncio.create_subprocess_exec(
        *("openssl", "s_client", "-dtls1_2", "-connect", f"127.0.0.1:{line.stream.rtp_port}", *certificate, *profile),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert reason in (await line.told(DtlsFailed)).text
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


# --- between two engines, step by step ----------------------------------------------------------------------


class Pair:
    """Two stepped engines; what one sends, the other takes a tick later."""

    def __init__(self) -> None:
        self.client, self.server = Line(Clock.STEPPED), Line(Clock.STEPPED)
        self.seen: list[bytes] = []
        for end in (self.client, self.server):
            end.stream.configure(CALL)

    def close(self) -> None:
        self.client.engine.close()
        self.server.engine.close()

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            for end, other in ((self.client, self.server), (self.server, self.client)):
                end.engine.step()
                assert isinstance(end.stream, MemoryStream)
                assert isinstance(other.stream, MemoryStream)
                for packet in end.stream.pop():
                    self.seen.append(packet)
                    other.stream.push(packet)

    def agree(self) -> tuple[DtlsConnected, DtlsConnected]:
        self.server.stream.handshake(DtlsRole.SERVER)
        self.client.stream.handshake(DtlsRole.CLIENT)
        self.run(20)
        outcomes = self.client.find(DtlsConnected), self.server.find(DtlsConnected)
        assert outcomes[0] is not None
        assert outcomes[1] is not None
        return outcomes[0], outcomes[1]


@pytest.fixture
def pair() -> Iterator[Pair]:
    with closing(Pair()) as made:
        yield made


def test_two_engines_agree_and_talk(pair: Pair) -> None:
    at_client, at_server = pair.agree()
    assert (at_client.keys.send, at_client.keys.receive) == (at_server.keys.receive, at_server.keys.send)
    assert fits(at_client, pair.server.identity)
    assert fits(at_server, pair.client.identity)
    pair.client.stream.configure(replace(CALL, srtp=at_client.keys))
    pair.server.stream.configure(replace(CALL, srtp=at_server.keys))
    pair.run(60)
    for end in (pair.client, pair.server):
        statistics = end.stream.statistics()
        assert statistics.secured
        assert statistics.packets_received > 15
        assert statistics.srtp_refused == 0


def test_nothing_leaves_or_is_taken_before_there_are_keys(pair: Pair) -> None:
    pair.run(60)
    assert pair.seen == []
    assert pair.client.stream.statistics().packets_sent == 0
    assert isinstance(pair.client.stream, MemoryStream)
    pair.client.stream.push(b"\x80\x00\x00\x01" + bytes(8) + bytes(160))
    pair.run(40)
    statistics = pair.client.stream.statistics()
    assert (statistics.packets_received, statistics.srtp_refused, statistics.secured) == (0, 1, False)


@pytest.mark.parametrize("closed", [False, True])
def test_no_copy_of_the_keys_stays_in_what_events_are_read_into(closed: bool, pair: Pair) -> None:
    pair.server.stream.handshake(DtlsRole.SERVER)
    pair.client.stream.handshake(DtlsRole.CLIENT)
    connected = lib.MEDIA_EVENT_DTLS_CONNECTED
    raw = pair.server.engine._raw_event
    for _ in range(20):
        pair.run(1)
    if closed:
        pair.server.stream.close()
    events = pair.server.engine.drain()
    assert any(isinstance(event, DtlsConnected) for event in events) is not closed
    assert (raw.kind, raw.size > 0) == (connected, True)
    assert not any(bytes(ffi.buffer(raw.data, raw.size)))


def test_an_association_can_be_replaced_and_ended(pair: Pair) -> None:
    before, _ = pair.agree()
    pair.client.events.clear()
    pair.server.events.clear()
    after, _ = pair.agree()
    assert after.association != before.association
    assert after.keys.send != before.keys.send
    pair.client.stream.end_handshake()
    pair.server.stream.end_handshake()
    pair.seen.clear()
    pair.run(5)
    assert pair.seen == []


# --- bad input ------------------------------------------------------------------------------------------------


def test_the_border() -> None:
    with Engine(Clock.STEPPED) as engine:
        stream = engine.new_memory_stream()
        with pytest.raises(InvalidArgument, match="no certificate"):
            stream.handshake(DtlsRole.SERVER)
        ours, other = self_signed(), self_signed()
        for component in (0, 3):
            with pytest.raises(InvalidArgument, match="which"):
                stream.handshake(DtlsRole.SERVER, component)
            with pytest.raises(InvalidArgument, match="which"):
                stream.end_handshake(component)
        with pytest.raises(InvalidArgument, match="RTP's keys"):
            stream.configure(replace(CALL, srtcp=SrtpKeys(SrtpSuite.AEAD_AES_128_GCM, bytes(28), bytes(28))))
        for certificate, key in ((b"", b""), (ours.der, other.key), (ours.der[:-1], ours.key), (b"junk", b"junk")):
            with pytest.raises(InvalidArgument):
                engine.set_identity(certificate, key)
        engine.set_identity(ours.der, ours.key)
        stream.close()
        with pytest.raises(EngineClosed):
            stream.handshake(DtlsRole.CLIENT)


def client_hello() -> bytes:
    """The first datagram of an engine's own client."""
    with Line(Clock.STEPPED).engine as engine:
        identity = self_signed()
        engine.set_identity(identity.der, identity.key)
        stream = engine.new_memory_stream()
        stream.configure(CALL)
        stream.handshake(DtlsRole.CLIENT)
        engine.step(3)
        return stream.pop()[0]


async def test_a_flood_costs_no_more_than_it_may_and_stops_nobody(line: Line, tmp_path: Path) -> None:
    hello = client_hello()
    line.stream.handshake(DtlsRole.SERVER)
    target = ("127.0.0.1", line.stream.rtp_port)
    began = time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)  # noqa: FBT003 - the socket's own interface
        answers = 0
        for _ in range(40):
            for _ in range(50):
                stranger.sendto(hello, target)
            await asyncio.sleep(0.01)
            answers += received(stranger)
        await asyncio.sleep(0.1)
        answers += received(stranger)
    seconds = time.monotonic() - began
    assert 0 < answers <= 64 + 100 * (seconds + 1)
    peer = self_signed()
    async with openssl("s_client", "-connect", f"127.0.0.1:{target[1]}", identity=peer, folder=tmp_path):
        assert fits(await line.told(DtlsConnected), peer)


def nonsense(random: Random) -> bytes:
    """A datagram of whole DTLS records and handshake fragments, with nothing of sense in them."""
    records = b""
    for _ in range(random.randint(1, 3)):
        kind = random.randint(20, 23)
        epoch, sequence = random.choice((0, 0, 1, 65_535)), random.getrandbits(48)
        body = random.randbytes(random.randint(1, 300))
        if kind == HANDSHAKE:
            length = random.choice((len(body), len(body) * 50, 2**24 - 1))
            place = random.choice((0, random.randint(0, 2000), 2**24 - 1))
            numbers = random.choice((CLIENT_HELLO, random.getrandbits(8))), *length.to_bytes(3), 0, random.randint(0, 3)
            body = bytes(numbers) + place.to_bytes(3) + len(body).to_bytes(3) + body
        version = random.choice((b"\xfe\xff", b"\xfe\xfd"))
        header = bytes((kind,)) + version + epoch.to_bytes(2) + sequence.to_bytes(6) + len(body).to_bytes(2)
        records += header + body
    return records


async def test_nonsense_in_whole_records_stops_nobody(line: Line, tmp_path: Path) -> None:
    random = Random(5764)
    line.stream.handshake(DtlsRole.SERVER)
    target = ("127.0.0.1", line.stream.rtp_port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(40):
            for _ in range(25):
                stranger.sendto(nonsense(random), target)
            await asyncio.sleep(0.01)
        assert line.stream.statistics().foreign > 0
        peer = self_signed()
        async with openssl("s_client", "-connect", f"127.0.0.1:{target[1]}", identity=peer, folder=tmp_path):
            assert fits(await line.told(DtlsConnected), peer)
    assert line.find(DtlsFailed) is None


def received(endpoint: socket.socket) -> int:
    count = 0
    while True:
        try:
            assert len(endpoint.recv(2048)) < 100  # a HelloVerifyRequest, shorter than what it answers
        except BlockingIOError:
            return count
        count += 1
