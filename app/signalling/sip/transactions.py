"""The transaction layer (RFC 3261, 17): which transaction a message belongs to, and a new one where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from app.signalling.schedule import Schedule
from app.signalling.sip.client_transaction import (
    ClientTransaction,
    ClientUser,
    InviteClientTransaction,
    NonInviteClientTransaction,
    Send,
)
from app.signalling.sip.hop import Hop, TransportFailure
from app.signalling.sip.message import Request, Response
from app.signalling.sip.server_transaction import (
    InviteServerTransaction,
    NonInviteServerTransaction,
    ServerTransaction,
)
from app.signalling.sip.timers import Timers
from app.signalling.tally import Tally

MAGIC_COOKIE = "z9hG4bK"
MAX_SERVER_TRANSACTIONS = 256
"""Requests beyond this many at a time are dropped and counted; the sender tries again."""
MAX_STRANGERS = 64
"""How many of these may be strangers'. Each lives for half a minute, so that a few a second would fill any table."""

_Key: TypeAlias = tuple[str | int | None, ...]


class TransactionUser(Protocol):
    """Who gets what no transaction could deal with alone."""

    def requested(self, transaction: ServerTransaction) -> None:
        """A new request; answer it through the transaction."""

    def acknowledged(self, ack: Request, source: Hop) -> None:
        """An ACK that belongs to no transaction: it acknowledges a 2xx (13.2.2.4)."""


class TransactionLayer:
    """All transactions of one line. Sans-IO: octets go out through `send`, time comes from `schedule`.

    `trusts` tells our own servers from strangers, who get no more than their share; without it nobody is a stranger.
    """

    def __init__(
        self,
        send: Send,
        schedule: Schedule,
        user: TransactionUser,
        tally: Tally,
        timers: Timers,
        trusts: Callable[[Hop], bool] = lambda _hop: True,
    ) -> None:
        self._send = send
        self._schedule = schedule
        self._user = user
        self._tally = tally
        self._timers = timers
        self._trusts = trusts
        self._clients: dict[_Key, ClientTransaction] = {}
        self._servers: dict[_Key, ServerTransaction] = {}
        self._strangers: set[_Key] = set()

    @property
    def idle(self) -> bool:
        """True when no transaction is left."""
        return not self._clients and not self._servers

    def invite(self, request: Request, hop: Hop, user: ClientUser) -> InviteClientTransaction:
        """Send an INVITE whose topmost Via has a branch of its own."""
        key = _client_key(request)
        transaction = InviteClientTransaction(
            request, hop, self._send, self._schedule, user, self._forget(self._clients, key), self._timers
        )
        self._clients[key] = transaction
        transaction.start()
        return transaction

    def request(self, request: Request, hop: Hop, user: ClientUser) -> NonInviteClientTransaction:
        """Send any other request but ACK; a CANCEL has the branch of its INVITE."""
        key = _client_key(request)
        transaction = NonInviteClientTransaction(
            request, hop, self._send, self._schedule, user, self._forget(self._clients, key), self._timers
        )
        self._clients[key] = transaction
        transaction.start()
        return transaction

    def receive_response(self, response: Response) -> None:
        """Hand a response to its transaction (17.1.3); drop it where there is none (18.1.2)."""
        transaction = self._clients.get(_client_key(response))
        if transaction is None:
            self._tally.count("stray response", f"{response.status} to {response.cseq.method}")
        else:
            transaction.receive(response)

    def receive_request(self, request: Request, source: Hop) -> None:
        """Hand a request to its transaction (17.2.3), or make a new one. Via is already stamped (18.2.1)."""
        key = _server_key(request, "INVITE" if request.method == "ACK" else request.method)
        known = self._servers.get(key)
        if known is not None:
            if request.method == "ACK" and known.request.cseq.number == request.cseq.number and _is_2xx_ack(known):
                self._user.acknowledged(request, source)
            else:
                known.receive(request)
        elif request.method == "ACK":
            self._user.acknowledged(request, source)
        elif not self._room_for(source):
            self._tally.count("too many requests", f"{request.method} from {source}")
        else:
            self._open_server(key, request, source)

    def find_invite(self, cancel: Request) -> InviteServerTransaction | None:
        """The INVITE that a CANCEL means (9.2)."""
        found = self._servers.get(_server_key(cancel, "INVITE"))
        return found if isinstance(found, InviteServerTransaction) else None

    def find_merged(self, request: Request) -> bool:
        """Whether the same request is being served on another branch (8.2.2.2)."""
        return any(
            other.request is not request
            and other.request.call_id == request.call_id
            and other.request.cseq == request.cseq
            and other.request.from_.tag == request.from_.tag
            for other in self._servers.values()
        )

    def fail(self, hop: Hop, failure: TransportFailure) -> None:
        """The transport gave up on a neighbour: end what waits for it (17.1.4, 17.2.4)."""
        for client in [c for c in self._clients.values() if c.hop.address == hop.address]:
            client.fail(failure)

    def _room_for(self, source: Hop) -> bool:
        return len(self._servers) < MAX_SERVER_TRANSACTIONS and (
            len(self._strangers) < MAX_STRANGERS or self._trusts(source)
        )

    def _open_server(self, key: _Key, request: Request, source: Hop) -> None:
        def ended() -> None:
            self._servers.pop(key, None)
            self._strangers.discard(key)

        if not self._trusts(source):
            self._strangers.add(key)
        transaction: ServerTransaction
        if request.method == "INVITE":
            invite = InviteServerTransaction(request, source, self._send, self._schedule, ended, self._timers)
            invite.start()
            transaction = invite
        else:
            transaction = NonInviteServerTransaction(request, source, self._send, self._schedule, ended, self._timers)
        self._servers[key] = transaction
        self._user.requested(transaction)

    @staticmethod
    def _forget(table: dict[_Key, ClientTransaction], key: _Key) -> Callable[[], None]:
        def forget() -> None:
            table.pop(key, None)

        return forget


def _is_2xx_ack(transaction: ServerTransaction) -> bool:
    """Some send the ACK of a 2xx with the INVITE's branch; it belongs to the dialog all the same."""
    return isinstance(transaction, InviteServerTransaction) and transaction.accepted


def _client_key(message: Request | Response) -> _Key:
    return (message.top_via.branch or "", message.cseq.method)


def _server_key(request: Request, method: str) -> _Key:
    """RFC 3261, 17.2.3; for a branch without the magic cookie, the fields that RFC 2543 compared."""
    via = request.top_via
    branch = via.branch or ""
    if branch.lower().startswith(MAGIC_COOKIE.lower()):
        return (branch, via.host, via.port, method)
    return (str(request.uri), request.from_.tag, request.call_id, request.cseq.number, via.host, via.port, method)
