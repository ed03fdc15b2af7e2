"""One SIP line by itself, for what needs neither calls nor sound: registering, and coming back."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from app.model.ids import LineId
from app.model.signalling import LineChanged, Registration, SignallingEvent
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.line import SipLine
from app.signalling.sip.registration import BackOff
from app.signalling.sip.timers import Timers

LINE = LineId("interop")
QUICK = BackOff(base=0.2, longest=0.4)
"""Waits that let a test see several attempts."""


class WatchedLine:
    """A line and all it said. Use as an asynchronous context manager: it is stopped at the end."""

    def __init__(self, config: SipLineConfig, *, timers: Timers | None = None, back_off: BackOff | None = None) -> None:
        self.events: list[SignallingEvent] = []
        self._news = asyncio.Event()
        self.line = SipLine(config, self._take, timers, back_off)

    @property
    def state(self) -> LineChanged:
        """The newest word on the registration."""
        changes = [event for event in self.events if isinstance(event, LineChanged)]
        return changes[-1] if changes else LineChanged(LINE, Registration.DOWN)

    async def until(self, registration: Registration, within: float = 15.0, *, reason: str = "") -> LineChanged:
        """Wait for a registration state, perhaps with a word in its reason."""
        return await self.until_true(
            lambda: self.state.registration is registration and reason in self.state.reason, within
        )

    async def until_true(self, true: Callable[[], bool], within: float = 15.0) -> LineChanged:
        """Wait until something is true of the line."""
        end = time.monotonic() + within
        while not true():
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), end - time.monotonic())
            except TimeoutError:
                raise AssertionError(f"not within {within:g} s; the line says: {self.state}") from None
        return self.state

    async def __aenter__(self) -> Self:
        await self.line.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.line.stop()

    def _take(self, event: SignallingEvent) -> None:
        self.events.append(event)
        self._news.set()


async def knows(port: int, user: str) -> bool:
    """Whether a proxy on this machine finds `user`: an OPTIONS through it is answered by him and not by 404."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        asker.bind(("127.0.0.1", 0))
        own = asker.getsockname()[1]
        lines = [
            f"OPTIONS sip:{user}@127.0.0.1:{port} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{own}{time.monotonic_ns()}",
            "Max-Forwards: 70",
            f"From: <sip:asker@127.0.0.1>;tag={own}",
            f"To: <sip:{user}@127.0.0.1>",
            f"Call-ID: {time.monotonic_ns()}",
            "CSeq: 1 OPTIONS",
            "Content-Length: 0",
        ]
        await loop.sock_sendto(asker, "\r\n".join([*lines, "", ""]).encode(), ("127.0.0.1", port))
        answer = b"SIP/2.0 100"
        while answer.startswith(b"SIP/2.0 1"):
            answer = await asyncio.wait_for(loop.sock_recv(asker, 65535), 15)
    status = int(answer.split()[1])
    assert status in (200, 404), answer.decode(errors="replace")
    return status == 200
