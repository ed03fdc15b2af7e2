"""A far end of voice made of a socket: it sends a pitch as PCMU, and anything else a test thinks of."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import numpy as np

from tests.interop.sounds import PEER_HERTZ, tone
from tests.peers.peer import free_port

PACKET_SECONDS = 0.02
SAMPLES = 160
Address = tuple[str, int]


def _mu_law(samples: np.ndarray[Any, np.dtype[np.int16]]) -> bytes:
    """PCMU (ITU-T G.711) of 16-bit samples."""
    magnitude = np.minimum(np.abs(samples.astype(np.int32)) + 132, 32767)
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(samples < 0, 0x80, 0)
    return bytes((~(sign | exponent << 4 | mantissa) & 0xFF).astype(np.uint8))


def rtp(sequence: int, timestamp: int, ssrc: int, payload: bytes, payload_type: int = 0) -> bytes:
    """An RTP packet (RFC 3550, 5.1)."""
    return struct.pack(">BBHII", 0x80, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def sender_report(ssrc: int) -> bytes:
    """An RTCP packet with nothing in it but who sent it (RFC 3550, 6.4.1)."""
    return struct.pack(">BBHI", 0x80, 200, 6, ssrc) + bytes(20)


def is_rtcp(data: bytes) -> bool:
    """Whether this is a whole compound RTCP packet in the clear (RFC 3550, A.2)."""
    kinds = []
    while len(data) >= 4:
        first, kind, words = struct.unpack_from(">BBH", data)
        if first >> 6 != 2 or 4 * (words + 1) > len(data):
            return False
        kinds.append(kind)
        data = data[4 * (words + 1) :]
    return not data and kinds[:1] in ([200], [201])


class Voice:
    """Sends one packet each 20 ms to where it was told, from an even port with RTCP's beside it."""

    def __init__(self, hertz: int = PEER_HERTZ, host: str = "127.0.0.1") -> None:
        self.received = 0
        """Packets that came to either port."""
        self.reports: list[bytes] = []
        """What came to the RTCP port."""
        self.ssrc = random.getrandbits(32)
        self.sent: list[bytes] = []
        self.protect: Callable[[bytes], bytes] = lambda packet: packet
        """What is done to each packet before it is sent: SRTP, or nothing."""
        self._host = host
        self._sound = _mu_law(tone(hertz, 1, 8000))
        self._sockets: list[asyncio.DatagramTransport] = []
        self._sending: asyncio.Task[None] | None = None
        self._target: Address | None = None

    @property
    def address(self) -> Address:
        """What an SDP names."""
        host, port = self._sockets[0].get_extra_info("sockname")[:2]
        return str(host), int(port)

    def speak_to(self, port: int) -> None:
        """Begin to send to this port of this machine."""
        self._target = ("127.0.0.1", port)
        self._sending = asyncio.create_task(self._send())

    def throw(self, data: bytes, *, rtcp: bool = False) -> None:
        """Send any octets from our own RTP port, or RTCP's to RTCP's."""
        assert self._target is not None, "speak first"
        host, port = self._target
        self._sockets[rtcp].sendto(data, (host, port + rtcp))

    async def __aenter__(self) -> Self:
        port = free_port(even=True)
        await self._listen(port, rtcp=False)
        await self._listen(port + 1, rtcp=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending
        for transport in self._sockets:
            transport.close()
        await asyncio.sleep(0)

    async def _listen(self, port: int, *, rtcp: bool) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(self, rtcp=rtcp), (self._host, port))
        self._sockets.append(transport)

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        sequence = random.getrandbits(15)
        for number in range(1 << 20):
            begin = number * SAMPLES % len(self._sound)
            packet = rtp(sequence + number, number * SAMPLES, self.ssrc, self._sound[begin : begin + SAMPLES])
            data = self.protect(packet)
            self.sent.append(data)
            self.throw(data)
            await asyncio.sleep(begun + (number + 1) * PACKET_SECONDS - loop.time())


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, voice: Voice, *, rtcp: bool) -> None:
        self._voice = voice
        self._rtcp = rtcp

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._voice.received += 1
        if self._rtcp:
            self._voice.reports.append(data)

    def error_received(self, exc: Exception) -> None:
        """The phone may be gone already."""
