"""Our agent against aioice, a full agent that other people wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aioice
import pytest
from aioice import ice

from app.model.session import CandidateKind, IceCandidate, IceDescription
from tests.media.ice.sockets import SocketAgent

pytestmark = pytest.mark.interop


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The only address that aioice finds."""
    address: str = request.param
    monkeypatch.setattr(ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [address])
    return address


def theirs(connection: aioice.Connection) -> IceDescription:
    candidates = tuple(
        IceCandidate(one.foundation, one.component, one.priority, one.host, one.port, CandidateKind(one.type))
        for one in connection.local_candidates
    )
    return IceDescription(connection.local_username, connection.local_password, candidates)


async def tell(connection: aioice.Connection, description: IceDescription) -> None:
    connection.remote_username, connection.remote_password = description.ufrag, description.password
    for one in description.candidates:
        await connection.add_remote_candidate(
            aioice.Candidate(one.foundation, one.component, "udp", one.priority, one.address, one.port, one.kind.value)
        )
    await connection.add_remote_candidate(None)


@pytest.fixture(
    params=[(True, 1), (False, 1), (True, 2), (False, 2)], ids=["chooses", "follows", "chooses-2", "follows-2"]
)
async def pair(request: pytest.FixtureRequest, host: str) -> AsyncIterator[tuple[SocketAgent, aioice.Connection]]:
    """Our agent and aioice's, before anything was checked."""
    controlling, count = request.param
    components = tuple(range(1, count + 1))
    connection = aioice.Connection(ice_controlling=not controlling, components=count)
    await connection.gather_candidates()
    ours = await SocketAgent.open(host, components, controlling=controlling)
    with ours:
        await tell(connection, ours.description)
        ours.start(theirs(connection), components)
        await asyncio.gather(connection.connect(), ours.chosen(*components))
        yield ours, connection
        await connection.close()


async def test_a_pair_carries_data_both_ways(pair: tuple[SocketAgent, aioice.Connection]) -> None:
    ours, connection = pair
    for component in ours.agent.selected:
        ours.send(component, b"\x80ours")
        assert await connection.recvfrom() == (b"\x80ours", component)
        await connection.sendto(b"\x80theirs", component)
        assert await asyncio.wait_for(ours.sockets[component - 1].arrived.get(), 5) == b"\x80theirs"
