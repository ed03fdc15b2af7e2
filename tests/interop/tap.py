"""A wire that can be listened to and disturbed: every datagram between two ends passes through it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

Address = tuple[str, int]


class Tap:
    """A UDP relay on `port` in front of `target`; `sent` and `received` are as seen by who sends to `port`.

    `alter` may change a datagram on its way by returning others for it: none to lose it, two to double it.
    """

    def __init__(self, target: Address) -> None:
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        self.alter: Callable[[bytes], list[bytes]] = lambda data: [data]
        self._target = target
        self._front: asyncio.DatagramTransport | None = None
        self._back: asyncio.DatagramTransport | None = None
        self._sender: Address | None = None

    @property
    def port(self) -> int:
        """Where to send to."""
        assert self._front is not None
        return int(self._front.get_extra_info("sockname")[1])

    @property
    def back_port(self) -> int:
        """What `target` sees as the sender, and may send to of itself."""
        assert self._back is not None
        return int(self._back.get_extra_info("sockname")[1])

    def count(self, method: str) -> int:
        """How many requests of a method were sent, with every time they were sent again."""
        return sum(data.startswith(method.encode() + b" ") for data in self.sent)

    def count_different(self, method: str) -> int:
        """How many requests of a method there were."""
        return len({data for data in self.sent if data.startswith(method.encode() + b" ")})

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(lambda: _Side(self._outwards), ("127.0.0.1", 0))
        self._back, _ = await loop.create_datagram_endpoint(lambda: _Side(self._inwards), ("127.0.0.1", 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for side in (self._front, self._back):
            if side is not None:
                side.close()
        await asyncio.sleep(0)

    def _outwards(self, data: bytes, source: Address) -> None:
        self._sender = source
        self.sent.append(data)
        for datagram in self.alter(data):
            if self._back is not None:
                self._back.sendto(datagram, self._target)

    def _inwards(self, data: bytes, _source: Address) -> None:
        self.received.append(data)
        for datagram in self.alter(data):
            if self._front is not None and self._sender is not None:
                self._front.sendto(datagram, self._sender)


class _Side(asyncio.DatagramProtocol):
    def __init__(self, taken: Callable[[bytes, Address], None]) -> None:
        self._taken = taken

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._taken(data, (str(addr[0]), int(addr[1])))

    def error_received(self, exc: Exception) -> None:
        """A target that is away loses what is sent to it, as on any wire."""
