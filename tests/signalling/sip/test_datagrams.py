"""A UDP socket on the loop: what waits is read before anything else happens, and no datagram can stop it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest

from app.signalling.sip.datagrams import AT_ONCE, Datagrams


@contextlib.contextmanager
def bound() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0)
        yield sock


@contextlib.contextmanager
def peers(received: Callable[[bytes, str, int], None]) -> Iterator[tuple[Datagrams, socket.socket]]:
    """The socket under test, and one that sends to it."""
    with bound() as sock, bound() as other:
        datagrams = Datagrams(sock, received)
        other.connect(("127.0.0.1", datagrams.port))
        yield datagrams, other
        datagrams.close()


async def test_all_that_waits_is_read_before_what_the_first_brings_about() -> None:
    seen: list[str] = []

    def received(data: bytes, _host: str, _port: int) -> None:
        seen.append(data.decode())
        asyncio.get_running_loop().call_soon(seen.append, f"event of {data.decode()}")

    with peers(received) as (_, other):
        other.send(b"180")
        other.send(b"200")
        await asyncio.sleep(0.05)
    assert seen == ["180", "200", "event of 180", "event of 200"]


async def test_a_flood_lets_the_rest_of_the_phone_have_its_turn() -> None:
    seen: list[str] = []

    def received(_data: bytes, _host: str, _port: int) -> None:
        if not seen:
            asyncio.get_running_loop().call_soon(seen.append, "turn")
        seen.append("datagram")

    with peers(received) as (_, other):
        for _ in range(2 * AT_ONCE):
            other.send(b"flood")
        await asyncio.sleep(0.05)
    assert seen.index("turn") == AT_ONCE
    assert seen.count("datagram") == 2 * AT_ONCE


async def test_it_tells_where_a_datagram_came_from_and_sends_back() -> None:
    seen: list[tuple[str, int]] = []
    with peers(lambda _data, host, port: seen.append((host, port))) as (datagrams, other):
        other.send(b"x" * 60_000)
        await asyncio.sleep(0.05)
        assert seen == [other.getsockname()]
        datagrams.send(b"answer", *seen[0])
        assert other.recv(100) == b"answer"


async def test_a_message_may_close_the_socket() -> None:
    seen: list[bytes] = []
    sockets: list[Datagrams] = []

    def received(data: bytes, _host: str, _port: int) -> None:
        seen.append(data)
        sockets[0].close()

    with peers(received) as (datagrams, other):
        sockets.append(datagrams)
        other.send(b"first")
        other.send(b"second")
        await asyncio.sleep(0.05)
    assert seen == [b"first"]


async def test_what_the_system_will_not_send_is_an_error() -> None:
    with peers(lambda *_: None) as (datagrams, _), pytest.raises(OSError, match="Message too long"):
        datagrams.send(bytes(70_000), "127.0.0.1", datagrams.port)
