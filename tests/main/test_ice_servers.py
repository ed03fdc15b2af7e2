"""The servers that ICE asks: found ahead, and a name that can be none keeps no other from being found."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.main.ice_servers import IceServerLookup, addresses_of
from app.media.ice.gathering import IceServers
from app.media.ice.stun import Address
from app.settings.setting import Layer
from app.settings.store import SettingsStore


@pytest.fixture
async def settings(tmp_path: Path) -> SettingsStore:
    store = SettingsStore(tmp_path)
    await store.set(Layer.ADMIN, "media.ice", "on")
    return store


@pytest.fixture
async def lookup(settings: SettingsStore) -> AsyncIterator[IceServerLookup]:
    lookup = IceServerLookup(settings)
    lookup.start()
    yield lookup
    await lookup.stop()


async def eventually(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not become true within five seconds")


async def found(lookup: IceServerLookup, servers: IceServers) -> None:
    await eventually(lambda: lookup.current == servers)


async def test_servers_are_those_of_the_settings_whenever_they_change(
    settings: SettingsStore, lookup: IceServerLookup
) -> None:
    await settings.set(Layer.ADMIN, "media.stun_server", "192.0.2.1")
    await found(lookup, IceServers((Address("192.0.2.1", 3478),)))
    await settings.set(Layer.ADMIN, "media.stun_server", "[2001:db8::1]:5349")
    await found(lookup, IceServers((Address("2001:db8::1", 5349),)))
    await settings.set(Layer.ADMIN, "media.ice", "off")
    await found(lookup, IceServers())


async def test_the_best_address_of_a_name_lends(settings: SettingsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver's order is that of RFC 6724; each family counts once, in that order."""
    places = [(socket.AF_INET6, ("2001:db8::1", 3478, 0, 0)), (socket.AF_INET, ("192.0.2.1", 3478))]
    more = [(socket.AF_INET6, ("2001:db8::2", 3478, 0, 0)), (socket.AF_INET, ("192.0.2.2", 3478))]

    async def resolve(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
        return [(family, socket.SOCK_DGRAM, 17, "", place) for family, place in (*places, *more)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    await settings.merge(Layer.ADMIN, {"media.stun_server": "a.example", "media.turn_server": "a.example"})
    lookup = IceServerLookup(settings)
    lookup.start()
    await eventually(lambda: lookup.current.turn is not None)
    await lookup.stop()
    assert lookup.current.stun == (("2001:db8::1", 3478), ("192.0.2.1", 3478))
    assert lookup.current.turn is not None
    assert lookup.current.turn.address == ("2001:db8::1", 3478)


@pytest.mark.parametrize("impossible", ["stun..example", f"{'x' * 64}.example"])
async def test_what_cannot_be_a_name_ends_no_lookup(
    settings: SettingsStore, lookup: IceServerLookup, impossible: str, caplog: pytest.LogCaptureFixture
) -> None:
    await settings.merge(Layer.ADMIN, {"media.stun_server": impossible})
    await eventually(lambda: "cannot be found" in caplog.text)
    await settings.set(Layer.ADMIN, "media.stun_server", "192.0.2.1")
    await found(lookup, IceServers((Address("192.0.2.1", 3478),)))


@pytest.mark.parametrize("impossible", ["stun:192.0.2.1", "192.0.2.1:stun", f"192.0.2.1:{'9' * 30}", "[::1:x"])
async def test_what_a_pbx_lends_in_vain_is_told_and_left(impossible: str, caplog: pytest.LogCaptureFixture) -> None:
    assert await addresses_of(impossible) == ()
    assert "cannot be found" in caplog.text
