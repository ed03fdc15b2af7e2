"""The demo PBX: a registrar, and partners who answer, on one set of sockets."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from app.demo.accounts import Account
from app.demo.partners import CALL_BACK_NAME, CALL_BACK_NUMBER, Partners
from app.demo.registrar import Registrar
from app.demo.sockets import PbxSockets
from app.demo.voice import Media
from app.model.flags import LogFlag
from app.model.ids import LineId
from app.model.signalling import SignallingEvent
from app.settings.secret import Secret
from app.signalling.loop_clock import LoopClock
from app.signalling.schedule import Schedule
from app.signalling.sip.client_transaction import Send
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.errors import MessageError
from app.signalling.sip.hop import FailureKind, Hop, TransportFailure
from app.signalling.sip.message import Request, Response
from app.signalling.sip.parser import parse_message
from app.signalling.sip.server_transaction import ServerTransaction
from app.signalling.sip.timers import Timers
from app.signalling.sip.transactions import TransactionLayer
from app.signalling.sip.uri import SipUri
from app.signalling.sip.user_agent import UserAgent
from app.signalling.tally import Tally

log = logging.getLogger(LogFlag.DEMO)

MOST_REMEMBERED = 256


class DemoPbx:
    """Runs on an asyncio loop of its own process. `media` is closed by whoever made it."""

    def __init__(self, address: str, port: int, tls_port: int, accounts: tuple[Account, ...], media: Media) -> None:
        self._address = address
        self._port = port
        self._schedule = Schedule()
        self._clock = LoopClock(self._schedule)
        self._sockets = PbxSockets(address, port, tls_port, self._receive)
        self._registrar = Registrar(accounts)
        self._doorman = _Doorman(self._registrar, self._schedule, self._send)
        config = SipLineConfig(
            line=LineId("pbx"),
            user=CALL_BACK_NUMBER,
            registrar=address,
            registrar_port=port,
            password=Secret(""),
            display_name=CALL_BACK_NAME,
            keep_alive=0,
            user_agent="IP270-demo-PBX",
        )
        self._agent = UserAgent(config, self._send, self._schedule, self._post)
        self._partners = Partners(self._agent, media, self._later, self._find)
        self._ways: dict[tuple[str, int], Hop] = {}

    async def start(self, tls: ssl.SSLContext) -> None:
        """Listen. Raises OSError when a port is taken."""
        await self._sockets.start(tls)
        self._admit()

    async def stop(self) -> None:
        """End all calls and close the sockets."""
        gone = asyncio.Event()
        self._clock.run(lambda: self._agent.close(gone.set))
        await asyncio.sleep(0.1)
        await self._sockets.stop()
        self._clock.stop()

    # --- inside ---------------------------------------------------------------------------------------

    def _receive(self, data: bytes, hop: Hop) -> None:
        self._clock.run(lambda: self._dispatch(data, hop))

    def _dispatch(self, data: bytes, hop: Hop) -> None:
        """REGISTER and whoever has not shown his password go to the doorman, everybody else to the agent."""
        try:
            message = parse_message(data)
        except MessageError:
            self._agent.receive(data, hop)
            return
        if isinstance(message, Request) and self._doorman.takes(message, hop):
            self._remember_ways()
        else:
            self._agent.receive(data, hop)

    def _remember_ways(self) -> None:
        """A phone behind a connection is reached over it, not over the address that its Contact names."""
        self._ways = {
            (binding.contact.host, binding.contact.port or binding.hop.transport.default_port): binding.hop
            for binding in self._registrar.all_bindings(self._schedule.now)
        }
        self._admit()

    def _admit(self) -> None:
        """The agent listens to the phones that are registered, and registers nowhere itself."""
        hosts = frozenset({self._address, *(hop.host for hop in self._ways.values())})
        self._agent.endpoint.route_found((self._address, self._port), hosts)

    def _send(self, data: bytes, hop: Hop) -> None:
        target = self._target(data) if (hop.host, hop.port) == (self._address, self._port) else (hop.host, hop.port)
        way = hop if hop.connection else self._ways.get(target, hop)
        if not self._sockets.send(data, way):
            failure = TransportFailure(FailureKind.CLOSED, "the phone closed its connection")
            asyncio.get_running_loop().call_soon(lambda: self._clock.run(lambda: self._agent.unreachable(hop, failure)))

    @staticmethod
    def _target(data: bytes) -> tuple[str, int]:
        """The agent sends new requests to its server, which is this PBX: route them by Request-URI (RFC 3261, 16.5)."""
        message = parse_message(data)
        uri = message.uri if isinstance(message, Request) else None
        return (uri.host, uri.port or 0) if isinstance(uri, SipUri) else ("", 0)

    def _find(self, number: str) -> tuple[str, ...]:
        return tuple(str(binding.contact) for binding in self._registrar.bindings(number, self._schedule.now))

    def _post(self, event: SignallingEvent) -> None:
        asyncio.get_running_loop().call_soon(lambda: self._clock.run(lambda: self._partners.handle(event)))

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        self._schedule.after(seconds, work)


class _Doorman:
    """Answers REGISTER, and turns away INVITEs without the right password (RFC 3261, 22)."""

    def __init__(self, registrar: Registrar, schedule: Schedule, send: Send) -> None:
        self._registrar = registrar
        self._schedule = schedule
        self._layer = TransactionLayer(send, schedule, self, Tally(schedule), Timers())
        self._admitted: OrderedDict[str, None] = OrderedDict()
        self._refusal: Response | None = None

    def takes(self, request: Request, hop: Hop) -> bool:
        """Whether this request is the doorman's; if so it is answered."""
        if request.method == "ACK":
            self._layer.receive_request(request, hop)
            return False
        if request.method == "INVITE" and request.to.tag is None:
            self._refusal = self._refuse(request)
            if self._refusal is None:
                return False
        elif request.method != "REGISTER":
            return False
        stamped = request.headers.replace_first("Via", str(request.top_via.with_source(hop.host, hop.port)))
        self._layer.receive_request(msgspec.structs.replace(request, headers=stamped), hop)
        return True

    def requested(self, transaction: ServerTransaction) -> None:
        """A request whose answer is the doorman's."""
        if transaction.request.method == "REGISTER":
            now = self._schedule.now
            transaction.respond(self._registrar.register(transaction.request, transaction.source, now))
        elif self._refusal is not None:
            transaction.respond(self._refusal)

    def acknowledged(self, ack: Request, source: Hop) -> None:
        """An ACK of somebody else's transaction."""

    def _refuse(self, invite: Request) -> Response | None:
        """The refusal of an INVITE, or None. A repetition is admitted as its first was: its nonce is used up by now."""
        branch = invite.top_via.branch or ""
        if branch in self._admitted:
            return None
        found = self._registrar.authenticate(invite, self._schedule.now)
        if isinstance(found, Response):
            return found
        self._admitted[branch] = None
        if len(self._admitted) > MOST_REMEMBERED:
            self._admitted.popitem(last=False)
        return None
