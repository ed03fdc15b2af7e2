"""What is remembered of names."""

from __future__ import annotations

import asyncio
import socket

import pytest

from app.signalling.sip.resolver import MAX_REMEMBERED, Resolver


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that the system's resolver was asked for; it answers each with an address of its own."""
    names: list[str] = []

    async def answer(_loop: object, host: str, _port: object, **_hints: object) -> list[tuple[object, ...]]:
        names.append(host)
        return [(0, 0, 0, "", (f"10.0.{host.removeprefix('h').removesuffix('.test')}.1", 0))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", answer)
    return names


async def test_address_is_never_asked_for(asked: list[str]) -> None:
    assert await Resolver().resolve("192.0.2.1") == ("192.0.2.1",)
    assert asked == []


async def test_name_is_asked_for_once(asked: list[str]) -> None:
    resolver = Resolver()
    assert await resolver.resolve("h7.test") == await resolver.resolve("h7.test") == ("10.0.7.1",)
    assert asked == ["h7.test"]
    assert resolver.name_of("10.0.7.1") == "h7.test"


async def test_names_of_a_far_end_fill_no_memory(asked: list[str]) -> None:
    resolver = Resolver()
    for number in range(2 * MAX_REMEMBERED):
        await resolver.resolve(f"h{number}.test")
    assert len(asked) == 2 * MAX_REMEMBERED
    assert len(resolver._known) == len(resolver._names) == MAX_REMEMBERED
    assert resolver.name_of("10.0.0.1") == "10.0.0.1"


@pytest.mark.parametrize("host", ["pbx..example", f"{'x' * 64}.example", "."])
async def test_what_cannot_be_a_name_is_not_found(host: str) -> None:
    with pytest.raises(socket.gaierror):
        await Resolver().resolve(host)
