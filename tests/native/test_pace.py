"""How often the media thread wakes: no more often than a packet or a card needs it, and never too late for a packet."""

import itertools
import socket
import struct
import time
from pathlib import Path

import pytest

from native import Clock, Codec, Engine, StreamConfig

SECONDS = 1.5


def wake_ups() -> int:
    """Voluntary context switches of this process's media thread so far."""
    for task in Path("/proc/self/task").iterdir():
        if (task / "comm").read_text().strip() == "media":
            lines = (task / "status").read_text().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches:"))
    raise AssertionError("there is no media thread")


def call(engine: Engine, far_end: socket.socket, packet_time: int) -> None:
    """Let a stream send to the far end."""
    far_end.bind(("127.0.0.1", 0))
    far_end.settimeout(1)
    engine.new_stream("127.0.0.1").configure(
        StreamConfig(
            remote_address="127.0.0.1",
            rtp_port=far_end.getsockname()[1],
            codec=Codec.PCMU,
            payload_type=0,
            receive=((0, Codec.PCMU),),
            packet_time_ms=packet_time,
        )
    )


@pytest.mark.timing
@pytest.mark.parametrize(("packet_time", "expected"), [(10, 100), (20, 50), (30, 67), (60, 50)])
def test_ticks_share_a_wake_up_where_no_packet_leaves_between_them(packet_time: int, expected: int) -> None:
    with Engine(Clock.TIMER) as engine, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far_end:
        engine.start()
        call(engine, far_end, packet_time)
        far_end.recv(2048)
        began, before, ticks = time.monotonic(), wake_ups(), engine.report().ticks
        time.sleep(SECONDS)
        took, woken = time.monotonic() - began, wake_ups() - before
        assert woken / took == pytest.approx(expected, rel=0.1)
        assert (engine.report().ticks - ticks) / took == pytest.approx(100, rel=0.2)


@pytest.mark.timing
def test_packets_leave_as_regularly_as_with_a_wake_up_for_each_tick() -> None:
    with Engine(Clock.TIMER) as engine, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far_end:
        far_end.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        engine.start()
        call(engine, far_end, 20)
        times = []
        for _ in range(60):
            _, ancillary, _, _ = far_end.recvmsg(2048, 64)
            seconds, nanoseconds = struct.unpack("@ll", ancillary[0][2][:16])
            times.append(seconds * 1000 + nanoseconds / 1e6)
        gaps = sorted(later - earlier for earlier, later in itertools.pairwise(times))
        assert gaps[len(gaps) // 2] == pytest.approx(20, abs=0.5)
        assert times[-1] - times[0] == pytest.approx(59 * 20, abs=5)
        assert engine.report().departure_p50_us < 5000
