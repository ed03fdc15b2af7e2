"""What the line sends is marked with its DSCP, as the other end of the wire sees it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from app.model.ids import LineId
from app.settings.secret import Secret
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.hop import Transport
from app.signalling.sip.line import SipLine

DSCP = 26
PATIENCE = 15.0


@contextlib.asynccontextmanager
async def line(registrar: str, port: int, transport: Transport) -> AsyncIterator[SipLine]:
    config = SipLineConfig(
        LineId("l"), "27", registrar, Secret("x"), registrar_port=port, transport=transport, dscp=DSCP
    )
    made = SipLine(config, lambda _: None)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@pytest.mark.parametrize(
    ("family", "address", "level", "ask", "kind"),
    [
        (socket.AF_INET, "127.0.0.1", socket.IPPROTO_IP, socket.IP_RECVTOS, socket.IP_TOS),
        (socket.AF_INET6, "::1", socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS),
    ],
    ids=["IPv4", "IPv6"],
)
async def test_datagrams(family: int, address: str, level: int, ask: int, kind: int) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as registrar:
        registrar.setsockopt(level, ask, 1)
        registrar.bind((address, 0))
        registrar.settimeout(PATIENCE)
        async with line(address, registrar.getsockname()[1], Transport.UDP):
            _, extras, _, _ = await asyncio.to_thread(registrar.recvmsg, 4096, 256)
    marks = {
        struct.unpack("=B3x" if len(data) == 4 else "=B", data)[0]
        for at, what, data in extras
        if at == level and what == kind
    }
    assert marks == {DSCP << 2}


async def test_streams() -> None:
    """Once connected; the packets of the handshake go out before there is anything to mark."""
    met: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    server = await asyncio.start_server(lambda *both: met.put_nowait(both), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as tap:
        tap.settimeout(PATIENCE)
        async with server, line("127.0.0.1", port, Transport.TCP):
            marks = await asyncio.to_thread(_marks_of_requests, tap, port)
            _, writer = await asyncio.wait_for(met.get(), PATIENCE)
            writer.close()
    assert marks == DSCP << 2


def _marks_of_requests(tap: socket.socket, port: int) -> int:
    """The TOS octet of the first packet to `port` that carries a request."""
    while True:
        packet = tap.recv(65536)
        header = 4 * (packet[0] & 15)
        if packet[header + 2 : header + 4] == port.to_bytes(2, "big") and b"REGISTER" in packet:
            return packet[1]
