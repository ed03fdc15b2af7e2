"""TURN over TCP and TLS by the relay thread: with coturn, and with servers that lie, stall and close."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from app.media import turn_trust
from app.media.ice import gathering, stun
from app.media.ice.gathering import GATHERING_SECONDS, IceServers, TurnServer, TurnTransport
from app.media.ice.stun import Address, Attribute, Class, Method
from app.media.room import MediaSettings
from app.model.media import OfferDue
from app.model.session import CandidateKind, SessionDescription
from app.security.certificates import Authority
from app.security.tls import NORMAL_CIPHERS
from app.settings.secret import Secret
from native import Clock, Engine, TurnClosed
from tests.media.live import LivePhone, until
from tests.media.rig import STREAM
from tests.media.test_relay import moved, of_kind, relayed_only
from tests.native.certificates import self_signed
from tests.peers.coturn import PASSWORD, TCP_ONLY, USER, coturn, tls_only

pytestmark = pytest.mark.interop

ICE = MediaSettings(ice=True)
HERE = "127.0.0.1"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def servers(port: int, transport: TurnTransport, trust_file: str = "", name: str = HERE) -> IceServers:
    lender = TurnServer(Address(HERE, port), USER, Secret(PASSWORD), transport, name, trust_file)
    return IceServers(turn=lender)


@contextlib.asynccontextmanager
async def lender(transport: TurnTransport, folder: Path, name: str = HERE) -> AsyncIterator[IceServers]:
    """coturn, with nothing but this transport. A busy machine may take longer over it than a call would wait."""
    authority = Authority("Test authority")
    trust = folder / "authority.pem"
    trust.write_bytes(authority.pem)
    identity = authority.issue((name,)).write(folder, "turn")
    only = TCP_ONLY if transport is TurnTransport.TCP else tls_only(identity)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "GATHERING_SECONDS", 10.0)
        async with coturn(HERE, transport=only) as server:
            yield servers(server.port, transport, str(trust))


async def talk_through(caller: LivePhone, called: LivePhone) -> tuple[SessionDescription, SessionDescription]:
    """What both say of themselves: nothing but what is lent to them."""
    offer = relayed_only(await caller.offer())
    answer = relayed_only(await called.answer(offer))
    caller.room.take_answer(STREAM, answer)
    for phone in (caller, called):
        await phone.hears(25, within=30)
        assert phone.route is not None
        assert phone.statistics.malformed == 0
    assert any(phone.route is not None and phone.route.relayed for phone in (caller, called))
    return offer, answer


@pytest.mark.parametrize("transport", [TurnTransport.TCP, TurnTransport.TLS])
async def test_voice_goes_through_the_relay(transport: TurnTransport, tmp_path: Path) -> None:
    async with lender(transport, tmp_path) as lent:
        with LivePhone(HERE, settings=ICE, servers=lent) as a, LivePhone(HERE, settings=ICE, servers=lent) as b:
            await talk_through(a, b)


@pytest.mark.parametrize("transport", [TurnTransport.TCP, TurnTransport.TLS])
async def test_a_peers_datagram_longer_than_a_packet_costs_itself_alone(
    transport: TurnTransport, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The server has let this host in, whatever its port, and passes on all that it sends."""
    async with lender(transport, tmp_path) as lent:
        with LivePhone(HERE, settings=ICE, servers=lent) as a, LivePhone(HERE, settings=ICE, servers=lent) as b:
            described = await talk_through(a, b)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                for description in described:
                    for one in of_kind(description, CandidateKind.RELAYED):
                        stranger.sendto(bytes(1600), (one.address, one.port))
            await a.hears(50)
            await b.hears(50)
    assert "no connection to the TURN server" not in caplog.text


async def test_what_is_lent_anew_is_given_back_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHERING_SECONDS", 10.0)
    async with coturn(HERE, transport=TCP_ONLY) as server:
        with LivePhone(HERE, settings=ICE, servers=servers(server.port, TurnTransport.TCP)) as a:
            await moved(a, server)


async def test_what_a_connection_looks_like_is_no_candidate(tmp_path: Path) -> None:
    """It says nothing of the ports that voice uses."""
    async with lender(TurnTransport.TCP, tmp_path) as lent:
        with LivePhone(HERE, settings=ICE, servers=lent) as a:
            offer = await a.offer()
            assert of_kind(offer, CandidateKind.RELAYED)
            assert not of_kind(offer, CandidateKind.SERVER_REFLEXIVE)


async def hosts_alone(lent: IceServers, caplog: pytest.LogCaptureFixture, reason: str) -> None:
    """An offer is made in time, with nothing lent, and the log says why."""
    with LivePhone(HERE, settings=ICE, servers=lent) as a:
        offer = await asyncio.wait_for(a.offer(), GATHERING_SECONDS + 10)
        assert of_kind(offer, CandidateKind.HOST)
        assert not of_kind(offer, CandidateKind.RELAYED)
        await until(lambda: reason in caplog.text, within=30)


async def test_a_server_of_another_name_is_not_believed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with lender(TurnTransport.TLS, tmp_path, name="turn.example.org") as lent:
        await hosts_alone(lent, caplog, "address mismatch")


async def test_a_strange_authority_is_not_believed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with lender(TurnTransport.TLS, tmp_path) as lent:
        (tmp_path / "authority.pem").write_bytes(Authority("Another").pem)
        await hosts_alone(lent, caplog, "certificate")


async def test_a_trust_file_that_is_not_there_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with lender(TurnTransport.TLS, tmp_path) as lent:
        (tmp_path / "authority.pem").unlink()
        await hosts_alone(lent, caplog, "trusted certificates cannot be read")


@contextlib.asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server of our own; its port."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(accept, HERE, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_weak_key_is_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where OpenSSL was built or set up to believe it, which a list of ciphers can say, too."""
    monkeypatch.setattr(turn_trust, "NORMAL_CIPHERS", f"{NORMAL_CIPHERS}:@SECLEVEL=0")
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the point
    file = self_signed(weak).write(tmp_path / "weak.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.set_ciphers("DEFAULT:@SECLEVEL=0")
    tls.load_cert_chain(file)
    async with listening(close_at_once, tls) as port:
        await hosts_alone(servers(port, TurnTransport.TLS, str(file)), caplog, "too weak")


async def close_at_once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A frame longer than any packet."""
    await reader.readexactly(20)
    writer.write(bytes.fromhex("4000ffff") + bytes(100))
    await reader.read()


async def speak_of_something_else(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(20)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await reader.read()


@pytest.mark.parametrize("serve", [close_at_once, lie, speak_of_something_else])
async def test_a_server_that_breaks_the_rules_is_left(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async with listening(serve) as port:
        await hosts_alone(servers(port, TurnTransport.TCP), caplog, "no connection to the TURN server")


@pytest.mark.parametrize("transport", [TurnTransport.TCP, TurnTransport.TLS])
async def test_a_server_that_stalls_keeps_nobody_waiting(transport: TurnTransport) -> None:
    async def stall(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        await asyncio.Event().wait()

    async with listening(stall) as port:
        with LivePhone(HERE, settings=ICE, servers=servers(port, transport)) as a:
            offer = await asyncio.wait_for(a.offer(), GATHERING_SECONDS + 10)
            assert of_kind(offer, CandidateKind.HOST)
            assert not of_kind(offer, CandidateKind.RELAYED)


async def test_a_handshake_that_takes_too_long_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async def stall(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(stall) as port:
        await hosts_alone(servers(port, TurnTransport.TLS), caplog, "does not answer in time")


Meddle = Callable[[bytes, asyncio.StreamWriter], bool]
"""Gets what a phone says to the server, and the way back; False where the server shall not hear it."""


@contextlib.asynccontextmanager
async def lender_behind(meddle: Meddle, folder: Path) -> AsyncIterator[IceServers]:
    """coturn over TCP, with somebody between."""
    async with lender(TurnTransport.TCP, folder) as lent:
        assert lent.turn is not None
        upstream = lent.turn.address

        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            other_reader, other_writer = await asyncio.open_connection(*upstream)
            try:
                await asyncio.gather(copy_frames(reader, other_writer, writer, meddle), copy(other_reader, writer))
            finally:
                other_writer.close()

        async with listening(pass_on) as port:
            yield servers(port, TurnTransport.TCP)


async def copy_frames(
    reader: asyncio.StreamReader, onwards: asyncio.StreamWriter, back: asyncio.StreamWriter, meddle: Meddle
) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while head := await reader.readexactly(4):
            size = int.from_bytes(head[2:], "big")
            frame = head + await reader.readexactly((size + 3) // 4 * 4 if head[0] >= 0x40 else size + 16)
            if meddle(frame, back):
                onwards.write(frame)
                await onwards.drain()
    onwards.close()


def asks_for_a_channel(frame: bytes) -> bool:
    return int.from_bytes(frame[:2], "big") == Method.CHANNEL_BIND


def go_away(frame: bytes, back: asyncio.StreamWriter) -> bool:
    if asks_for_a_channel(frame):
        back.close()
        return False
    return True


def refuse(frame: bytes, back: asyncio.StreamWriter) -> bool:
    if asks_for_a_channel(frame):
        attributes = ((Attribute.ERROR_CODE, stun.error_code(508, "Insufficient Capacity")),)
        back.write(stun.build(Method.CHANNEL_BIND, Class.ERROR, stun.parse(frame).transaction, attributes))
        return False
    return True


@pytest.mark.parametrize(("meddle", "still_lent"), [(go_away, True), (refuse, False)])
async def test_a_pair_that_is_lost_before_it_has_a_channel_has_another_way_looked_for(
    meddle: Meddle, still_lent: bool, tmp_path: Path
) -> None:
    async with lender_behind(meddle, tmp_path) as lent:
        with LivePhone(HERE, settings=ICE, servers=lent) as a, LivePhone(HERE, settings=ICE, servers=lent) as b:
            offer = relayed_only(await a.offer())
            a.room.take_answer(STREAM, relayed_only(await b.answer(offer)))
            await until(lambda: any(isinstance(event, OfferDue) for event in a.events + b.events), within=30)
            lost, other = (a, b) if any(isinstance(event, OfferDue) for event in a.events) else (b, a)
            assert lost.route is None
            again = await lost.offer()
            assert bool(of_kind(again, CandidateKind.RELAYED)) is still_lent
            lost.room.take_answer(STREAM, await other.answer(again))
            await lost.hears()
            await other.hears()


async def test_a_connection_that_ends_in_a_call_has_another_way_looked_for(tmp_path: Path) -> None:
    connections: set[asyncio.StreamWriter] = set()

    def note(_: bytes, back: asyncio.StreamWriter) -> bool:
        connections.add(back)
        return True

    async with lender_behind(note, tmp_path) as lent:
        with LivePhone(HERE, settings=ICE, servers=lent) as a, LivePhone(HERE, settings=ICE, servers=lent) as b:
            await talk_through(a, b)
            lost = a if a.route is not None and a.route.relayed else b
            for connection in tuple(connections):
                connection.close()
            await lost.told(OfferDue)


async def test_the_end_of_a_connection_before_does_not_concern_the_next(tmp_path: Path) -> None:
    """It may be told after the next was opened."""
    async with lender(TurnTransport.TCP, tmp_path) as lent:
        with LivePhone(HERE, settings=ICE, servers=lent) as a, LivePhone(HERE, settings=ICE, servers=lent) as b:
            await talk_through(a, b)
            for phone in (a, b):
                for component in (1, 2):
                    phone.room.handle(TurnClosed(phone.voice.stream, component, 0, "late news"))
                assert not any(isinstance(event, OfferDue) for event in phone.events)
            assert of_kind(await a.offer(), CandidateKind.RELAYED)
            await a.hears()
            await b.hears()


async def test_each_connection_has_a_number_that_its_end_repeats() -> None:
    async with listening(close_at_once) as port:
        with Engine(Clock.TIMER) as engine:
            stream = engine.new_stream(HERE)
            engine.start()
            told: dict[int, int] = {}

            def hear() -> bool:
                told.update(
                    {event.connection: event.component for event in engine.drain() if isinstance(event, TurnClosed)}
                )
                return len(told) == 2

            numbers = [stream.open_turn(HERE, port, component) for component in (1, 2)]
            await until(hear)
            assert told == {numbers[0]: 1, numbers[1]: 2}


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    writer.close()
