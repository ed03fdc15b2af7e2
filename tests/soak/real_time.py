"""A bad call in real time over sockets: `python -m tests.soak.real_time [--minutes 60]` prints what it came to.

The near end is an engine with its own thread. The far end and the bad network are one loop here, in which a stepped
engine runs by a clock of its own. Fails when a bound of `tests.soak.bad_call` is broken.
"""

from __future__ import annotations

import heapq
import itertools
import socket
import sys
import time
from dataclasses import replace

from native import Clock, Engine
from tests.native.support import PCMU, End
from tests.soak.bad_call import DRIFT_PPM, LOOK_S, Finding, GapMeter, NearEnd, Observer, Voice, bad_network, main

HERE = "127.0.0.1"
_TURN_S = 0.005
_TICK_S = 0.01


class FarEnd:
    """A stepped phone behind a bad network, moved on by `turn`."""

    def __init__(self, seed: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HERE, 0))
        self.socket.settimeout(0)
        self.ear = GapMeter()
        self._end = End(PCMU)
        self._voice = Voice(self._end.device, 625)
        self._wire = bad_network(seed)
        self._flying: list[tuple[float, int, bytes, bool]] = []
        self._count = itertools.count()
        self._tick_s = _TICK_S / (1 + DRIFT_PPM * 1e-6)
        self._next = time.monotonic()

    def close(self) -> None:
        self._end.close()
        self.socket.close()

    def turn(self, near: tuple[str, int]) -> None:
        """Whatever is due by now: packets that arrive, and ticks."""
        now = time.monotonic()
        for packet in self._waiting():
            self._send(packet, now, outwards=False)
        while self._flying and self._flying[0][0] <= now:
            _, _, packet, outwards = heapq.heappop(self._flying)
            if outwards:
                self.socket.sendto(packet, near)
            else:
                self._end.stream.push(packet, self._end.engine.now_ns)
        while self._next <= now:
            self._voice.speak()
            self._end.engine.step()
            self._next += self._tick_s
            for packet in self._end.stream.pop():
                self._send(packet, now, outwards=True)
        self.ear.add(self._end.device.take())

    def _waiting(self) -> list[bytes]:
        packets: list[bytes] = []
        try:
            while True:
                packets.append(self.socket.recv(2048))
        except BlockingIOError:
            return packets

    def _send(self, packet: bytes, now: float, *, outwards: bool) -> None:
        for delay in self._wire(packet):
            heapq.heappush(self._flying, (now + delay * 1e-9, next(self._count), packet, outwards))


def run(minutes: float, seed: int = 1) -> Finding:
    """The call from beginning to end."""
    far = FarEnd(seed)
    with Engine(Clock.TIMER) as engine:
        engine.start()
        bus, stream = engine.new_bus(), engine.new_stream(HERE)
        stream.configure(replace(PCMU, rtp_port=far.socket.getsockname()[1], rtcp_mux=True))
        stream.join(bus)
        near = NearEnd(engine, bus, stream)
        observer = Observer(near, far.ear)
        begun, looks, seconds = time.monotonic(), 0, round(minutes * 60)
        while looks < seconds / LOOK_S:
            time.sleep(_TURN_S)
            far.turn((HERE, stream.rtp_port))
            if time.monotonic() - begun < looks * LOOK_S:
                continue
            near.look()
            looks += 1
            if looks % round(1 / LOOK_S) == 0:
                observer.second(round(looks * LOOK_S) - 1)
        finding = observer.finding(seconds)
    far.close()
    return finding


if __name__ == "__main__":
    sys.exit(main(run, __doc__, minutes=60.0))
