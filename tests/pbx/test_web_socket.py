"""How a web socket to the PBX is read and left, with a far end that is as quick as can be, or as slow."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
import struct
import tracemalloc
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import WSMessage, WSMsgType

from app.pbx import web_socket
from app.pbx.errors import Unreachable
from app.pbx.web_socket import Network, WebSocket
from app.security.tls import client_context
from tests.pbx.small_pbx import SmallPbx, trust

LONG = 64 << 20


class FarEnd:
    """An endless supply of messages that are there already. It takes none while it is `stuck`."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.stuck = False
        self.closed = False

    async def receive(self) -> WSMessage:
        return WSMessage(WSMsgType.TEXT, "{}", None)

    async def send_str(self, text: str) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        self.taken.append(text)

    async def close(self) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        self.closed = True


def made(far_end: FarEnd) -> WebSocket:
    return WebSocket(cast("Any", far_end))


async def test_a_flood_leaves_a_turn_to_everybody_after_each_message() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    async with made(FarEnd()) as socket:
        for heard in range(500):
            await socket.receive()
            assert turns >= heard
    task.cancel()


async def test_what_waits_is_sent_before_the_good_bye() -> None:
    far_end = FarEnd()
    async with made(far_end) as socket:
        for number in range(web_socket._MOST_WAITING - 1):
            socket.send(str(number))
    assert far_end.taken == [str(number) for number in range(web_socket._MOST_WAITING - 1)]
    assert far_end.closed


async def test_a_far_end_that_takes_nothing_keeps_nobody() -> None:
    far_end = FarEnd()
    far_end.stuck = True
    async with asyncio.timeout(20), made(far_end) as socket:
        for number in range(web_socket._MOST_WAITING * 2):
            socket.send(str(number))
    assert far_end.taken == []


async def test_a_connection_from_an_address_that_is_gone_is_left_at_once(tmp_path: Path) -> None:
    pbx = await SmallPbx(tmp_path).start()
    network = Network(client_context(trust(tmp_path)), None)
    async with await network.open(pbx.address.session_url) as socket:
        assert socket.local_address == "127.0.0.1"
        network.leave({"192.0.2.1"})
        socket.send('{"mt":"LoginInfo"}')
        assert b"LoginInfoResult" in await socket.receive()
        pbx.fall_silent()
        network.leave({"127.0.0.1"})
        with pytest.raises(Unreachable):
            await asyncio.wait_for(socket.receive(), 20)
    await network.close()
    await pbx.stop()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Open a web socket by hand (RFC 6455, 4.2.2), and send one text message of `LONG` bytes, as far as it is taken."""
    asked = re.search(rb"Sec-WebSocket-Key: (\S+)", await reader.readuntil(b"\r\n\r\n"))
    assert asked
    accept = hashlib.sha1(asked[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest()
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    writer.write(head + base64.b64encode(accept) + b"\r\n\r\n" + struct.pack("!BBQ", 0x81, 127, LONG))
    with contextlib.suppress(OSError):
        for _ in range(LONG >> 16):
            if writer.is_closing():
                break
            writer.write(bytes(1 << 16))
            await writer.drain()
    writer.close()


async def test_of_a_message_of_64_mib_nothing_is_kept(tmp_path: Path) -> None:
    """The length that is announced is enough to refuse it. Both ends are in this process, with their buffers."""
    pbx = SmallPbx(tmp_path)
    server = await asyncio.start_server(_pour, "127.0.0.1", 0, ssl=pbx.context())
    pbx.port = server.sockets[0].getsockname()[1]
    network = Network(client_context(trust(tmp_path)), None)
    tracemalloc.start()
    try:
        async with await network.open(pbx.address.session_url) as socket:
            with pytest.raises(Unreachable, match="a message that is too long"):
                await asyncio.wait_for(socket.receive(), 20)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 * web_socket.LONGEST_FRAME
    await network.close()
    server.close()
    await server.wait_closed()
