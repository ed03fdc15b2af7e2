"""rtpengine, the media proxy of many SIP servers, in a process of its own on loopback; asked by its `ng` protocol."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from typing import TypeAlias

from tests.peers.peer import PeerFailed, free_port

Value: TypeAlias = "str | list[str] | Mapping[str, Value]"

START_SECONDS = 15.0
_HOST = "127.0.0.1"
_PORTS = 100
"""Of UDP, for both sides of a test's calls."""
_ports = itertools.cycle(range(36_000, 48_000, _PORTS))


class Rtpengine:
    """One call of a running proxy. What it answers to an SDP is the SDP for the other side."""

    def __init__(self, port: int) -> None:
        self._place = (_HOST, port)
        self._call = {"call-id": secrets.token_hex(8), "from-tag": "caller"}

    async def answers(self) -> bool:
        """Whether it is there."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            return await self._ask({"command": "ping"}, 0.2) == {"result": "pong"}
        return False

    async def offer(self, sdp: str, **flags: Value) -> str:
        """The caller's SDP as the called one is to see it."""
        return await self._passed_on({"command": "offer", "sdp": sdp, **self._call, **_spelled(flags)})

    async def answer(self, sdp: str, **flags: Value) -> str:
        """The called one's SDP as the caller is to see it."""
        told = {"command": "answer", "sdp": sdp, "to-tag": "called", **self._call, **_spelled(flags)}
        return await self._passed_on(told)

    async def _passed_on(self, message: dict[str, Value]) -> str:
        reply = await self._ask(message, START_SECONDS)
        assert reply["result"] == "ok", reply
        return reply["sdp"]

    async def _ask(self, message: Mapping[str, Value], within: float) -> dict[str, str]:
        """One request and its reply, over a socket of its own: cookie, blank, bencoded dictionary."""
        loop = asyncio.get_running_loop()
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as wire:
            wire.setblocking(False)  # noqa: FBT003 - the library takes no keyword
            await loop.sock_connect(wire, self._place)
            await loop.sock_sendall(wire, secrets.token_hex(8).encode() + b" " + _bencode(message))
            reply = await asyncio.wait_for(loop.sock_recv(wire, 65_536), within)
        return _strings(reply.partition(b" ")[2])


def _spelled(flags: Mapping[str, Value]) -> dict[str, Value]:
    """Python's names as rtpengine writes them."""
    return {name.replace("_", "-"): value for name, value in flags.items()}


def _bencode(value: Value) -> bytes:
    if isinstance(value, str):
        return b"%d:%s" % (len(value.encode()), value.encode())
    if isinstance(value, list):
        return b"l" + b"".join(map(_bencode, value)) + b"e"
    return b"d" + b"".join(_bencode(name) + _bencode(value[name]) for name in sorted(value)) + b"e"


def _strings(bencoded: bytes) -> dict[str, str]:
    """A dictionary that holds nothing but strings, as the replies that are asked for here do."""
    rest, found = bencoded.removeprefix(b"d"), []
    while rest != b"e":
        size, _, rest = rest.partition(b":")
        found.append(rest[: int(size)].decode())
        rest = rest[int(size) :]
    return dict(zip(found[::2], found[1::2], strict=True))


@contextlib.asynccontextmanager
async def rtpengine() -> AsyncIterator[Rtpengine]:
    """A proxy in user space, and one call of it."""
    port, lowest = free_port(_HOST), next(_ports)
    with tempfile.TemporaryDirectory(prefix="rtpengine-") as folder:
        process = await asyncio.create_subprocess_exec(
            *("rtpengine", "--foreground", "--config-file=none", "--log-stderr", "--log-level=3", "--table=-1"),
            *(f"--interface={_HOST}", f"--listen-ng={_HOST}:{port}", f"--pidfile={folder}/pid"),
            *(f"--port-min={lowest}", f"--port-max={lowest + _PORTS - 1}"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            proxy = Rtpengine(port)
            async with asyncio.timeout(START_SECONDS):
                while not await proxy.answers():
                    if process.returncode is not None:
                        raise PeerFailed(f"rtpengine ended with {process.returncode}")
                    await asyncio.sleep(0.05)
            yield proxy
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()
