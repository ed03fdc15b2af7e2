"""A little SIP over UDP of its own (RFC 3261), for far ends whose media somebody else has.

Just enough to call a well-behaved phone on this machine, to be called by it, and to be its registrar: nothing is
retransmitted, nobody is asked for a password, and one call is on at a time.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

PATIENCE = 15.0
_HOST = "127.0.0.1"


class SmallSip:
    """One end of calls. Use as an asynchronous context manager."""

    def __init__(self, user: str) -> None:
        self._user = user
        self._messages: asyncio.Queue[str] = asyncio.Queue()
        self._published: asyncio.Queue[str] = asyncio.Queue()
        self._ended = asyncio.Event()
        self._call_id = f"{secrets.token_hex(8)}@{_HOST}"
        self._tag = secrets.token_hex(4)
        self._sequence = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._far_contact = ""
        self._far_tag = ""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(self._take), (_HOST, 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._wire.get_extra_info("sockname")[1])

    @property
    def uri(self) -> str:
        """Where it is called."""
        return f"sip:{self._user}@{_HOST}:{self.port}"

    async def call(self, uri: str, offer: str) -> str:
        """Call, and give back the answer's SDP when the far end has answered."""
        self._far_contact, self._far_tag = uri, ""
        self._call_id = f"{secrets.token_hex(8)}@{_HOST}"
        self._ended.clear()
        return await self._invite(offer)

    async def offer(self, sdp: str) -> str:
        """Offer anew in the call that is on."""
        return await self._invite(sdp)

    async def be_called(self, answer: Callable[[str], Awaitable[str]]) -> None:
        """Take the next call: `answer` makes the SDP that answers an SDP."""
        request = await self._next()
        assert request.startswith("INVITE"), request
        self._call_id = match(r"^(?:Call-ID|i):\s*(\S+)", request)
        self._far_tag = match(r"^(?:From|f):.*;tag=([^;\s]+)", request)
        self._far_contact = match(r"^(?:Contact|m):.*?<?(sip:[^>\s;]+)", request)
        self._ended.clear()
        self._answer(request, await answer(_body(request)))
        while not (await self._next()).startswith("ACK"):
            pass

    async def hang_up(self) -> None:
        """End the call."""
        self._send("BYE")
        while not (await self._next()).startswith("SIP/2.0 200"):
            pass

    async def ended(self) -> None:
        """Wait until the far end has ended the call."""
        await asyncio.wait_for(self._ended.wait(), PATIENCE)

    async def published(self) -> str:
        """What the next PUBLISH brings (RFC 3903)."""
        return await asyncio.wait_for(self._published.get(), PATIENCE)

    @property
    def _wire(self) -> asyncio.DatagramTransport:
        assert self._transport is not None, "not open"
        return self._transport

    async def _invite(self, offer: str) -> str:
        self._send("INVITE", offer)
        while not (response := await self._next()).startswith("SIP/2.0 200"):
            assert response.startswith("SIP/2.0 1"), response
        self._far_tag = match(r"^(?:To|t):.*;tag=([^;\s]+)", response)
        self._far_contact = match(r"^(?:Contact|m):.*?<?(sip:[^>\s;]+)", response)
        self._send("ACK", sequence=self._sequence)
        return _body(response)

    def _take(self, message: str) -> None:
        """Keep what concerns calls; what else a phone may ask is granted."""
        if message.startswith(("SIP/2.0", "INVITE", "ACK")):
            self._messages.put_nowait(message)
            return
        self._answer(message)
        if message.startswith("BYE"):
            self._ended.set()
        if message.startswith("PUBLISH"):
            self._published.put_nowait(_body(message))

    async def _next(self) -> str:
        return await asyncio.wait_for(self._messages.get(), PATIENCE)

    def _send(self, method: str, body: str = "", sequence: int | None = None) -> None:
        if sequence is None:
            self._sequence += 1
            sequence = self._sequence
        to = f"<{self._far_contact}>" + (f";tag={self._far_tag}" if self._far_tag else "")
        lines = [
            f"{method} {self._far_contact} SIP/2.0",
            f"Via: SIP/2.0/UDP {_HOST}:{self.port};branch=z9hG4bK{secrets.token_hex(6)}",
            "Max-Forwards: 70",
            f"From: <{self.uri}>;tag={self._tag}",
            f"To: {to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {sequence} {method}",
            f"Contact: <{self.uri}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        far_host = match(r"sip:(?:[^@]*@)?([^:;>]+)", self._far_contact)
        self._wire.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), (far_host, _port(self._far_contact)))

    def _answer(self, request: str, body: str = "") -> None:
        registers = request.startswith("REGISTER")
        kept = [line for line in request.split("\r\n") if re.match(r"(?i)(via|v|from|f|call-id|i|cseq)\s*:", line)]
        to = re.sub(r"^(t|To)\s*:", "To:", match(r"^((?:To|t)\s*:.*)$", request))
        to = to if ";tag=" in to else f"{to};tag={self._tag}"
        contact = match(r"^((?:Contact|m)\s*:.*)$", request) if registers else f"Contact: <{self.uri}>"
        lines = ["SIP/2.0 200 OK", *kept, to, contact, *(["Expires: 60"] if registers else [])]
        lines += [*(["Content-Type: application/sdp"] if body else []), f"Content-Length: {len(body)}"]
        via = match(r"^(?:Via|v)\s*:\s*SIP/2.0/UDP\s+([^;\s]+)", request)
        host, _, port = via.partition(":")
        port = match(r"rport=?(\d*)", kept[0]) or port if "rport=" in kept[0] else port
        self._wire.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), (host, int(port or 5060)))


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if data.strip():  # a keep-alive is nothing but line ends
            self._take(data.decode())


def match(pattern: str, text: str, missing: str | None = None) -> str:
    """What a pattern finds at the beginning of some line; where it finds nothing, `missing`."""
    found = re.search(pattern, text, re.MULTILINE | re.IGNORECASE)
    if found is None and missing is not None:
        return missing
    assert found is not None, f"no {pattern} in {text}"
    return found[1].rstrip("\r")


def _port(uri: str) -> int:
    return int(match(r"sip:(?:[^@]*@)?[^:;>]+:(\d+)", uri, "5060"))


def _body(message: str) -> str:
    return message.partition("\r\n\r\n")[2]
