"""Two agents and a network between them that can lose, hide and refuse; time is a number."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count

from app.media.ice import stun
from app.media.ice.agent import Datagram, IceAgent, IceEvent
from app.media.ice.binding import new_credentials
from app.media.ice.candidates import Base, Candidates
from app.media.ice.stun import Address
from app.model.session import CandidateKind, IceDescription

Passes = Callable[[Address, Address], bool]
DELAY = 0.01


class Host:
    """An agent with candidates at the given addresses, ports 4000 and up by component."""

    def __init__(self, *hosts: str, controlling: bool, components: tuple[int, ...] = (1,), lite: bool = False) -> None:
        candidates = Candidates()
        self.bases = [Base(component, Address(host, 3999 + component)) for host in hosts for component in components]
        for base in self.bases:
            candidates.add(CandidateKind.HOST, base.address, base)
        self.candidates = candidates
        self.lite = lite
        self.agent = IceAgent(new_credentials(), candidates.found, controlling=controlling)
        self.events: list[IceEvent] = []

    @property
    def description(self) -> IceDescription:
        found = tuple(local.candidate for local in self.candidates.found)
        return IceDescription(*self.agent.local, found, lite=self.lite)

    def said(self, kind: type[IceEvent]) -> list[IceEvent]:
        return [event for event in self.events if isinstance(event, kind)]


class Net:
    """Carries datagrams between hosts until told to stop. `passes` says which way is open; `loss` is a probability."""

    def __init__(self, *hosts: Host, passes: Passes = lambda source, to: True, loss: float = 0, seed: int = 1) -> None:
        self.hosts = hosts
        self.now = 0.0
        self.passes = passes
        self.sent: list[tuple[float, Datagram]] = []
        self._loss = loss
        self._random = random.Random(seed)
        self._air: list[tuple[float, int, Datagram]] = []
        self._numbers = count()

    def run(self, seconds: float) -> None:
        """Let that time pass."""
        end = self.now + seconds
        self._collect()
        while True:
            times = [host.agent.deadline for host in self.hosts if host.agent.deadline is not None]
            times += [self._air[0][0]] if self._air else []
            if not times or min(times) > end:
                self.now = end
                return
            self.now = max(self.now, min(times))
            while self._air and self._air[0][0] <= self.now:
                self._deliver(heapq.heappop(self._air)[2])
                self._collect()
            for host in self.hosts:
                if host.agent.deadline is not None and host.agent.deadline <= self.now:
                    host.agent.wake(self.now)
            self._collect()

    def _collect(self) -> None:
        for host in self.hosts:
            for datagram in host.agent.output:
                self.sent.append((self.now, datagram))
                if self.passes(datagram.base.address, datagram.peer) and self._random.random() >= self._loss:
                    heapq.heappush(self._air, (self.now + DELAY, next(self._numbers), datagram))
            host.agent.output.clear()
            host.events += host.agent.events
            host.agent.events.clear()

    def _deliver(self, datagram: Datagram) -> None:
        for host in self.hosts:
            for base in host.bases:
                if base.address == datagram.peer:
                    host.agent.receive(stun.parse(datagram.data), base, datagram.base.address, self.now)
