"""How a web socket to the PBX is read and left, with a far end that is as quick as can be, or as slow."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from aiohttp import WSMessage, WSMsgType

from app.pbx import web_socket
from app.pbx.web_socket import WebSocket


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
