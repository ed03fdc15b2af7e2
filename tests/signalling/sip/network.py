"""A network in memory that moves only when stepped, and who stands on it: user agents, and a peer of raw messages."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import TypeVar

from app.model.ids import LegId, LineId
from app.model.session import CodecDescription, Direction, MediaDescription, SessionDescription
from app.model.signalling import CallOptions, Released, SetupIndicated, SignallingEvent
from app.settings.secret import Secret
from app.signalling.schedule import Schedule
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.errors import MessageError
from app.signalling.sip.fields import NameAddr
from app.signalling.sip.headers import Headers
from app.signalling.sip.hop import Hop, Transport
from app.signalling.sip.message import Message, Request, Response, response_to
from app.signalling.sip.parser import parse_message
from app.signalling.sip.registration import BackOff
from app.signalling.sip.sdp import build_sdp
from app.signalling.sip.uri import SipUri
from app.signalling.sip.user_agent import UserAgent

E = TypeVar("E")


class Network:
    """Datagrams take 10 ms and a jitter; some are lost, some come twice, by a seed."""

    def __init__(self, loss: float = 0.0, twice: float = 0.0, jitter: float = 0.0, seed: int = 1) -> None:
        self.schedule = Schedule()
        self._loss = loss
        self._twice = twice
        self._jitter = jitter
        self._random = random.Random(seed)
        self._stations: dict[str, Callable[[bytes, Hop], None]] = {}
        self.carried = 0

    def join(self, address: str, receive: Callable[[bytes, Hop], None]) -> None:
        self._stations[address] = receive

    def leave(self, address: str) -> None:
        del self._stations[address]

    def carry(self, data: bytes, source: str, hop: Hop) -> None:
        self.carried += 1
        for _ in range(2 if self._random.random() < self._twice else 1):
            if self._random.random() < self._loss:
                continue
            delay = 0.01 + self._random.random() * self._jitter
            self.schedule.after(delay, lambda: self._deliver(data, source, hop))

    def run(self, seconds: float) -> None:
        self.schedule.advance(self.schedule.now + seconds)

    def _deliver(self, data: bytes, source: str, hop: Hop) -> None:
        receive = self._stations.get(hop.host)
        if receive is not None:
            receive(data, Hop(hop.transport, source, 5060, hop.connection))


class Phone:
    """A user agent on the network. `server` is where it registers and sends its calls."""

    def __init__(
        self,
        network: Network,
        address: str,
        server: str,
        *,
        register: bool = False,
        expires: int = 600,
        collector: SipUri | None = None,
        messages: bool = True,
    ) -> None:
        self.network = network
        self.address = address
        self.events: list[SignallingEvent] = []
        config = SipLineConfig(
            line=LineId(address),
            user=f"user-{address[-1]}",
            registrar=server,
            password=Secret("secret"),
            display_name=f"Phone {address[-1]}",
            local_port=5060,
            keep_alive=0.0,
            expires=expires,
            quality_collector=collector,
            message_waiting=messages,
        )
        self.agent = UserAgent(
            config,
            lambda data, hop: network.carry(data, address, hop),
            network.schedule,
            self.events.append,
            back_off=BackOff(),
        )
        network.join(address, self.agent.receive)
        route = ((address, 5060), frozenset({server}))
        if register:
            self.agent.route_found(*route)
        else:
            self.agent.endpoint.route_found(*route)

    def call(self, leg: str = "out", number: str = "200", options: CallOptions | None = None) -> LegId:
        self.agent.setup(LegId(leg), number, description(self.address, 7000), options or CallOptions())
        return LegId(leg)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def last(self, kind: type[E]) -> E:
        found = self.of(kind)
        assert found, f"no {kind.__name__} among {self.events}"
        return found[-1]

    @property
    def incoming(self) -> LegId:
        return self.last(SetupIndicated).leg

    @property
    def released(self) -> Released:
        return self.last(Released)

    @property
    def counts(self) -> dict[str, int]:
        return self.agent.endpoint.tally.counts


class Peer:
    """Sends and keeps raw messages; it answers nothing by itself."""

    def __init__(self, network: Network, address: str = "10.0.0.9", transport: Transport = Transport.UDP) -> None:
        self.network = network
        self.address = address
        self.transport = transport
        self.received: list[Message] = []
        self.unreadable: list[bytes] = []
        network.join(address, self._receive)

    def _receive(self, data: bytes, _hop: Hop) -> None:
        try:
            self.received.append(parse_message(data))
        except MessageError:
            self.unreadable.append(data)

    def send(self, message: Message | bytes, to: Phone) -> None:
        data = message if isinstance(message, bytes) else message.encode()
        self.network.carry(data, self.address, Hop(self.transport, to.address, 5060))
        self.network.run(0.05)

    def requests(self, method: str) -> list[Request]:
        return [m for m in self.received if isinstance(m, Request) and m.method == method]

    def request(self, method: str) -> Request:
        found = self.requests(method)
        assert found, f"no {method} among {[m.cseq for m in self.received]}"
        return found[-1]

    def responses(self, status: int) -> list[Response]:
        return [m for m in self.received if isinstance(m, Response) and m.status == status]

    def response(self, status: int) -> Response:
        found = self.responses(status)
        assert found, f"no {status} among {[m.status for m in self.received if isinstance(m, Response)]}"
        return found[-1]

    def answer(
        self,
        request: Request,
        status: int,
        to: Phone,
        *,
        tag: str = "peer",
        sdp: SessionDescription | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        extra = list(headers)
        if all(name != "Contact" for name, _ in extra):
            extra.append(("Contact", f"<sip:peer@{self.address}>"))
        body = b"" if sdp is None else build_sdp(sdp)
        if sdp is not None:
            extra.append(("Content-Type", "application/sdp"))
        self.send(response_to(request, status, to_tag=tag, headers=extra, body=body), to)

    def invite(
        self,
        to: Phone,
        *,
        branch: str = "z9hG4bKpeer1",
        headers: Iterable[tuple[str, str]] = (),
        sdp: SessionDescription | None = None,
        method: str = "INVITE",
        call_id: str = "call-1",
        cseq: int = 1,
        to_tag: str = "",
        uri: str = "",
        body: bytes | None = None,
    ) -> Request:
        """Send an INVITE, or another request as if it belonged to it."""
        if body is None:
            body = b"" if sdp is None else build_sdp(sdp)
        fixed = [
            ("Via", f"SIP/2.0/UDP {self.address};branch={branch};rport"),
            ("Max-Forwards", "70"),
            ("From", '"Peer" <sip:peer@pbx.example>;tag=peer'),
            ("To", f"<sip:user@pbx.example>{to_tag and ';tag='}{to_tag}"),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<sip:peer@{self.address}>"),
            *headers,
        ]
        if body and not any(name == "Content-Type" for name, _ in fixed):
            fixed.append(("Content-Type", "application/sdp"))
        target = NameAddr.parse(f"<{uri or f'sip:user@{to.address}'}>").uri
        request = Request(method, target, headers=Headers(fixed), body=body)
        self.send(request, to)
        return request


def description(
    address: str = "10.0.0.9", port: int = 6000, version: int = 1, direction: Direction = Direction.SENDRECV
) -> SessionDescription:
    codecs = (CodecDescription(0, "PCMU", 8000), CodecDescription(8, "PCMA", 8000))
    media = MediaDescription("audio", address, port, codecs, direction=direction)
    return SessionDescription(7, version, address, (media,))
