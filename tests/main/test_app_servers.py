"""The servers that an app names for its channel."""

from __future__ import annotations

import asyncio

import pytest

from app.main import app_servers
from app.main.app_servers import AT_ONCE, AppServers
from app.media.ice.gathering import IceServers
from app.media.ice.stun import Address
from app.media.server_urls import ServerUrl, parse_server_url
from app.settings.secret import Secret
from app.surface.apps.media_messages import IceServer


def asked(*urls: str) -> tuple[tuple[ServerUrl, IceServer], ...]:
    server = IceServer(urls, "user", Secret("password"))
    return tuple((parse_server_url(url), server) for url in urls)


async def test_none() -> None:
    assert await AppServers().look_up(()) == IceServers()


async def test_all_stun_servers_and_the_first_turn_server() -> None:
    found = await AppServers().look_up(
        asked("stun:127.0.0.1:1", "turn:127.0.0.2:2", "turn:127.0.0.3:3", "stun:[::1]:4", "stun:127.0.0.1:1")
    )
    assert found.stun == (Address("127.0.0.1", 1), Address("::1", 4))
    assert found.turn is not None
    assert (found.turn.address, found.turn.user) == (Address("127.0.0.2", 2), "user")
    assert found.turn.password == Secret("password")


async def test_what_cannot_be_found_is_done_without() -> None:
    found = await AppServers().look_up(asked("turn:nowhere.invalid", "turn:127.0.0.2:2"))
    assert found.turn is not None
    assert found.turn.address == Address("127.0.0.2", 2)


async def test_a_name_that_takes_long_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(_text: str) -> tuple[Address, ...]:
        await asyncio.sleep(3600)
        raise AssertionError

    monkeypatch.setattr(app_servers, "addresses_of", slow)
    monkeypatch.setattr(app_servers, "LOOK_UP_SECONDS", 0.01)
    assert await AppServers().look_up(asked("stun:slow.example", "turn:slow.example")) == IceServers()


async def test_one_app_cannot_fill_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each host is looked up once, and few at a time."""
    begun: list[str] = []
    under_way = most = 0

    async def count(host: str) -> tuple[Address, ...]:
        nonlocal under_way, most
        begun.append(host)
        under_way += 1
        most = max(most, under_way)
        for _ in range(3):
            await asyncio.sleep(0)
        under_way -= 1
        return (Address("192.0.2.1", 3478),)

    monkeypatch.setattr(app_servers, "addresses_of", count)
    monkeypatch.setattr(app_servers, "LOOK_UP_SECONDS", 30)
    urls = [f"stun:host{number % 20}.example:{1 + number}" for number in range(100)]
    found = await AppServers().look_up(asked(*urls))
    assert most == AT_ONCE
    assert sorted(begun) == sorted({f"host{number}.example" for number in range(20)})
    assert [address.port for address in found.stun] == list(range(1, 101))


async def test_a_name_that_nobody_waits_for_any_more_still_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread is busy until DNS gives up."""
    begun: list[str] = []
    answer = asyncio.Event()

    async def slow(host: str) -> tuple[Address, ...]:
        begun.append(host)
        await answer.wait()
        return ()

    monkeypatch.setattr(app_servers, "addresses_of", slow)
    monkeypatch.setattr(app_servers, "LOOK_UP_SECONDS", 0.01)
    servers = AppServers()
    for number in range(10):
        await servers.look_up(asked(f"stun:slow{number}.example"))
    assert begun == ["slow0.example", "slow1.example"]
    answer.set()
    monkeypatch.setattr(app_servers, "LOOK_UP_SECONDS", 10)
    await servers.look_up(asked("stun:next.example"))
    assert begun[2:] == ["next.example"]
