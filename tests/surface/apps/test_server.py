"""The web socket of apps: who gets in, and what ends a connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.pbx.app_message import Envelope, write
from app.pbx.app_session import AppSession, Send
from app.pbx.pace import Pace
from app.settings.secret import Secret
from app.surface.apps import server as module
from app.surface.apps.server import MESSAGE_BYTES_MAX, AppServer
from tests.media.live import until
from tests.peers.media_app import MediaApp

TOKEN = "a token of the tests"
PAGE = "https://pbx.example.com"


class Api:
    """Answers each message, and counts those who went."""

    closed = 0

    def __init__(self, send: Send) -> None:
        self._send = send

    def receive(self, envelope: Envelope, text: bytes) -> None:
        answers = 10_000 if envelope.mt == "Flood" else 1
        for _ in range(answers):
            self._send(write(f"{envelope.mt}Result", src=envelope.src))

    def close(self) -> None:
        Api.closed += 1


@pytest_asyncio.fixture
async def server() -> AsyncIterator[AppServer]:
    Api.closed = 0
    server = AppServer(
        lambda send: AppSession(lambda: Secret(TOKEN), lambda app, way: {"": Api(way)}, send), lambda: (PAGE,)
    )
    await server.start(0)
    yield server
    await server.stop()


async def given_back(count: int = 1) -> None:
    """Wait until so many apps' belongings are given back."""
    await until(lambda: Api.closed == count)


async def test_an_app_comes_in_asks_and_goes(server: AppServer) -> None:
    async with MediaApp(server.port, TOKEN) as app:
        assert (await app.ask("Hello"))["mt"] == "HelloResult"
        assert Api.closed == 0
    await given_back()


async def test_an_app_that_is_killed_is_noticed(server: AppServer) -> None:
    async with MediaApp(server.port, TOKEN) as app:
        await app.drop()
        await given_back()


async def test_an_app_that_falls_silent_is_noticed(server: AppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 1.0)
    async with MediaApp(server.port, TOKEN) as app:
        app.socket.transport.pause_reading()  # it answers no ping any more
        await given_back()
        await app.drop()


async def test_a_wrong_token(server: AppServer) -> None:
    async with MediaApp(server.port) as app:
        assert not await app.log_in("another token of the tests")
        assert await app.closed() == 1008


async def test_who_does_not_log_in_must_go(server: AppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOGIN_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: ")  # and no end of it
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()
    monkeypatch.setattr(module, "LOGIN_SECONDS", 2.0)  # this one has to come as far as the web socket
    async with MediaApp(server.port) as app:
        await app.closed()


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://evil.example", 403), (f"{PAGE}:8443", 403), ("http://pbx.example.com", 403), ("null", 403)],
)
async def test_pages_of_others_stay_out(server: AppServer, origin: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with MediaApp(server.port, TOKEN, origin=origin):
            pass
    assert refused.value.response.status_code == status


async def test_a_page_that_may_comes_in(server: AppServer) -> None:
    async with MediaApp(server.port, TOKEN, origin=PAGE) as app:
        assert await app.ask("Hello")


async def test_a_name_of_others_that_leads_here_is_another_host(server: AppServer) -> None:
    async with aiohttp.ClientSession() as client:
        url = f"http://127.0.0.1:{server.port}/"
        async with client.get(url, headers={"Host": f"rebound.example:{server.port}"}) as answer:
            assert answer.status == 421
        async with client.get(url) as answer:
            assert answer.status == 404
            assert "web socket" in await answer.text()


async def test_only_loopback_is_listened_on(server: AppServer) -> None:
    assert server._listener is not None
    assert [socket.getsockname()[0] for socket in server._listener.sockets] == ["127.0.0.1"]


async def test_a_message_too_long_ends_the_connection(server: AppServer) -> None:
    async with MediaApp(server.port, TOKEN) as app:
        await app.send(json.dumps({"mt": "Hello", "words": "x" * MESSAGE_BYTES_MAX}))
        assert await app.closed() == 1009
        await given_back()


async def test_octets_are_no_message(server: AppServer) -> None:
    async with MediaApp(server.port, TOKEN) as app:
        await app.send(b'{"mt":"Hello"}')
        assert await app.closed() == 1003


async def test_each_message_is_paced(server: AppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = list[int]()

    class Noted(Pace):
        def __init__(self, most: int) -> None:
            super().__init__(most)
            self._limit = most

        async def take(self) -> None:
            taken.append(self._limit)

    monkeypatch.setattr(module, "Pace", Noted)
    async with MediaApp(server.port, TOKEN) as app:
        taken.clear()
        for _ in range(3):
            await app.ask("Hello")
    assert taken == [module.MESSAGES_PER_SECOND] * 3


async def test_who_does_not_read_is_cut_off(server: AppServer) -> None:
    async with MediaApp(server.port, TOKEN) as app:
        with contextlib.suppress(ConnectionClosed):
            await app.send(json.dumps({"mt": "Flood"}))
        await app.closed()
        await given_back()


async def test_one_too_many_is_turned_away(server: AppServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECTIONS_MAX", 2)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(MediaApp(server.port, TOKEN))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()
    await given_back(2)
    async with MediaApp(server.port, TOKEN) as app:
        assert await app.ask("Hello")


async def test_stopping_lets_apps_go(server: AppServer) -> None:
    async with MediaApp(server.port, TOKEN) as app:
        await server.stop()
        assert await app.closed() == 1001
    assert Api.closed == 1


async def test_a_port_that_is_taken(server: AppServer) -> None:
    other = AppServer(lambda send: AppSession(lambda: Secret(TOKEN), lambda app, way: {}, send), tuple)
    with pytest.raises(OSError, match="in use"):
        await other.start(server.port)
    await other.stop()
