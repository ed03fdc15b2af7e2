"""A far end in a network namespace, so that it can see our address change: at the other end of a cable from us.

Needs root. Each process has a network of its own, so that tests may run beside each other.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.interop.nat import ip


@dataclass(frozen=True)
class Cable:
    """The namespace at its far end, and the device at ours; the addresses of both."""

    space: str
    near: str
    network: str
    """Of a /24, without the last number."""

    @property
    def far(self) -> str:
        """The far end's address."""
        return f"{self.network}.2"

    @property
    def before(self) -> str:
        """Ours at first."""
        return f"{self.network}.1"

    @property
    def after(self) -> str:
        """Ours since `renumber`."""
        return f"{self.network}.9"

    @property
    def launch(self) -> tuple[str, ...]:
        """What runs a command at the far end."""
        return ("ip", "netns", "exec", self.space)

    async def renumber(self) -> None:
        """Have another address at our end, and no more the first."""
        await ip("address", "del", f"{self.before}/24", "dev", self.near)
        await ip("address", "add", f"{self.after}/24", "dev", self.near)


@contextlib.asynccontextmanager
async def cable() -> AsyncIterator[Cable]:
    """A cable with an address at each end, out of those for measurements between two networks (RFC 2544, C.2.2)."""
    pid = os.getpid()
    way = Cable(f"far{pid}", f"near{pid}", f"198.{18 + pid // 256 % 2}.{pid % 256}")
    await ip("netns", "add", way.space)
    try:
        await ip("link", "add", way.near, "type", "veth", "peer", "name", f"end{pid}", "netns", way.space)
        for where, device, address in (((), way.near, way.before), (("-n", way.space), f"end{pid}", way.far)):
            await ip(*where, "address", "add", f"{address}/24", "dev", device)
            await ip(*where, "link", "set", device, "up")
        yield way
    finally:
        await ip("netns", "del", way.space)
