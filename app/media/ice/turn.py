"""A TURN client for one component (RFC 8656): a lent address, and a channel to one peer. Sans-IO.

What it has to say to the server is in `output` after each call; it leaves from the base that the client was made for.
"""

from __future__ import annotations

import msgspec

from app.media.ice import stun
from app.media.ice.login import KeptLogin, Login
from app.media.ice.stun import Address, Attribute, Class, Message, Method
from app.media.ice.transactions import REQUESTS_MAX, RETRANSMISSION_TIMEOUT, Transactions
from app.settings.secret import Secret

LIFETIME = 600
"""Seconds an allocation is asked to last (RFC 8656, 7.1)."""
PERMISSION_SECONDS = 240.0
"""Permissions last 300 s (RFC 8656, 9)."""
CHANNEL_SECONDS = 540.0
"""Channels last 600 s (RFC 8656, 12)."""
FIRST_CHANNEL = 0x4000
PEERS_MAX = 32
RELIABLE_TIMEOUT = 1.0
"""Nothing is repeated over TCP; the answer may take LAST_WAIT times this. RFC 8489, 6.2.2 has 39.5 s."""
_UDP = bytes((17, 0, 0, 0))
_FAMILIES = {4: bytes((1, 0, 0, 0)), 6: bytes((2, 0, 0, 0))}
_EARLY = 60.0
_LOGINS_MAX = 3
_UNAUTHENTICATED, _STALE_NONCE = 401, 438


class KeptAllocation(msgspec.Struct, frozen=True):
    """An allocation that stands, and the channels that were ever asked for; `peer` is that of the one in use."""

    relayed: Address
    mapped: Address | None
    hosts: tuple[str, ...]
    channels: tuple[tuple[Address, int], ...]
    peer: Address | None
    bound: bool
    login: KeptLogin


class TurnClient:
    """One allocation; `reliable` over TCP or TLS.

    `relayed` and `mapped` are known once it stands; `failed` says that it does not, or no more, or that it is of no use
    because no channel can be had.
    """

    def __init__(self, server: Address, user: str, password: Secret, *, reliable: bool = False) -> None:
        self.server = server
        self._reliable = reliable
        self.relayed: Address | None = None
        self.mapped: Address | None = None
        self.failed = False
        self.refuses = False
        """It failed because the server refused a channel, and would again."""
        self.channel: int | None = None
        """Asked to be bound to `peer`: what comes through it may come before the server's word for it."""
        self.bound = False
        self.peer: Address | None = None
        self.output: list[bytes] = []
        self._login = Login(user, password)
        self._transactions = Transactions()
        self._hosts: list[str] = []
        self._channels: dict[Address, int] = {}
        self._unconfirmed = False
        """Lent to another process; the server has not said yet that it still is."""
        self._refresh_at: float | None = None
        self._permit_at: float | None = None
        self._bind_at: float | None = None

    @property
    def deadline(self) -> float | None:
        """When `wake` has something to do."""
        times = (self._transactions.deadline, self._refresh_at, self._permit_at, self._bind_at)
        return min((time for time in times if time is not None), default=None)

    # --- what is wanted -------------------------------------------------------------------------------------

    def allocate(self, now: float) -> None:
        """Ask for an address of the server's."""
        lifetime = (Attribute.LIFETIME, LIFETIME.to_bytes(4, "big"))
        family = (Attribute.REQUESTED_ADDRESS_FAMILY, _FAMILIES[self.server.version])
        transport = (Attribute.REQUESTED_TRANSPORT, _UDP)
        attributes = (transport, lifetime) if self.server.version == 4 else (transport, lifetime, family)
        self._ask(Method.ALLOCATE, attributes, now)

    def permit(self, hosts: tuple[str, ...], now: float) -> None:
        """Let these peers send to the relayed address, from now on."""
        known = [host for host in hosts if Address(host, 0).version == self.server.version and host not in self._hosts]
        self._hosts = [*self._hosts, *dict.fromkeys(known)][:PEERS_MAX]
        if known and self.relayed is not None:
            self._permit(now)

    def bind(self, peer: Address, now: float) -> None:
        """Have a channel to this peer; `bound` says when there is one. Each has one peer for ever (RFC 8656, 12)."""
        if self.peer != peer:
            self.channel = self._channels.setdefault(peer, FIRST_CHANNEL + len(self._channels))
            self.peer, self.bound = peer, False
            self._bind(now)

    def disconnected(self) -> None:
        """The connection to the server is gone, and with it what it lent (RFC 8656, 3.1)."""
        self._stop()

    def close(self) -> None:
        """Give the address back, without waiting for the answer."""
        if self.relayed is not None:
            attributes = ((Attribute.LIFETIME, bytes(4)),)
            self.output.append(self._login.signed(Method.REFRESH, stun.new_transaction(), attributes))
        self._stop()

    def wrap(self, peer: Address, data: bytes) -> bytes:
        """What to send to the server so that `data` leaves for `peer` from the relayed address."""
        if self.channel is not None and self.bound and peer == self.peer:
            return self.channel.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data
        transaction = stun.new_transaction()
        to = (Attribute.XOR_PEER_ADDRESS, stun.xor_address(peer, transaction))
        return stun.build(Method.SEND, Class.INDICATION, transaction, (to, (Attribute.DATA, data)))

    # --- it outlives the process ----------------------------------------------------------------------------

    def keep(self) -> KeptAllocation | None:
        """What `resume` needs to go on from the same port; None where nothing stands, or a connection ends with us."""
        login = self._login.keep()
        if self.relayed is None or login is None or self._reliable:
            return None
        channels, hosts = tuple(self._channels.items()), tuple(self._hosts)
        return KeptAllocation(self.relayed, self.mapped, hosts, channels, self.peer, self.bound, login)

    def resume(self, kept: KeptAllocation, now: float) -> None:
        """Go on with what another process was lent, and ask the server at once whether it still is."""
        self._login.resume(kept.login)
        self.relayed, self.mapped = kept.relayed, kept.mapped
        self._hosts, self._channels = list(kept.hosts), dict(kept.channels)
        self.peer, self.bound = kept.peer, kept.bound
        self.channel = None if kept.peer is None else self._channels.get(kept.peer)
        self._unconfirmed = True
        self._refresh(now)

    # --- what happens ---------------------------------------------------------------------------------------

    def receive(self, response: Message, now: float) -> bool:
        """Take a response of the server; False where it answers nothing of ours, or is not the server's."""
        return self._transactions.awaited(response.transaction) and (
            not self._login.forged(response) and self._transactions.answer(response, now)
        )

    def wake(self, now: float) -> None:
        """Do what is due."""
        self._transactions.wake(now)
        if self._refresh_at is not None and now >= self._refresh_at:
            self._refresh(now)
        if self._permit_at is not None and now >= self._permit_at:
            self._permit(now)
        if self._bind_at is not None and now >= self._bind_at:
            self._bind(now)

    # --- steps ----------------------------------------------------------------------------------------------

    def _refresh(self, now: float) -> None:
        self._refresh_at = None
        self._ask(Method.REFRESH, ((Attribute.LIFETIME, LIFETIME.to_bytes(4, "big")),), now)

    def _permit(self, now: float) -> None:
        """Ask for each host by itself: a server that forbids one of many refuses all of them (RFC 8656, 10.2)."""
        self._permit_at = now + PERMISSION_SECONDS
        for host in self._hosts:
            self._ask(Method.CREATE_PERMISSION, (), now, (Address(host, 0),))

    def _bind(self, now: float) -> None:
        assert self.peer is not None and self.channel is not None  # noqa: S101, PT018 - bind has set both
        self._bind_at = now + CHANNEL_SECONDS
        number = (Attribute.CHANNEL_NUMBER, self.channel.to_bytes(2, "big") + bytes(2))
        self._ask(Method.CHANNEL_BIND, (number,), now, (self.peer,))

    def _ask(
        self,
        method: Method,
        attributes: stun.Attributes,
        now: float,
        peers: tuple[Address, ...] = (),
        logins: int = 0,
    ) -> None:
        """Send a request; where the server wants to know who asks, or has a new nonce, once more with that."""
        transaction = stun.new_transaction()
        to = tuple((int(Attribute.XOR_PEER_ADDRESS), stun.xor_address(peer, transaction)) for peer in peers)
        data = self._login.signed(method, transaction, (*attributes, *to))

        def finished(response: Message | None, at: float) -> None:
            code = response.refusal.code if response is not None and response.refusal is not None else 0
            challenged = code in (_UNAUTHENTICATED, _STALE_NONCE) and logins < _LOGINS_MAX
            if challenged and response is not None and self._login.learn(response):
                self._ask(method, attributes, at, peers, logins + 1)
            else:
                self._answered(method, response, peers, at)

        requests = 1 if self._reliable else REQUESTS_MAX
        timeout = RELIABLE_TIMEOUT if self._reliable else RETRANSMISSION_TIMEOUT
        self._transactions.start(transaction, lambda: self.output.append(data), finished, now, timeout, requests)

    def _answered(self, method: Method, response: Message | None, peers: tuple[Address, ...], now: float) -> None:
        granted = response is not None and response.kind is Class.SUCCESS
        if method in (Method.ALLOCATE, Method.REFRESH):
            if not granted or response is None or not self._stands(method, response, now):
                self._stop()
        elif method is Method.CHANNEL_BIND and peers == (self.peer,):
            self.bound = granted
            if not granted:
                self.refuses = response is not None
                self.close()

    def _stands(self, method: Method, response: Message, now: float) -> bool:
        lifetime = response.number(Attribute.LIFETIME) or 0
        if method is Method.ALLOCATE:
            self.relayed = response.address(Attribute.XOR_RELAYED_ADDRESS)
            # How a connection looks from outside says nothing of our UDP ports.
            self.mapped = None if self._reliable else response.address(Attribute.XOR_MAPPED_ADDRESS)
            if self._hosts and self.relayed is not None:
                self._permit(now)
        if self._unconfirmed:
            self._unconfirmed = False
            self._renew(now)
        self._refresh_at = now + max(lifetime / 2, lifetime - _EARLY)
        return self.relayed is not None and lifetime > 0

    def _renew(self, now: float) -> None:
        """How long permissions and channel last still, only the process knew that had asked for them."""
        if self._hosts:
            self._permit(now)
        if self.peer is not None:
            self._bind(now)

    def _stop(self) -> None:
        self.failed = True
        self.relayed = self.channel = self.peer = None
        self.bound = False
        self._refresh_at = self._permit_at = self._bind_at = None
        self._transactions.forget()
