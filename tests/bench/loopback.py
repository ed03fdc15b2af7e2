"""What crosses the loopback interface, with the kernel's times."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from typing import NamedTuple, Self

from tests.bench.far_end import SO_RCVBUFFORCE, SO_TIMESTAMPNS

ETH_P_IP = 0x0800
TCP = 6
UDP = 17
RECEIVE_BUFFER = 8 << 20


class Packet(NamedTuple):
    """One IPv4 packet: when it came in nanoseconds, protocol, both ports, and what is behind the IP header."""

    at_ns: int
    protocol: int
    source: int
    destination: int
    segment: bytes


class Loopback:
    """Gives each packet to `take`, on a thread of its own, as long as its context lasts. Wants root."""

    def __init__(self, take: Callable[[Packet], None]) -> None:
        self._take = take
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind(("lo", ETH_P_IP))
        self._socket.settimeout(0.2)
        self._ending = False
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        timespec = struct.Struct("@ll")
        while not self._ending:
            try:
                packet, ancillary, _, address = self._socket.recvmsg(65535, socket.CMSG_SPACE(timespec.size))
            except TimeoutError:
                continue
            if address[2] == socket.PACKET_OUTGOING or packet[9] not in (TCP, UDP):
                continue
            segment = packet[(packet[0] & 0x0F) * 4 :]
            seconds, nanoseconds = timespec.unpack(ancillary[0][2][: timespec.size])
            source, destination = struct.unpack_from("!HH", segment)
            self._take(Packet(seconds * 1_000_000_000 + nanoseconds, packet[9], source, destination, segment))
