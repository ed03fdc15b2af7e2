"""Candidates that servers know: how a STUN server sees us, and what a TURN server lends (RFC 8445, 5.1.1). Sans-IO."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.media.ice import stun
from app.media.ice.agent import Datagram
from app.media.ice.candidates import Base, Candidates
from app.media.ice.stun import Address, Attribute, Class, Message, Method
from app.media.ice.transactions import Transactions
from app.media.ice.turn import TurnClient
from app.model.session import CandidateKind
from app.settings.secret import Secret

GATHERING_SECONDS = 1.0
"""No offer or answer waits longer for servers (RFC 8445, 5.1.1.2 leaves it to us)."""


class TurnTransport(enum.StrEnum):
    """How a TURN server is spoken to (RFC 8656, 3.1); the address it lends is of UDP all the same."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


@dataclass(frozen=True)
class TurnServer:
    """A server that lends addresses, and who we are to it."""

    address: Address
    user: str
    password: Secret
    transport: TurnTransport = TurnTransport.UDP
    name: str = ""
    """As the settings have it; a certificate must be made out to it."""
    trust_file: str = ""
    """The authorities that may vouch for it; empty: the system's."""


@dataclass(frozen=True)
class IceServers:
    """Who helps to find ways. Numeric addresses."""

    stun: tuple[Address, ...] = ()
    turn: TurnServer | None = None


class Gathering:
    """Asks the servers, for each base of their address family; `candidates` grows as they answer."""

    def __init__(
        self,
        candidates: Candidates,
        bases: tuple[Base, ...],
        stun_servers: tuple[Address, ...],
        relays: dict[Base, TurnClient],
        now: float,
    ) -> None:
        self.output: list[Datagram] = []
        self._candidates = candidates
        self._transactions = Transactions()
        self._relays = dict(relays)
        self._until = now + GATHERING_SECONDS
        for server in stun_servers:
            for base in bases:
                if base.address.version == server.version:
                    self._ask(base, server, now)

    def done(self, now: float) -> bool:
        """Whether all have answered, or have had their time."""
        return now >= self._until or (not len(self._transactions) and not self._relays)

    @property
    def deadline(self) -> float:
        """When `wake` has something to do."""
        due = self._transactions.deadline
        return self._until if due is None else min(due, self._until)

    def receive(self, response: Message, now: float) -> bool:
        """Take a STUN server's answer; False where it is none."""
        return self._transactions.answer(response, now)

    def wake(self, now: float) -> None:
        """Do what is due, and take what the relays have got meanwhile."""
        self._transactions.wake(now)
        for base, relay in tuple(self._relays.items()):
            if relay.relayed is not None:
                self._lent(base, relay, relay.relayed)
            if relay.relayed is not None or relay.failed:
                del self._relays[base]

    def _lent(self, base: Base, relay: TurnClient, address: Address) -> None:
        if relay.mapped is not None:
            self._candidates.add(CandidateKind.SERVER_REFLEXIVE, relay.mapped, base, str(relay.server))
        lent = Base(base.component, address, relayed=True)
        self._candidates.add(CandidateKind.RELAYED, address, lent, str(relay.server), relay.mapped)

    def _ask(self, base: Base, server: Address, now: float) -> None:
        transaction = stun.new_transaction()
        data = stun.build(Method.BINDING, Class.REQUEST, transaction)

        def finished(response: Message | None, _at: float) -> None:
            mapped = response.address(Attribute.XOR_MAPPED_ADDRESS) if response is not None else None
            if mapped is not None:
                self._candidates.add(CandidateKind.SERVER_REFLEXIVE, mapped, base, str(server))

        self._transactions.start(
            transaction, lambda: self.output.append(Datagram(base, server, data)), finished, now, timeout=0.2
        )
