"""The servers that an app names for its channel."""

from __future__ import annotations

import asyncio

import pytest

from app.main import app_servers
from app.main.app_servers import look_up
from app.media.ice.gathering import IceServers
from app.media.ice.stun import Address
from app.media.server_urls import ServerUrl, parse_server_url
from app.settings.secret import Secret
from app.surface.apps.media_messages import IceServer


def asked(*urls: str) -> tuple[tuple[ServerUrl, IceServer], ...]:
    server = IceServer(urls, "user", Secret("password"))
    return tuple((parse_server_url(url), server) for url in urls)


async def test_none() -> None:
    assert await look_up(()) == IceServers()


async def test_all_stun_servers_and_the_first_turn_server() -> None:
    found = await look_up(
        asked("stun:127.0.0.1:1", "turn:127.0.0.2:2", "turn:127.0.0.3:3", "stun:[::1]:4", "stun:127.0.0.1:1")
    )
    assert found.stun == (Address("127.0.0.1", 1), Address("::1", 4))
    assert found.turn is not None
    assert (found.turn.address, found.turn.user) == (Address("127.0.0.2", 2), "user")
    assert found.turn.password == Secret("password")


async def test_what_cannot_be_found_is_done_without() -> None:
    found = await look_up(asked("turn:nowhere.invalid", "turn:127.0.0.2:2"))
    assert found.turn is not None
    assert found.turn.address == Address("127.0.0.2", 2)


async def test_a_name_that_takes_long_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(_text: str) -> tuple[Address, ...]:
        await asyncio.sleep(3600)
        raise AssertionError

    monkeypatch.setattr(app_servers, "addresses_of", slow)
    monkeypatch.setattr(app_servers, "LOOK_UP_SECONDS", 0.01)
    assert await look_up(asked("stun:slow.example", "turn:slow.example")) == IceServers()
