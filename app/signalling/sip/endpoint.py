"""What all usages of one line share: its addresses, its credentials, and the way its requests go out."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import msgspec

from app.signalling.schedule import Schedule
from app.signalling.sip.client_transaction import Send
from app.signalling.sip.config import SipLineConfig
from app.signalling.sip.digest import Account, DigestClient
from app.signalling.sip.fields import NameAddr, Via
from app.signalling.sip.hop import Hop, Transport, UnreachableUri, hop_of_uri
from app.signalling.sip.message import Request
from app.signalling.sip.timers import Timers
from app.signalling.sip.transactions import MAGIC_COOKIE, TransactionLayer, TransactionUser
from app.signalling.sip.uri import SipUri, escape_user
from app.signalling.tally import Tally

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REFER, NOTIFY"
SUPPORTED = "replaces, norefersub"
"""Option tags of what a request may require of us (RFC 3261, 20.37; RFC 3891, 6.2; RFC 4488, 4)."""
ACCEPT = "application/sdp, application/dtmf-relay, application/dtmf"
MAX_DATAGRAM = 1300
"""A longer request goes over TCP even on a UDP line (RFC 3261, 18.1.1)."""


class Endpoint:
    """One line's place in the network. Sans-IO; `route_found` tells it where it stands before anything is sent."""

    def __init__(
        self,
        config: SipLineConfig,
        send: Send,
        schedule: Schedule,
        user: TransactionUser,
        timers: Timers,
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        self.config = config
        self.wall_time = wall_time
        """Seconds since 1970, for what people read."""
        self.schedule = schedule
        self.timers = timers
        self.tally = Tally(schedule)
        self.send = send
        self.layer = TransactionLayer(send, schedule, user, self.tally, timers, self.trusts)
        self.digest = DigestClient(Account(config.auth_user or config.user, config.password))
        # A user part nobody can guess: who calls it has learnt it from the registrar (as RFC 5627 does with GRUUs).
        self.contact_user = f"{escape_user(config.user)}-{secrets.token_hex(4)}"
        self._sent_by: tuple[str, int] | None = None
        self._mapped: tuple[str, int] | None = None
        self._trusted: frozenset[str] = frozenset()

    @property
    def ready(self) -> bool:
        """True once the way to the server is known."""
        return self._sent_by is not None

    @property
    def local_address(self) -> str | None:
        """Our own address on the way to the server; None before it is known."""
        return None if self._sent_by is None else self._sent_by[0]

    def route_found(self, local: tuple[str, int], servers: frozenset[str]) -> bool:
        """The address and port we stand on, and the addresses of our servers. True when this changed anything."""
        changed = (local, servers) != (self._sent_by, self._trusted)
        if local != self._sent_by:
            self._mapped = None
        self._sent_by, self._trusted = local, servers
        return changed

    def mapped_as(self, host: str, port: int) -> None:
        """A server saw us come from here (RFC 3581); our Contact follows.

        A TCP line listens on its own port, so that only another host tells of a NAT. A TLS line listens nowhere and
        is reached over its own connection, whose port only the server sees.
        """
        if self._sent_by is not None:
            same_port = port == self._sent_by[1] or self.config.transport is Transport.TCP
            self._mapped = None if host == self._sent_by[0] and same_port else (host, port)

    def trusts(self, hop: Hop) -> bool:
        """Whether a hop is one of our own servers: only these may ask for our credentials."""
        return hop.host in self._trusted or hop.host in (self.config.registrar, self.config.outbound_proxy)

    @property
    def address_of_record(self) -> NameAddr:
        """Who we are to the world."""
        return NameAddr(self.uri_of(self.config.user), self.config.display_name)

    @property
    def contact_uri(self) -> SipUri:
        """Where we can be reached now."""
        host, port = self._mapped or self._sent_by or ("invalid", 5060)
        transport = () if self.config.transport is Transport.UDP else (("transport", self.config.transport.lower()),)
        return SipUri(host, user=self.contact_user, port=port, parameters=transport)

    @property
    def contact(self) -> tuple[str, str]:
        """Our Contact header field."""
        return "Contact", str(NameAddr(self.contact_uri))

    @property
    def identity(self) -> tuple[str, str]:
        """Our User-Agent header field."""
        return "User-Agent", self.config.user_agent

    def uri_of(self, user: str) -> SipUri:
        """The address of somebody in our own domain; `user` is text a person gave."""
        return SipUri(self.domain, user=escape_user(user), port=None if self.config.domain else self._domain_port)

    @property
    def domain(self) -> str:
        """The host part of our address of record."""
        return self.config.domain or self.config.registrar

    @property
    def first_hop(self) -> Hop:
        """Where requests outside a dialog go."""
        host, port = self.config.first_hop
        return Hop(self.config.transport, host, port)

    @property
    def routes(self) -> tuple[tuple[str, str], ...]:
        """The Route header field that an outbound proxy needs (RFC 3261, 8.1.2)."""
        if not self.config.outbound_proxy:
            return ()
        hop = self.first_hop
        parameters = (("transport", hop.transport.lower()), ("lr", None))
        return (("Route", str(NameAddr(SipUri(hop.host, port=hop.port, parameters=parameters)))),)

    def hop_of(self, request: Request) -> Hop:
        """The neighbour a request inside a dialog goes to (RFC 3261, 8.1.2). Raises `UnreachableUri`."""
        routes = request.routes
        uri = routes[0].uri if routes and routes[0].sip_uri.parameter("lr") is not None else request.uri
        if not isinstance(uri, SipUri):
            raise UnreachableUri(f"the phone cannot reach a {uri.scheme} address")
        return hop_of_uri(uri, self.config.transport)

    def with_via(self, request: Request, transport: Transport) -> Request:
        """The request with a Via and a branch of its own on top, and asking for its source port (RFC 3581)."""
        host, port = self._sent_by or ("invalid", 5060)
        branch = f"{MAGIC_COOKIE}{secrets.token_hex(12)}"
        via = Via(transport.value, host, port, (("rport", None), ("branch", branch)))
        return msgspec.structs.replace(request, headers=request.headers.prepend("Via", via))

    @property
    def _domain_port(self) -> int | None:
        port = self.config.registrar_port
        return None if port == self.config.transport.default_port else port
