"""Voice between two phones behind two NATs, with coturn in the open: real masquerading, by the kernel."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.media.ice.gathering import IceServers, TurnServer, TurnTransport
from app.media.ice.stun import Address
from app.media.room import MediaSettings
from app.settings.secret import Secret
from tests.interop.nat import OPEN, Nats, two_nats, within
from tests.interop.row import Row
from tests.media.live import LivePhone, agree
from tests.peers.coturn import BOTH, PASSWORD, USER, coturn

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]

ICE = MediaSettings(ice=True)

Two = tuple[LivePhone, LivePhone]


@asynccontextmanager
async def phones(
    nats: Nats, transport: TurnTransport = TurnTransport.UDP
) -> AsyncIterator[tuple[LivePhone, LivePhone]]:
    """Both, with coturn as their server; the first speaks to it by this transport."""
    with within(nats.server):
        running = coturn(OPEN, transport=BOTH)
        server = await running.__aenter__()
    address = Address(server.host, server.port)
    ways = (transport, TurnTransport.UDP)
    made = [
        LivePhone(
            own,
            settings=ICE,
            servers=IceServers((address,), TurnServer(address, USER, Secret(PASSWORD), way)),
        )
        for own, way in zip(nats.inside, ways, strict=True)
    ]
    entered: list[LivePhone] = []
    try:
        for phone, space in zip(made, nats.phones, strict=True):
            with within(space):
                entered.append(phone.__enter__())
        yield made[0], made[1]
    finally:
        for phone in entered:
            phone.__exit__()
        await running.__aexit__(None, None, None)


async def talk(a: LivePhone, b: LivePhone) -> None:
    await agree(a, b)
    for phone in (a, b):
        await phone.hears(50, within=30)
        assert phone.route is not None


async def test_each_finds_the_hole_that_the_other_has_made(row: Row) -> None:
    row.of("coturn", "two phones behind two NATs that keep their ports: voice goes straight from one to the other")
    async with two_nats() as nats, phones(nats) as (a, b):
        await talk(a, b)
        assert a.route is not None
        assert b.route is not None
        assert (a.route.relayed, b.route.relayed) == (False, False)
        assert (a.route.rtp.host, b.route.rtp.host) == (nats.outside[1], nats.outside[0])
        row.measured(f"{a.route.local} to {a.route.rtp.host}")


async def test_where_no_hole_fits_a_relay_helps(row: Row) -> None:
    row.of("coturn", "two phones behind two NATs with another port for each destination: voice goes through the relay")
    async with two_nats(symmetric=True) as nats, phones(nats) as (a, b):
        await talk(a, b)
        assert a.route is not None
        assert b.route is not None
        assert a.route.relayed or b.route.relayed


async def test_tcp_gets_out_where_udp_does_not(row: Row) -> None:
    row.of("coturn", "one of two phones behind a firewall that lets only TCP out: voice goes through the relay")
    async with two_nats(udp_for_first=False) as nats, phones(nats, TurnTransport.TCP) as (a, b):
        await talk(a, b)
        assert a.route is not None
        assert a.route.relayed
