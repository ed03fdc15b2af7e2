"""The line on real sockets over loopback: UDP, TCP, TLS, and what goes wrong with each."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.calls.ports import SignallingLine
from app.model.cause import Cause
from app.model.ids import LegId, LineId
from app.model.session import CodecDescription, MediaDescription, SessionDescription
from app.model.signalling import CallOptions, LineChanged, Registration, Released, SetupIndicated, SignallingEvent
from app.security.certificates import Authority
from app.security.tls import client_context, server_context
from app.settings.secret import Secret
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.hop import Transport
from app.signalling.sip.line import SipLine
from app.signalling.sip.registration import BackOff
from app.signalling.sip.transport import PortTaken
from tests.signalling.sip.network import description
from tests.signalling.sip.registrar import Registrar

QUICK = BackOff(base=0.1, longest=0.4, after_refusal=(0.4,))


class Heard:
    """Events of a line, awaited."""

    def __init__(self) -> None:
        self.events: list[SignallingEvent] = []
        self._came = asyncio.Event()

    def post(self, event: SignallingEvent) -> None:
        self.events.append(event)
        self._came.set()

    async def until(self, wanted: Callable[[SignallingEvent], bool], seconds: float = 5.0) -> SignallingEvent:
        try:
            async with asyncio.timeout(seconds):
                while not any(wanted(event) for event in self.events):
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"did not come; heard {self.events}") from None
        return next(event for event in reversed(self.events) if wanted(event))

    async def registration(self, state: Registration) -> LineChanged:
        event = await self.until(lambda e: isinstance(e, LineChanged) and e.registration is state)
        assert isinstance(event, LineChanged)
        return event


@asynccontextmanager
async def line(port: int, transport: Transport = Transport.UDP, **changes: Any) -> AsyncIterator[tuple[SipLine, Heard]]:
    heard = Heard()
    settings: dict[str, Any] = {
        "line": LineId("l"),
        "user": "alice",
        "registrar": "127.0.0.1",
        "registrar_port": port,
        "password": Secret("secret"),
        "transport": transport,
        "local_address": "127.0.0.1",
        "keep_alive": 0.0,
    }
    made = SipLine(SipLineConfig(**(settings | changes)), heard.post, back_off=QUICK)
    await made.start()
    try:
        yield made, heard
    finally:
        await made.stop()


async def settled(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not check():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("transport", "over"), [(Transport.UDP, "datagram"), (Transport.TCP, "stream")])
async def test_registers_and_takes_the_binding_away(transport: Transport, over: str) -> None:
    async with Registrar() as registrar:
        async with line(registrar.port, transport) as (made, heard):
            port: SignallingLine = made
            assert port.id == "l"
            await heard.registration(Registration.UP)
            used, request = registrar.requests("REGISTER")[0]
            assert used == over
            assert request.contact is not None
            assert request.contact.sip_uri.port == made.port
        used, request = registrar.requests("REGISTER")[-1]
        assert request.contact is not None
        assert request.contact.expires == 0
        assert not made.counters


async def test_name_of_the_registrar_is_looked_up() -> None:
    async with Registrar() as registrar, line(registrar.port, registrar="localhost") as (_, heard):
        await heard.registration(Registration.UP)


async def test_keep_alive_notices_a_registrar_that_starts_anew() -> None:
    async with Registrar() as registrar:
        port = registrar.port
        async with line(port, Transport.TCP, keep_alive=0.1) as (_, heard):
            await heard.registration(Registration.UP)
            await registrar.until("OPTIONS", 3)
            await registrar.__aexit__(None, None, None)
            down = await heard.registration(Registration.DOWN)
            assert "127.0.0.1" in down.reason
            assert down.advice
            heard.events.clear()
            async with Registrar(port=port):
                await heard.registration(Registration.UP)


async def test_connection_lost_is_opened_again_at_once() -> None:
    async with Registrar() as registrar, line(registrar.port, Transport.TCP) as (_, heard):
        await heard.registration(Registration.UP)
        registrar.connections[0].abort()
        await registrar.until("REGISTER", 2)
        assert all(not isinstance(e, LineChanged) or e.registration is not Registration.DOWN for e in heard.events)


async def test_answer_goes_over_the_new_connection_when_the_old_one_broke() -> None:
    async with Registrar() as registrar, line(registrar.port, Transport.TCP) as (made, heard):
        await heard.registration(Registration.UP)
        registrar.connections[0].send(_raw_invite(made.port))
        setup = await heard.until(lambda e: isinstance(e, SetupIndicated))
        assert isinstance(setup, SetupIndicated)
        registrar.connections[0].abort()
        await registrar.until("REGISTER", 2)
        made.disconnect(setup.leg, Cause.USER_BUSY)
        await settled(lambda: any(getattr(m, "status", 0) == 486 for _, m in registrar.heard))


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with line(port, Transport.TCP) as (made, heard):
        down = await heard.registration(Registration.DOWN)
        assert "refuses the connection" in down.reason
        made.setup(LegId("a"), "1", _offer(), CallOptions())
        released = await heard.until(lambda e: isinstance(e, Released))
        assert isinstance(released, Released)
        assert released.cause is Cause.NETWORK_OUT_OF_ORDER
        heard.events.clear()
        async with Registrar(port=port):
            await heard.registration(Registration.UP)


async def test_name_that_nobody_knows() -> None:
    async with line(5060, registrar="pbx.invalid", local_address="") as (made, heard):
        down = await heard.registration(Registration.DOWN)
        assert "pbx.invalid" in down.reason
        assert "name" in down.advice
        made.setup(LegId("a"), "1", _offer(), CallOptions())
        await heard.until(lambda e: isinstance(e, Released))


async def test_outbound_proxy_that_nobody_knows_is_what_is_named() -> None:
    async with line(5060, outbound_proxy="proxy.invalid", local_address="") as (_, heard):
        down = await heard.registration(Registration.DOWN)
        assert down.reason == "The name proxy.invalid cannot be found"


async def test_port_that_is_taken_says_so() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PortTaken, match="in use"):
            async with line(5060, local_port=taken.getsockname()[1]):
                pass


async def test_no_event_comes_from_inside_a_call_down() -> None:
    async with Registrar() as registrar, line(registrar.port) as (made, heard):
        await heard.registration(Registration.UP)
        before = len(heard.events)
        made.setup(LegId("a"), "", _offer(), CallOptions())
        assert len(heard.events) == before
        await heard.until(lambda e: isinstance(e, Released))


async def test_long_request_goes_over_tcp_and_falls_back_to_udp() -> None:
    async with Registrar() as registrar, line(registrar.port) as (made, heard):
        await heard.registration(Registration.UP)
        made.setup(LegId("a"), "1", _offer(codecs=60), CallOptions())
        used, invite = await registrar.until("INVITE")
        assert used == "stream"
        assert invite.top_via.transport == "TCP"
        await heard.until(lambda e: isinstance(e, Released))
        heard.events.clear()
        assert registrar._server is not None
        registrar._server.close()
        for connection in list(registrar.connections):
            connection.abort()
        await settled(lambda: not registrar.connections)
        await asyncio.sleep(0.05)
        made.setup(LegId("b"), "1", _offer(codecs=60), CallOptions())
        used, invite = await registrar.until("INVITE", 2)
        assert used == "datagram"
        assert invite.top_via.transport == "UDP"


# --- what comes to the line's own sockets -------------------------------------------------------------------


async def test_garbage_and_floods_leave_the_line_up() -> None:
    async with Registrar() as registrar, line(registrar.port) as (made, heard):
        await heard.registration(Registration.UP)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
            attacker.connect(("127.0.0.1", made.port))
            attacker.send(b"\r\n\r\n")
            for number in range(800):
                attacker.send(b"INVITE \x00 %d" % number)
                await asyncio.sleep(0)  # asyncio reads one datagram a turn
            await settled(lambda: made.counters.get("too many messages", 0) > 50)
        await asyncio.sleep(0.3)
        made.setup(LegId("a"), "1", _offer(), CallOptions())
        released = await heard.until(lambda e: isinstance(e, Released))
        assert isinstance(released, Released)
        assert released.cause is Cause.USER_BUSY
        assert made.counters["malformed"] > 100


async def test_call_over_a_connection_to_our_port() -> None:
    async with Registrar() as registrar, line(registrar.port, Transport.TCP) as (made, heard):
        await heard.registration(Registration.UP)
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        writer.write(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n", "a ping is answered by a pong"
        invite = _raw_invite(made.port)
        writer.write(invite[:100])
        await asyncio.sleep(0.02)
        writer.write(invite[100:] + b"\r\n\r\n")
        setup = await heard.until(lambda e: isinstance(e, SetupIndicated))
        assert isinstance(setup, SetupIndicated)
        made.alert(setup.leg)
        made.connect(setup.leg, description("127.0.0.1"))
        async with asyncio.timeout(15):
            text = await reader.readuntil(b"SIP/2.0 200 OK")
        assert b"180 Ringing" in text
        writer.close()
        await writer.wait_closed()


async def test_stream_that_cannot_be_framed_is_closed() -> None:
    async with Registrar() as registrar, line(registrar.port, Transport.TCP) as (made, heard):
        await heard.registration(Registration.UP)
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        writer.write(b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 99999999\r\n\r\n")
        async with asyncio.timeout(15):
            assert await reader.read() == b""
        assert made.counters["broken stream"] == 1
        writer.close()


async def test_connections_beyond_the_limit_are_closed() -> None:
    async with Registrar() as registrar, line(registrar.port, Transport.TCP) as (made, heard):
        await heard.registration(Registration.UP)
        pairs = [await asyncio.open_connection("127.0.0.1", made.port) for _ in range(20)]
        await settled(lambda: made.counters.get("too many connections", 0) == 4)
        for _, writer in pairs:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in pairs), return_exceptions=True)


# --- TLS ------------------------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority("Test authority")
    (tmp_path / "trust.pem").write_bytes(made.pem)
    return made


async def test_tls_registers_and_is_reached_over_its_own_connection(authority: Authority, tmp_path: Path) -> None:
    identity = authority.issue(("localhost", "127.0.0.1")).write(tmp_path, "pbx")
    tls = client_context(tmp_path / "trust.pem")
    async with Registrar(server_context(identity)) as registrar:
        settings = {"registrar": "localhost", "tls": tls}
        async with line(registrar.port, Transport.TLS, **settings) as (made, heard):
            await heard.registration(Registration.UP)
            _, request = registrar.requests("REGISTER")[-1]
            contact = request.contacts[0].sip_uri
            assert contact.parameter("transport") == "tls"
            registrar.connections[0].send(_raw_invite(contact.port or 0))
            setup = await heard.until(lambda e: isinstance(e, SetupIndicated))
            assert isinstance(setup, SetupIndicated)
            made.disconnect(setup.leg, Cause.USER_BUSY)
            await settled(lambda: any(getattr(m, "status", 0) == 486 for _, m in registrar.heard))
            assert len(registrar.connections) == 1


Make = Callable[[Path], Awaitable[object]]


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("unknown authority", "does not trust"),
        ("another name", "another name"),
        ("expired", "expired"),
        ("no context", "trusts nobody"),
        ("no tls at all", "encrypted"),
    ],
)
async def test_tls_that_cannot_be_trusted_is_refused(
    authority: Authority, tmp_path: Path, case: str, words: str
) -> None:
    now = dt.datetime.now(dt.UTC)
    issued = {
        "unknown authority": lambda: Authority("Another authority").issue(("localhost",)),
        "another name": lambda: authority.issue(("pbx.example",)),
        "expired": lambda: authority.issue(("localhost",), days=1, now=now - dt.timedelta(days=30)),
    }.get(case, lambda: authority.issue(("localhost",)))()
    server = None if case == "no tls at all" else server_context(issued.write(tmp_path, "pbx"))
    tls = None if case == "no context" else client_context(tmp_path / "trust.pem")
    async with Registrar(server) as registrar:
        settings = {"registrar": "localhost", "tls": tls}
        async with line(registrar.port, Transport.TLS, **settings) as (_, heard):
            if case == "no tls at all":
                await settled(lambda: bool(registrar.connections))
                registrar.connections[0].send(b"SIP/2.0 400 Bad Request\r\n\r\n")
            down = await heard.registration(Registration.DOWN)
            assert words in down.reason
            assert down.advice
            assert not registrar.heard


def _offer(codecs: int = 1) -> SessionDescription:
    listed = tuple(CodecDescription(96 + n % 30, f"codec-{n}", 8000) for n in range(codecs))
    return SessionDescription(1, 1, "127.0.0.1", (MediaDescription("audio", "127.0.0.1", 7000, listed),))


def _raw_invite(port: int) -> bytes:
    return (
        f"INVITE sip:alice@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKraw\r\n"
        "From: <sip:b@pbx.example>;tag=b\r\nTo: <sip:alice@pbx.example>\r\nCall-ID: raw\r\nCSeq: 1 INVITE\r\n"
        "Contact: <sip:b@127.0.0.1:9;transport=tcp>\r\nContent-Length: 0\r\n\r\n"
    ).encode()
