"""One of our agents on UDP sockets of its own, for peers that only speak over a network."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Self, cast

from app.media.ice import stun
from app.media.ice.agent import IceAgent, Selected
from app.media.ice.binding import new_credentials
from app.media.ice.candidates import Base, Candidates
from app.media.ice.errors import StunMalformed
from app.media.ice.stun import Address
from app.model.session import CandidateKind, IceDescription


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, component: int) -> None:
        self.component = component
        self.arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self.owner: SocketAgent | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)
        self.base = Base(self.component, Address(*transport.get_extra_info("sockname")[:2]))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            message = stun.parse(data)
        except StunMalformed:
            self.arrived.put_nowait(data)
            return
        if self.owner is not None:
            self.owner.agent.receive(message, self.base, Address(*addr[:2]), self.owner.now)
            self.owner.turn()


class SocketAgent:
    """Sockets, clock and agent; a context manager."""

    def __init__(self, sockets: list[_Socket], *, controlling: bool) -> None:
        self.sockets = sockets
        self.candidates = Candidates()
        for socket in sockets:
            socket.owner = self
            self.candidates.add(CandidateKind.HOST, socket.base.address, socket.base)
        self.agent = IceAgent(new_credentials(), self.candidates.found, controlling=controlling)
        self.changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, host: str, components: tuple[int, ...], *, controlling: bool) -> Self:
        loop = asyncio.get_running_loop()
        sockets = [_Socket(component) for component in components]
        for socket in sockets:
            await loop.create_datagram_endpoint(partial(_same, socket), local_addr=(host, 0))
        return cls(sockets, controlling=controlling)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for socket in self.sockets:
            socket.transport.close()

    @property
    def now(self) -> float:
        return self._loop.time()

    @property
    def description(self) -> IceDescription:
        return IceDescription(*self.agent.local, tuple(local.candidate for local in self.candidates.found))

    def start(self, remote: IceDescription, components: tuple[int, ...]) -> None:
        self.agent.start(remote, components, self.now)
        self.turn()

    def turn(self) -> None:
        """Send what there is, and set the clock."""
        for datagram in self.agent.output:
            self._socket(datagram.base).transport.sendto(datagram.data, datagram.peer)
        self.agent.output.clear()
        if self._timer is not None:
            self._timer.cancel()
        deadline = self.agent.deadline
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._wake)
        self.changed.set()

    async def chosen(self, *components: int) -> None:
        """Wait until these components have a pair."""
        while not all(component in self.agent.selected for component in components):
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 10)

    def send(self, component: int, data: bytes) -> None:
        """Send by the selected pair."""
        pair: Selected = self.agent.selected[component]
        self._socket(pair.base).transport.sendto(data, pair.remote)

    def _wake(self) -> None:
        self.agent.wake(self.now)
        self.turn()

    def _socket(self, base: Base) -> _Socket:
        return next(socket for socket in self.sockets if socket.base == base)


def _same(socket: _Socket) -> _Socket:
    return socket
