"""STUN and TURN with coturn: what it tells of us, and whole streams that it passes on."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from collections.abc import AsyncIterator

import msgspec
import pytest

from app.media import connectivity
from app.media.connectivity import Connectivity
from app.media.ice import gathering, stun
from app.media.ice.gathering import GATHERING_SECONDS, IceServers, TurnServer
from app.media.ice.stun import Address
from app.media.ice.turn import TurnClient
from app.media.room import MediaSettings
from app.model.media import OfferDue
from app.model.session import CandidateKind, IceCandidate, SessionDescription
from app.settings.secret import Secret
from tests.media.live import LivePhone, changed, until
from tests.media.rig import STREAM
from tests.peers.coturn import PASSWORD, USER, Coturn, coturn
from tests.peers.peer import free_port

pytestmark = pytest.mark.interop

ICE = MediaSettings(ice=True)
HERE = "127.0.0.1"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Coturn]:
    """A busy machine may take longer over it than a call would wait."""
    monkeypatch.setattr(gathering, "GATHERING_SECONDS", 10.0)
    async with coturn() as running:
        yield running


def servers(server: Coturn, password: str = PASSWORD) -> IceServers:
    address = Address(server.host, server.port)
    return IceServers((address,), TurnServer(address, USER, Secret(password)))


def of_kind(description: SessionDescription, kind: CandidateKind) -> list[IceCandidate]:
    ice = description.media[0].ice
    assert ice is not None
    return [one for one in ice.candidates if one.kind is kind]


def relayed_only(description: SessionDescription) -> SessionDescription:
    """As if no direct way worked: nothing but what the server lends."""
    ice = description.media[0].ice
    assert ice is not None
    lent = tuple(one for one in ice.candidates if one.kind is CandidateKind.RELAYED)
    return changed(
        description, address=lent[0].address, port=lent[0].port, ice=msgspec.structs.replace(ice, candidates=lent)
    )


async def test_an_offer_has_what_the_server_lends(server: Coturn) -> None:
    with LivePhone(HERE, "127.0.0.3", settings=ICE, servers=servers(server)) as a:
        offer = await a.offer()
        hosts, lent = of_kind(offer, CandidateKind.HOST), of_kind(offer, CandidateKind.RELAYED)
        assert len(hosts) == 4
        assert {one.component for one in lent} == {1, 2}
        assert all(one.priority < host.priority for one in lent for host in hosts)
        assert offer.media[0].address == HERE, "who has no ICE sends to where we really are"


@pytest.mark.parametrize("muxed", [True, False])
async def test_voice_goes_through_the_relay(server: Coturn, muxed: bool) -> None:
    with (
        LivePhone(HERE, settings=ICE, servers=servers(server)) as a,
        LivePhone(HERE, settings=ICE, servers=servers(server)) as b,
    ):
        offer = changed(relayed_only(await a.offer()), rtcp_mux=muxed)
        a.room.take_answer(STREAM, relayed_only(await b.answer(offer)))
        await a.hears(25)
        await b.hears(25)
        assert a.route is not None
        assert b.route is not None
        assert a.route.relayed or b.route.relayed
        for phone in (a, b):
            assert phone.statistics.malformed == 0, "all that the server passes on is understood"


async def test_a_relay_of_one_side_is_enough(server: Coturn) -> None:
    """The far end has no server and no address that we could reach: it comes to what we borrowed."""
    with LivePhone(HERE, settings=ICE, servers=servers(server)) as a, LivePhone(HERE, settings=ICE) as b:
        await through_the_relay(a, b)


async def through_the_relay(a: LivePhone, b: LivePhone) -> None:
    """Have the two talk by what is lent to one, who cannot reach the other directly, nor be reached."""
    answer = await b.answer(relayed_only(await a.offer()))
    ice = answer.media[0].ice
    assert ice is not None
    nowhere = tuple(msgspec.structs.replace(one, port=9) for one in ice.candidates)
    a.room.take_answer(STREAM, changed(answer, port=9, ice=msgspec.structs.replace(ice, candidates=nowhere)))
    await a.hears(25)
    await b.hears(25)
    assert a.route is not None
    assert a.route.relayed


def connectivity_of(phone: LivePhone) -> Connectivity:
    found = phone.voice._connectivity
    assert found is not None
    return found


async def test_what_is_lent_outlives_the_process(server: Coturn) -> None:
    with LivePhone(HERE, settings=ICE, servers=servers(server)) as a, LivePhone(HERE, settings=ICE) as b:
        await through_the_relay(a, b)
        route = a.route
        with LivePhone(HERE, settings=ICE, left=a.die()) as again:
            assert again.route == route
            await again.hears(25)
            await b.hears(25)
            relay = connectivity_of(again)._relays[1][1]
            await until(lambda: None not in (relay._refresh_at, relay._permit_at, relay._bind_at))
            await until(lambda: not len(relay._transactions))
            assert not relay.failed
            assert relay.bound
            assert not any(isinstance(event, OfferDue) for event in again.events)
            assert (server.lent, server.given_back) == (2, 0)
            assert len(of_kind(await again.offer(), CandidateKind.RELAYED)) == 2
            await through_the_relay(again, b)
            assert (server.lent, server.given_back) == (2, 0)
        await until(lambda: server.given_back == 2, within=30)


async def test_what_is_not_lent_any_more_after_a_crash_is_looked_for_anew(server: Coturn) -> None:
    with LivePhone(HERE, settings=ICE, servers=servers(server)) as a, LivePhone(HERE, settings=ICE) as b:
        await through_the_relay(a, b)
        kept = a.voice.keep()
        assert kept is not None
        connectivity_of(a)._give_back()
        await until(lambda: server.given_back == 2, within=30)
        left = a.die()
        with LivePhone(HERE, settings=ICE, left=dataclasses.replace(left, voice=kept)) as again:
            await again.told(OfferDue)
            assert again.route is None
            await through_the_relay(again, b)


async def test_a_wrong_password_leaves_the_direct_ways(server: Coturn) -> None:
    with LivePhone(HERE, settings=ICE, servers=servers(server, "wrong")) as a:
        offer = await asyncio.wait_for(a.offer(), GATHERING_SECONDS + 1)
        assert of_kind(offer, CandidateKind.HOST)
        assert not of_kind(offer, CandidateKind.RELAYED)


async def test_a_silent_server_keeps_nobody_waiting() -> None:
    nobody = Coturn(HERE, free_port(HERE))
    with LivePhone(HERE, settings=ICE, servers=servers(nobody)) as a:
        offer = await asyncio.wait_for(a.offer(), GATHERING_SECONDS + 0.5)
        assert of_kind(offer, CandidateKind.HOST)


async def test_what_is_lent_is_given_back_to_do_without(server: Coturn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The far end has no ICE: nobody will ever come to the lent address."""
    monkeypatch.setattr(connectivity, "RELEASE_AFTER", 0.1)
    with LivePhone(HERE, settings=ICE, servers=servers(server)) as a, LivePhone(HERE, settings=MediaSettings()) as b:
        offer = await a.offer()
        (lent,) = [one for one in of_kind(offer, CandidateKind.RELAYED) if one.component == 1]
        assert taken(lent)
        a.room.take_answer(STREAM, await b.answer(offer))
        await until(lambda: not taken(lent))
        assert not of_kind(await a.offer(), CandidateKind.RELAYED)
        await a.hears()


async def moved(phone: LivePhone, server: Coturn) -> None:
    """The phone has another address, so that what it was lent on the one before is of no use: it is lent anew."""
    assert of_kind(await phone.offer(), CandidateKind.RELAYED)
    await until(lambda: (server.lent, server.given_back) == (2, 0), within=30)
    phone.own = ("127.0.0.3",)
    phone.room.addresses_changed()
    assert of_kind(await phone.offer(), CandidateKind.RELAYED)
    await until(lambda: (server.lent, server.given_back) == (4, 2), within=30)


async def test_what_is_lent_anew_is_given_back_before(server: Coturn) -> None:
    """A server lends each user so many addresses only, and keeps one that nobody speaks of for ten minutes."""
    with LivePhone(HERE, settings=ICE, servers=servers(server)) as a:
        await moved(a, server)


def taken(lent: IceCandidate) -> bool:
    """Whether the server holds the port that it lends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((lent.address, lent.port))
        except OSError:
            return True
    return False


async def test_a_stale_nonce_is_renewed() -> None:
    """coturn forgets its nonces after the time it was told; then each request is asked for once more."""
    async with coturn(HERE, "--stale-nonce=1") as server:
        loop = asyncio.get_running_loop()
        client = TurnClient(Address(server.host, server.port), USER, Secret(PASSWORD))
        arrived: asyncio.Queue[bytes] = asyncio.Queue()

        class Wire(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                arrived.put_nowait(data)

        transport, _ = await loop.create_datagram_endpoint(Wire, remote_addr=(server.host, server.port))

        async def exchange() -> None:
            while client.output:
                for data in client.output:
                    transport.sendto(data)
                client.output.clear()
                client.receive(stun.parse(await asyncio.wait_for(arrived.get(), 2)), loop.time())

        client.allocate(loop.time())
        await exchange()
        assert client.relayed is not None
        await asyncio.sleep(2.2)
        client.bind(Address(HERE, 9), loop.time())
        await exchange()
        assert client.bound
        transport.close()
