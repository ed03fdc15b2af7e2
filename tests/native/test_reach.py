"""Streams that have all addresses, send what they are told to, and hear what they should: over real sockets."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from native import Clock, DtlsRole, Engine, ForeignPacket, InvalidArgument, Reach, Relay, Stream
from tests.native.certificates import self_signed
from tests.native.support import PCMU
from tests.native.test_sockets import STUN, eventually, rtp, talk, towards, udp

BINDING_SUCCESS = 0x0101


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(Clock.TIMER) as engine:
        engine.start()
        yield engine


def foreign(engine: Engine, seconds: float = 2) -> ForeignPacket | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for event in engine.drain():
            if isinstance(event, ForeignPacket):
                return event
        time.sleep(0.005)
    return None


def answer(request: bytes) -> bytes:
    return struct.pack("!H", BINDING_SUCCESS) + request[2:]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a_stream_everywhere_knows_where_it_was_reached(engine: Engine, host: str) -> None:
    stream = engine.new_stream("")
    stream.set_reach(Reach(("ours",)))
    with udp("::1" if ":" in host else "127.0.0.1") as peer:
        peer.sendto(STUN, (host, stream.rtp_port))
        told = foreign(engine)
        source, port = peer.getsockname()[:2]
        assert told == ForeignPacket(stream, STUN, source, port, local=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.3", "::1"])
@pytest.mark.parametrize("component", [1, 2])
def test_it_sends_from_where_it_is_told(engine: Engine, host: str, component: int) -> None:
    stream = engine.new_stream("")
    port = stream.rtp_port if component == 1 else stream.rtcp_port
    with udp("::1" if ":" in host else "127.0.0.1") as peer:
        to, to_port = peer.getsockname()[:2]
        assert stream.send(b"hello", to, to_port, component=component, local=host)
        data, source = peer.recvfrom(100)
    assert (data, source[:2]) == (b"hello", (host, port))


@pytest.mark.parametrize("host", ["127.0.0.5", "::1"])
def test_voice_goes_both_ways_everywhere(engine: Engine, host: str) -> None:
    stream = engine.new_stream("")
    with udp("::1" if ":" in host else "127.0.0.1") as peer:
        stream.configure(replace(PCMU, **towards(peer), local_address=host))  # type: ignore[arg-type]
        data, source = peer.recvfrom(2000)
        assert (len(data), source[:2]) == (172, (host, stream.rtp_port))
        for sequence in range(5):
            peer.sendto(rtp(sequence), (host, stream.rtp_port))
        assert eventually(lambda: stream.statistics().packets_received >= 3)


def test_an_address_that_is_not_ours_only_loses_the_packet(engine: Engine) -> None:
    stream = engine.new_stream("")
    assert not stream.send(b"hello", "127.0.0.1", 4000, local="192.0.2.200")
    with pytest.raises(InvalidArgument):
        stream.send(b"hello", "localhost", 4000)


def test_only_answers_to_what_was_asked_come_up(engine: Engine) -> None:
    stream = engine.new_stream("127.0.0.1")
    with udp() as peer:
        peer.sendto(answer(STUN), ("127.0.0.1", stream.rtp_port))
        assert foreign(engine, 0.1) is None
        stream.send(STUN, *peer.getsockname())
        peer.recv(100)
        for _ in range(3):
            peer.sendto(answer(STUN), ("127.0.0.1", stream.rtp_port))
        told = foreign(engine)
        assert told is not None
        assert told.data == answer(STUN)
        assert foreign(engine, 0.1) is None
    assert eventually(lambda: stream.statistics().foreign == 4)


def test_without_ice_no_check_comes_up(engine: Engine) -> None:
    stream = engine.new_stream("127.0.0.1")
    stream.configure(PCMU)
    with udp() as peer:
        peer.sendto(STUN, ("127.0.0.1", stream.rtp_port))
        assert foreign(engine, 0.1) is None


def test_what_ice_chose_is_the_only_far_end(engine: Engine) -> None:
    stream = engine.new_stream("127.0.0.1")
    with udp() as peer, udp() as stranger:
        stream.configure(replace(PCMU, **towards(peer), chosen_by_ice=True))  # type: ignore[arg-type]
        talk(stranger, stream)
        assert eventually(lambda: stream.statistics().wrong_source == 5)
        talk(peer, stream)
        assert eventually(lambda: stream.statistics().packets_received >= 3)
        stranger.settimeout(0.1)
        with pytest.raises(TimeoutError):
            stranger.recv(2000)
        assert len(peer.recv(2000)) == 172


def test_every_proved_address_is_heard_and_the_chosen_one_sent_to(engine: Engine) -> None:
    """The far end may have chosen before us, and another pair (RFC 8445, 12.2)."""
    stream = engine.new_stream("127.0.0.1")
    with udp() as peer, udp() as other:
        stream.configure(replace(PCMU, **towards(peer), chosen_by_ice=True))  # type: ignore[arg-type]
        stream.set_reach(Reach(("ours",), proved=(peer.getsockname(), other.getsockname())))
        talk(other, stream)
        assert eventually(lambda: stream.statistics().packets_received == 5)
        assert stream.statistics().wrong_source == 0
        assert len(peer.recv(2000)) == 172
        other.settimeout(0.1)
        with pytest.raises(TimeoutError):
            other.recv(2000)


def test_a_handshake_by_a_proved_address_is_answered_by_the_chosen_one(engine: Engine) -> None:
    """Whichever pair the far end has chosen, and though it may change its mind on the way."""
    identity = self_signed()
    engine.set_identity(identity.der, identity.key)
    stream = engine.new_stream("127.0.0.1")
    here = "127.0.0.1", stream.rtp_port
    with udp() as peer, udp() as other, udp() as stranger, Engine(Clock.STEPPED) as far:
        stream.configure(replace(PCMU, **towards(peer), chosen_by_ice=True, encrypted=True))  # type: ignore[arg-type]
        stream.set_reach(Reach(("ours",), proved=(peer.getsockname(), other.getsockname())))
        stream.handshake(DtlsRole.SERVER)
        far.set_identity(identity.der, identity.key)
        client = far.new_memory_stream()
        client.configure(replace(PCMU, encrypted=True))
        client.handshake(DtlsRole.CLIENT)
        far.step(3)
        (hello,) = client.pop()
        stranger.sendto(hello, here)
        other.sendto(hello, here)
        client.push(peer.recv(2000))
        far.step(3)
        (hello_with_cookie,) = client.pop()
        peer.sendto(hello_with_cookie, here)
        assert len(peer.recv(2000)) > len(hello_with_cookie)
        for silent in (other, stranger):
            silent.settimeout(0.1)
            with pytest.raises(TimeoutError):
                silent.recv(2000)


def test_nothing_is_sent_without_consent(engine: Engine) -> None:
    stream = engine.new_stream("127.0.0.1")
    with udp() as peer:
        peer.settimeout(0.15)
        stream.consent(0)
        stream.configure(replace(PCMU, **towards(peer)))  # type: ignore[arg-type]
        with pytest.raises(TimeoutError):
            peer.recv(2000)
        stream.consent(100)
        for _ in range(3):
            assert len(peer.recv(2000)) == 172
        with pytest.raises(TimeoutError):
            drain(peer)
        stream.consent(None)
        assert len(peer.recv(2000)) == 172


def drain(peer: socket.socket) -> None:
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        peer.recv(2000)


def relayed(stream: Stream, server: socket.socket, peer: tuple[str, int]) -> None:
    relay = Relay(server.getsockname(), 0x4001, peer, bound=True)
    stream.set_reach(Reach(("ours",), (relay, None)))
    host, port = peer
    stream.configure(replace(PCMU, remote_address=host, rtp_port=port, chosen_by_ice=True))


def test_voice_goes_through_a_channel(engine: Engine) -> None:
    stream = engine.new_stream("127.0.0.1")
    with udp() as server:
        relayed(stream, server, ("192.0.2.9", 5000))
        frame = server.recv(2000)
        assert struct.unpack("!HH", frame[:4]) == (0x4001, 172)
        assert frame[4] == 0x80
        for sequence in range(5):
            packet = rtp(sequence)
            server.sendto(struct.pack("!HH", 0x4001, len(packet)) + packet, ("127.0.0.1", stream.rtp_port))
        assert eventually(lambda: stream.statistics().packets_received >= 3)


def test_voice_before_the_channel_is_heard(engine: Engine) -> None:
    """A server passes on by indications until a channel is bound, whatever it passes on."""
    stream = engine.new_stream("127.0.0.1")
    peer = ("192.0.2.9", 5000)
    with udp() as server:
        stream.configure(replace(PCMU, remote_address="192.0.2.1", rtp_port=9, chosen_by_ice=True))
        stream.set_reach(Reach(("ours",), (Relay(server.getsockname()), None), (peer,)))
        for sequence in range(5):
            server.sendto(indication(peer, rtp(sequence)), ("127.0.0.1", stream.rtp_port))
        assert eventually(lambda: stream.statistics().packets_received == 5)
        server.sendto(indication(peer, STUN), ("127.0.0.1", stream.rtp_port))
        assert foreign(engine) == ForeignPacket(stream, STUN, *peer, relayed=True)


def indication(peer: tuple[str, int], data: bytes) -> bytes:
    """A Data indication (RFC 8656, 11.4) with an IPv4 peer."""
    cookie = 0x2112A442
    host = int.from_bytes(socket.inet_aton(peer[0]), "big") ^ cookie
    body = struct.pack("!HHBBHI", 0x0012, 8, 0, 1, peer[1] ^ cookie >> 16, host)
    body += struct.pack("!HH", 0x0013, len(data)) + data + bytes(-len(data) % 4)
    return struct.pack("!HHI12s", 0x0017, len(body), cookie, b"transaction!") + body


def test_a_check_through_a_channel_says_so(engine: Engine) -> None:
    stream = engine.new_stream("127.0.0.1")
    with udp() as server:
        relayed(stream, server, ("192.0.2.9", 5000))
        server.sendto(struct.pack("!HH", 0x4001, len(STUN)) + STUN, ("127.0.0.1", stream.rtp_port))
        assert foreign(engine) == ForeignPacket(stream, STUN, "192.0.2.9", 5000, relayed=True)


@pytest.mark.parametrize(
    "reach",
    [
        Reach(("a" * 33,)),
        Reach(("a", "b", "c")),
        Reach((), (Relay(("127.0.0.1", 0)), None)),
        Reach(proved=(("127.0.0.1", 0),)),
        Reach(proved=(("127.0.0.1", 1),) * 9),
        Reach((), (Relay(("127.0.0.1", 3478), 0x5000, ("192.0.2.1", 4)), None)),
    ],
)
def test_out_of_range_is_refused(engine: Engine, reach: Reach) -> None:
    with pytest.raises(InvalidArgument):
        engine.new_stream("127.0.0.1").set_reach(reach)
