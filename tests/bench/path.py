"""Bad paths, the same each time for a seed, and the packets that came through them."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import socket
import struct

RTCP_TYPES = range(192, 224)
MEAN_BURST = 2.5
"""Packets lost in a row, in the paths that lose in bursts (a two-state Gilbert model)."""


@dataclasses.dataclass(frozen=True)
class Damage:
    """What a path does to RTP: independent or bursty loss, and a delay drawn uniformly, so that packets overtake."""

    name: str
    loss: float = 0.0
    bursts: bool = False
    jitter_ms: float = 0.0


class Path:
    """A path as the stepped engines' wire: gives each packet's delays, and remembers what became of each source's.

    `lost` tells of every RTP packet sent, in order, whether it was lost; `arrivals` has those that came and when.
    """

    def __init__(self, damage: Damage, seed: int) -> None:
        self._damage = damage
        self._chance = random.Random(seed)
        self._losing = False
        self._begin: dict[bytes, int] = {}
        self.arrivals: dict[bytes, list[tuple[float, bytes]]] = {}
        self.lost: dict[bytes, list[bool]] = {}

    def __call__(self, packet: bytes) -> list[int]:
        if packet[1] in RTCP_TYPES:
            return [0]
        lost = self._loses()
        self.lost.setdefault(packet[8:12], []).append(lost)
        if lost:
            return []
        delay = self._chance.uniform(0, self._damage.jitter_ms) / 1000
        stamp, source = struct.unpack_from("!I", packet, 4)[0], packet[8:12]
        sent = (stamp - self._begin.setdefault(source, stamp)) % 2**32 / 8000
        self.arrivals.setdefault(source, []).append((sent + delay, packet))
        return [int(delay * 1e9)]

    def _loses(self) -> bool:
        damage = self._damage
        if not damage.bursts:
            return self._chance.random() < damage.loss
        leave = 1 / MEAN_BURST
        enter = leave * damage.loss / (1 - damage.loss)
        self._losing = self._chance.random() >= leave if self._losing else self._chance.random() < enter
        return self._losing


async def replay(arrivals: list[tuple[float, bytes]], rtp: socket.socket) -> None:
    """Hand out the packets at their times (8 kHz clocks only), in real time, to whoever sends here first."""
    loop = asyncio.get_running_loop()
    _, towards = await loop.sock_recvfrom(rtp, 2048)
    begin = loop.time() + 0.1
    for at, packet in sorted(arrivals):
        await asyncio.sleep(begin + at - loop.time())
        await loop.sock_sendto(rtp, packet, towards)
