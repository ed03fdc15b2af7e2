"""What an attacker on the network has: addresses that are not the PBX's, raw messages, and time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.model.commands import Dial, HangUp
from app.model.signalling import Registration
from app.model.snapshot import CallState
from tests.scenarios.rig import Rig

STRANGER = "127.0.0.2"
"""Loopback, but not where the PBX is."""
_numbers = itertools.count(1)


@asynccontextmanager
async def registered(folder: Path, transport: str = "udp") -> AsyncIterator[Rig]:
    """A phone that is registered with a demo PBX of its own."""
    rig = Rig(folder)
    try:
        await rig.start_pbx()
        await rig.start_phone(transport)
        up = await rig.phone.until(lambda s: any(line.registration is Registration.UP for line in s.lines), 15)
        assert up, rig.phone.describe()
        yield rig
    finally:
        await rig.close()


def sip_port(pid: int) -> int:
    """The port on which a process listens for SIP over TCP, which is that of UDP too."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    listening = [row for row in rows if row[3] == "0A" and row[9] in inodes]
    assert listening, "the phone listens nowhere"
    return int(listening[0][1].rsplit(":", 1)[1], 16)


def request(method: str, host: str, port: int, transport: str = "UDP") -> bytes:
    """A request to the phone that looks right and has never been seen before."""
    number = next(_numbers)
    lines = [
        f"{method} sip:27@127.0.0.1 SIP/2.0",
        f"Via: SIP/2.0/{transport} {host}:{port};rport;branch=z9hG4bKattack{number}",
        "Max-Forwards: 70",
        f"From: <sip:ghost@{host}>;tag=g{number}",
        "To: <sip:27@127.0.0.1>",
        f"Call-ID: attack-{number}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:ghost@{host}:{port}>",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def flood(port: int, rate: int, method: str) -> None:
    """Send `rate` requests a second from a stranger's address until cancelled."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind((STRANGER, 0))
        sock.settimeout(0)
        begin, sent = time.monotonic(), 0
        while True:
            while sent < (time.monotonic() - begin) * rate:
                with contextlib.suppress(BlockingIOError):
                    sock.sendto(request(method, STRANGER, sock.getsockname()[1]), ("127.0.0.1", port))
                sent += 1
            await asyncio.sleep(0.005)


async def call_connects(rig: Rig, number: str, patience: float) -> bool:
    """Call a partner of the PBX and hang up again; False when nobody answered in `patience` seconds."""
    await rig.phone.command(lambda id_: Dial(id_, number=number))
    connected = await rig.phone.until(lambda s: any(c.state is CallState.CONNECTED for c in s.calls), patience)
    await rig.phone.command(HangUp)
    assert await rig.phone.until(lambda s: not s.calls), rig.phone.describe()
    return connected
