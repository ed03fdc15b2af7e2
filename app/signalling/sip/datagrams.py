"""One UDP socket on the running loop (RFC 3261, 18), emptied whenever something waits in it.

asyncio's own datagram endpoints take one datagram in a turn of the loop: the 200 that waits behind a 180 would be
acknowledged only after everybody had been told that it rings.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

LONGEST = 65535
AT_ONCE = 32
"""Datagrams after which the rest of the phone has a turn."""


class Datagrams:
    """Hands every datagram to `received`, with the address and port it came from. Takes the socket over."""

    def __init__(self, sock: socket.socket, received: Callable[[bytes, str, int], None]) -> None:
        self._socket = sock
        self._received = received
        asyncio.get_running_loop().add_reader(sock, self._read)

    @property
    def port(self) -> int:
        """The port it is bound to."""
        return int(self._socket.getsockname()[1])

    def send(self, data: bytes, host: str, port: int) -> None:
        """Send to a numeric address. Raises OSError where the system would not; where it is only full, one is lost."""
        with contextlib.suppress(BlockingIOError):
            self._socket.sendto(data, (host, port))

    def close(self) -> None:
        """Close the socket."""
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()

    def _read(self) -> None:
        for _ in range(AT_ONCE):
            if self._socket.fileno() < 0:
                return  # closed by what the last datagram brought about
            try:
                data, address = self._socket.recvfrom(LONGEST)
            except OSError:
                return  # nothing waits any more, or the system tells of one that we sent and that did not get there
            self._received(data, str(address[0]), int(address[1]))
