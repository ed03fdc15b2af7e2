"""Streams on real UDP sockets of loopback: ports, marks, latching, filters, RTCP and what strangers send."""

import errno
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from native import (
    Clock,
    Codec,
    Engine,
    EngineClosed,
    ForeignPacket,
    InvalidArgument,
    LimitReached,
    MediaStarted,
    NoPortFree,
    Reach,
    RemoteBye,
    SocketRefused,
    Stream,
)
from tests.native.support import PCMU

FLOOD = """
import socket, sys, time
sock = socket.socket(type=socket.SOCK_DGRAM)
begin, sent = time.monotonic(), 0
while time.monotonic() - begin < 10:
    while sent < (time.monotonic() - begin) * 8000:
        sock.sendto(bytes([0x80]) + bytes(171), ("127.0.0.1", int(sys.argv[1])))
        sent += 1
    time.sleep(0.002)
"""
"""A stranger who sends 8,000 packets a second to a port of loopback until ended."""
SO_TIMESTAMPNS = 35
STUN = struct.pack("!HHI12sHH9s3x", 1, 16, 0x2112A442, b"transaction!", 6, 9, b"ours:peer")
"""A Binding request for the user fragment `ours`, unsigned."""


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(Clock.TIMER) as engine:
        engine.start()
        yield engine


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with udp() as sock:
        yield sock


def udp(address: str = "127.0.0.1") -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 0))
    sock.settimeout(10)
    return sock


def rtp(sequence: int, payload_type: int = 0) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, sequence, sequence * 160, 99) + b"\xff" * 160


def talk(sock: socket.socket, stream: Stream, count: int = 5, first: int = 0) -> None:
    for sequence in range(first, first + count):
        sock.sendto(rtp(sequence), (stream.local_address, stream.rtp_port))


def talk_until_heard(sock: socket.socket, stream: Stream) -> None:
    """From an address that signalling didn't name, as one behind a NAT does; until each packet has been counted."""
    for sequence in range(40):
        talk(sock, stream, count=1, first=sequence)
        time.sleep(0.01)
    assert eventually(lambda: stream.statistics().packets_received + stream.statistics().wrong_source == 40)
    assert stream.statistics().packets_received > 0


def eventually(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def has_told(engine: Engine, seen: list[object], event: object) -> bool:
    seen += engine.drain()
    return event in seen


def towards(sock: socket.socket) -> dict[str, object]:
    return {"remote_address": sock.getsockname()[0], "rtp_port": sock.getsockname()[1]}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_packets_go_out_marked_from_an_even_port(engine: Engine, address: str) -> None:
    stream = engine.new_stream(address, range(42000, 42100))
    with udp(address) as sock:
        level, option = (
            (socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS) if ":" in address else (socket.IPPROTO_IP, socket.IP_RECVTOS)
        )
        sock.setsockopt(level, option, 1)
        stream.configure(replace(PCMU, **towards(sock)))  # type: ignore[arg-type]
        data, ancillary, _, source = sock.recvmsg(2000, 1000)
    assert stream.rtp_port % 2 == 0
    assert stream.rtcp_port == stream.rtp_port + 1
    assert source[:2] == (address, stream.rtp_port)
    assert len(data) == 172
    assert [part[2][0] >> 2 for part in ancillary] == [46]


def test_ports_run_out_and_come_back(engine: Engine) -> None:
    ports = range(42201, 42206)
    first, second = engine.new_stream("127.0.0.1", ports), engine.new_stream("127.0.0.1", ports)
    assert {first.rtp_port, second.rtp_port} == {42202, 42204}
    with pytest.raises(NoPortFree) as caught:
        engine.new_stream("127.0.0.1", ports)
    assert caught.value.errno == errno.EADDRINUSE
    first.close()
    assert eventually(lambda: engine.drain() == [] and can_open(engine, ports))


def can_open(engine: Engine, ports: range) -> bool:
    try:
        engine.new_stream("127.0.0.1", ports).close()
    except NoPortFree:
        return False
    return True


def test_an_address_that_is_not_ours_is_refused(engine: Engine) -> None:
    with pytest.raises(SocketRefused):
        engine.new_stream("192.0.2.1")
    with pytest.raises(InvalidArgument):
        engine.new_stream("localhost")
    with pytest.raises(InvalidArgument):
        engine.new_stream("127.0.0.1", range(60000, 70000))


def test_a_far_end_behind_a_nat_is_answered_and_strangers_are_dropped(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    with udp() as nat, udp() as stranger:
        stream.configure(replace(PCMU, **towards(peer)))  # type: ignore[arg-type]
        talk_until_heard(nat, stream)
        dropped = stream.statistics().wrong_source
        talk(stranger, stream, first=100)
        assert eventually(lambda: stream.statistics().wrong_source == dropped + 5)
        assert nat.recv(2000)[1] & 0x7F == 0
        assert not select.select([stranger], [], [], 0.1)[0]


def test_who_sprays_packets_before_the_far_end_speaks_gets_no_voice(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    with udp() as stranger:
        stream.configure(replace(PCMU, **towards(peer)))  # type: ignore[arg-type]
        talk(stranger, stream, count=50)
        assert eventually(lambda: stream.statistics().wrong_source == 50)
        talk(peer, stream)
        assert eventually(lambda: stream.statistics().packets_received == 5)
        assert not select.select([stranger], [], [], 0.3)[0]
        assert peer.recv(2000)[1] & 0x7F == 0


def test_the_signalled_address_takes_the_latch_back(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    with udp() as quick:
        stream.configure(replace(PCMU, **towards(peer)))  # type: ignore[arg-type]
        talk_until_heard(quick, stream)
        before = stream.statistics()
        talk(peer, stream, count=2, first=500)
        assert eventually(lambda: stream.statistics().packets_received == before.packets_received + 2)
        talk(quick, stream, count=3, first=600)
        assert eventually(lambda: stream.statistics().wrong_source == before.wrong_source + 3)


@pytest.mark.parametrize("nowhere", ["0.0.0.0", "::"])
def test_nothing_is_sent_to_the_unspecified_address(engine: Engine, nowhere: str) -> None:
    stream = engine.new_stream("::1" if ":" in nowhere else "127.0.0.1")
    with udp(nowhere) as ourselves, udp(nowhere) as reports:
        stream.configure(
            replace(
                PCMU, remote_address=nowhere, rtp_port=ourselves.getsockname()[1], rtcp_port=reports.getsockname()[1]
            )
        )
        time.sleep(0.1)
        stream.close()
        assert not select.select([ourselves, reports], [], [], 0.1)[0]


def test_an_unknown_payload_type_latches_nothing(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    stream.configure(replace(PCMU, **towards(peer)))  # type: ignore[arg-type]
    with udp() as stranger:
        stranger.sendto(rtp(1, payload_type=77), ("127.0.0.1", stream.rtp_port))
        assert eventually(lambda: stream.statistics().wrong_source == 1)
        assert peer.recv(2000)


def test_strangers_stun_is_told_at_most_fifty_times_a_second(engine: Engine) -> None:
    stream = engine.new_stream("127.0.0.1")
    stream.configure(replace(PCMU, rtp_port=4))
    stream.set_reach(Reach(("ours",)))
    told: list[ForeignPacket] = []
    with udp() as stranger:
        began = time.monotonic()
        for _ in range(100):
            for _ in range(10):
                stranger.sendto(STUN, ("127.0.0.1", stream.rtp_port))
            time.sleep(0.01)
            told += [event for event in engine.drain() if isinstance(event, ForeignPacket)]
        seconds = time.monotonic() - began
        assert told[0] == ForeignPacket(stream, STUN, "127.0.0.1", stranger.getsockname()[1])
    assert 10 <= len(told) <= 50 * seconds
    assert eventually(lambda: stream.statistics().foreign >= 500)


def test_strangers_datagrams_leave_room_for_connectivity_checks(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    stream.set_reach(Reach(("ours",)))
    stream.configure(replace(PCMU, **towards(peer)))  # type: ignore[arg-type]
    dtls = bytes([22]) + bytes(50)
    told: list[object] = []
    with udp() as stranger:
        for burst in range(20):
            for _ in range(20):
                stranger.sendto(dtls, ("127.0.0.1", stream.rtp_port))
            peer.sendto(STUN, ("127.0.0.1", stream.rtp_port))
            time.sleep(0.05)
            assert eventually(lambda sent=21 * (burst + 1): stream.statistics().foreign == sent)  # type: ignore[misc]
            told += [event for event in engine.drain() if isinstance(event, ForeignPacket)]
    assert eventually(lambda: stream.statistics().foreign == 420)
    told += [event for event in engine.drain() if isinstance(event, ForeignPacket)]
    assert told == [ForeignPacket(stream, STUN, "127.0.0.1", peer.getsockname()[1])] * 20


def test_a_flood_costs_a_bounded_share_of_a_tick(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    stream.configure(replace(PCMU, **towards(peer)))  # type: ignore[arg-type]
    packet = rtp(0)
    before = engine.report().ticks
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        peer.sendto(packet, ("127.0.0.1", stream.rtp_port))
    assert eventually(lambda: stream.statistics().packets_sent >= 20)
    received = stream.statistics().packets_received
    assert received < (engine.report().ticks - before) * 12 * 16


def test_a_flood_of_strangers_costs_the_voice_no_packet(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    stream.configure(replace(PCMU, **towards(peer)))  # type: ignore[arg-type]
    talk(peer, stream)
    assert eventually(lambda: stream.statistics().packets_received == 5)
    with subprocess.Popen([sys.executable, "-c", FLOOD, str(stream.rtp_port)]) as flood:
        assert eventually(lambda: stream.statistics().wrong_source > 100)
        for sequence in range(5, 105):
            talk(peer, stream, count=1, first=sequence)
            time.sleep(0.01)
        assert eventually(lambda: stream.statistics().wrong_source > 5000)
        flood.terminate()
    assert eventually(lambda: stream.statistics().packets_received >= 104)


def test_bye_and_reports_arrive_at_the_rtcp_port(engine: Engine) -> None:
    stream = engine.new_stream("127.0.0.1")
    with udp() as rtcp:
        stream.configure(replace(PCMU, rtp_port=9, rtcp_port=rtcp.getsockname()[1], cname="desk@example"))
        assert eventually(lambda: stream.statistics().packets_sent > 5)
        report = rtcp.recv(2000)
        stream.close()
        goodbye = rtcp.recv(2000)
    assert report[1] == 200
    assert struct.unpack("!I", report[4:8])[0] == stream.ssrc
    assert b"desk@example" in report
    assert struct.pack("!BBHI", 0x81, 203, 1, stream.ssrc) in goodbye


def test_muxed_rtcp_shares_the_port_and_a_bye_is_told(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    stream.configure(replace(PCMU, rtcp_mux=True, **towards(peer)))  # type: ignore[arg-type]
    talk(peer, stream)
    seen: list[object] = []
    assert eventually(lambda: has_told(engine, seen, MediaStarted(stream)))
    peer.sendto(struct.pack("!BBHIBBHI", 0x80, 201, 1, 99, 0x81, 203, 1, 99), ("127.0.0.1", stream.rtp_port))
    assert eventually(lambda: has_told(engine, seen, RemoteBye(stream)))
    stream.close()
    assert eventually(lambda: 192 <= peer.recv(2000)[1] <= 223)


@pytest.mark.timing
def test_round_trips_are_those_of_the_wire(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    with udp() as rtcp:
        rtcp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        rtcp.settimeout(10)
        stream.configure(replace(PCMU, rtcp_port=rtcp.getsockname()[1], **towards(peer)))  # type: ignore[arg-type]
        talk(peer, stream)
        sent_at = time.time()
        rtcp.sendto(sender_report(sent_at), (stream.local_address, stream.rtcp_port))
        report, arrived_at = receive_stamped(rtcp)
        block = struct.pack("!IIIIII", stream.ssrc, 0, 0, 0, middle(report), fraction(time.time() - arrived_at))
        rtcp.sendto(struct.pack("!BBHI", 0x81, 201, 7, 99) + block, (stream.local_address, stream.rtcp_port))
        assert eventually(lambda: stream.statistics().round_trip_ms is not None)
    last_sr, delay = struct.unpack("!II", report[44:52])
    assert last_sr == middle(sender_report(sent_at))
    assert delay / 65536 == pytest.approx(arrived_at - sent_at, abs=0.005)
    assert stream.statistics().round_trip_ms == pytest.approx(0, abs=5)


def sender_report(wall: float) -> bytes:
    """An SR of SSRC 99 made at this wall time (RFC 3550, 6.4.1)."""
    return struct.pack("!BBHIIIIII", 0x80, 200, 6, 99, int(wall) + 2208988800, int(wall % 1 * 2**32), 0, 5, 800)


def fraction(seconds: float) -> int:
    """Seconds in 1/65536, as RTCP counts delays."""
    return int(seconds * 65536)


def middle(report: bytes) -> int:
    """The middle 32 bits of a sender report's NTP time."""
    return int(struct.unpack("!I", report[10:14])[0])


def receive_stamped(sock: socket.socket) -> tuple[bytes, float]:
    """A datagram, and the wall time at which the kernel got it."""
    data, ancillary, _, _ = sock.recvmsg(2000, 100)
    seconds, nanoseconds = struct.unpack("@qq", ancillary[0][2])
    return data, seconds + nanoseconds * 1e-9


def test_an_oversized_datagram_is_malformed(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    stream.configure(replace(PCMU, **towards(peer)))  # type: ignore[arg-type]
    peer.sendto(b"\x80\x00" + bytes(4000), ("127.0.0.1", stream.rtp_port))
    assert eventually(lambda: stream.statistics().malformed == 1)


def test_a_remote_of_the_other_family_is_refused(engine: Engine) -> None:
    stream = engine.new_stream("127.0.0.1")
    with pytest.raises(InvalidArgument):
        stream.configure(replace(PCMU, remote_address="::1"))


def test_closed_things_say_so() -> None:
    engine = Engine(Clock.TIMER)
    engine.start()
    stream = engine.new_stream("127.0.0.1")
    stream.close()
    stream.close()
    with pytest.raises(EngineClosed):
        stream.statistics()
    engine.close()
    engine.close()
    with pytest.raises(EngineClosed):
        engine.new_bus()
    stream.close()


def test_a_full_house_is_refused_and_leaves_room_again() -> None:
    with Engine(Clock.STEPPED) as engine:
        buses = [engine.new_bus() for _ in range(32)]
        with pytest.raises(LimitReached):
            engine.new_bus()
        for bus in buses:
            bus.close()
        engine.step()
        for _ in range(2000):
            engine.new_bus().close()
            engine.step()


def test_opus_and_telephone_events_configure_on_a_socket(engine: Engine, peer: socket.socket) -> None:
    stream = engine.new_stream("127.0.0.1")
    config = replace(
        PCMU, codec=Codec.OPUS_WB, payload_type=111, receive=((111, Codec.OPUS_WB),), telephone_event_type=101
    )
    stream.configure(replace(config, **towards(peer)))  # type: ignore[arg-type]
    stream.send_digit("5")
    types = {peer.recv(2000)[1] & 0x7F for _ in range(12)}
    assert types == {101, 111}
