"""Candidate pairs and the checklist of one stream (RFC 8445, 6.1.2)."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.media.ice.candidates import Base, LocalCandidate, address_of
from app.media.ice.stun import Address
from app.media.ice.transactions import Transaction
from app.model.session import IceCandidate

PAIRS_MAX = 100
"""RFC 8445, 6.1.2.5."""


class PairState(enum.Enum):
    """RFC 8445, 6.1.2.6."""

    FROZEN = enum.auto()
    WAITING = enum.auto()
    IN_PROGRESS = enum.auto()
    SUCCEEDED = enum.auto()
    FAILED = enum.auto()


@dataclass(eq=False)
class Pair:
    """A way from a base of ours to an address of theirs."""

    local: LocalCandidate
    remote: IceCandidate
    state: PairState = PairState.FROZEN
    transaction: Transaction | None = None
    nominated: bool = False
    nominate_when_valid: bool = False
    """Controlled: the far end has already chosen it."""
    nominating: bool = False
    """Controlling: a check that chooses it is under way."""

    @property
    def component(self) -> int:
        """1 for RTP, 2 for RTCP."""
        return self.local.base.component

    @property
    def destination(self) -> Address:
        """Where its packets go."""
        return address_of(self.remote)

    @property
    def foundation(self) -> tuple[str, str]:
        """Pairs that will probably share one fate have the same."""
        return self.local.candidate.foundation, self.remote.foundation

    def priority(self, *, controlling: bool) -> int:
        """RFC 8445, 6.1.2.3."""
        own, theirs = self.local.candidate.priority, self.remote.priority
        g, d = (own, theirs) if controlling else (theirs, own)
        return (min(g, d) << 32) + 2 * max(g, d) + (g > d)


class Checklist:
    """Pairs by priority, and the queue of triggered checks (6.1.4.1)."""

    def __init__(
        self, locals_: Iterable[LocalCandidate], remotes: Iterable[IceCandidate], *, controlling: bool
    ) -> None:
        self._controlling = controlling
        self.pairs: list[Pair] = []
        self.triggered: deque[Pair] = deque()
        senders = [local for local in locals_ if local.sends_from(local.base)]
        for remote in remotes:
            for local in senders:
                if matches(local, remote) and self.find(local.base, address_of(remote)) is None:
                    self.pairs.append(Pair(local, remote))
        self.reorder(controlling=controlling)
        del self.pairs[PAIRS_MAX:]
        self._thaw_first()

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)

    def reorder(self, *, controlling: bool) -> None:
        """Order by priority, after a pair was added or the role changed."""
        self._controlling = controlling
        self.pairs.sort(key=lambda pair: pair.priority(controlling=controlling), reverse=True)

    def find(self, base: Base, destination: Address) -> Pair | None:
        """The pair from `base` to `destination`."""
        return next((pair for pair in self.pairs if (pair.local.base, pair.destination) == (base, destination)), None)

    def add(self, pair: Pair) -> None:
        """Add a pair that a check of the far end showed; the least of those not begun makes room."""
        if len(self.pairs) >= PAIRS_MAX:
            idle = [known for known in self.pairs if known.state in (PairState.FROZEN, PairState.FAILED)]
            if not idle:
                return
            self.pairs.remove(idle[-1])
        self.pairs.append(pair)
        self.reorder(controlling=self._controlling)

    def trigger(self, pair: Pair) -> None:
        """Have this pair checked next."""
        pair.state = PairState.WAITING
        if pair not in self.triggered:
            self.triggered.append(pair)

    def next(self) -> Pair | None:
        """The pair to check now (6.1.4.2); None where there is nothing to do."""
        while self.triggered:
            pair = self.triggered.popleft()
            if pair.state is PairState.WAITING:
                return pair
        return self._waiting() or self._thaw()

    def thaw(self, foundation: tuple[str, str]) -> None:
        """A pair of this foundation succeeded, so the others have a chance (7.2.5.3.3)."""
        for pair in self.pairs:
            if pair.state is PairState.FROZEN and pair.foundation == foundation:
                pair.state = PairState.WAITING

    @property
    def has_work(self) -> bool:
        """Whether `next` would give a pair, now or when others have finished."""
        return any(pair.state in (PairState.WAITING, PairState.FROZEN) for pair in self.pairs)

    @property
    def busy(self) -> int:
        """How many pairs wait or are being checked: N of the retransmission timeout (14.3)."""
        return sum(pair.state in (PairState.WAITING, PairState.IN_PROGRESS) for pair in self.pairs)

    def hopeful(self, component: int) -> bool:
        """Whether some pair of the component may still work, or does."""
        return any(pair.component == component and pair.state is not PairState.FAILED for pair in self.pairs)

    def best_valid(self, component: int) -> Pair | None:
        """The best pair of the component that has succeeded."""
        return next((pair for pair in self._of(component) if pair.state is PairState.SUCCEEDED), None)

    def chosen(self, component: int) -> bool:
        """Whether a pair of the component is chosen, or being so."""
        return any(pair.nominating or pair.nominated for pair in self._of(component))

    def best_nominated(self, component: int) -> Pair:
        """The best pair of the component that was chosen; there must be one."""
        return next(pair for pair in self._of(component) if pair.nominated)

    @property
    def proved(self) -> tuple[Address, ...]:
        """Where the pairs that have succeeded lead to, the best first."""
        return tuple(dict.fromkeys(pair.destination for pair in self.pairs if pair.state is PairState.SUCCEEDED))

    def has_better(self, pair: Pair) -> bool:
        """Whether a pair of higher priority has not had its answer yet."""
        better = self.pairs[: self.pairs.index(pair)]
        over = (PairState.SUCCEEDED, PairState.FAILED)
        return any(other.component == pair.component and other.state not in over for other in better)

    def stop(self) -> None:
        """All components have their pair: begin nothing more, repeat nothing (8.1.2)."""
        self.triggered.clear()
        for pair in self.pairs:
            if pair.state in (PairState.FROZEN, PairState.WAITING):
                pair.state = PairState.FAILED
            if pair.transaction is not None and not pair.nominated:
                pair.transaction.cancelled = True

    def _of(self, component: int) -> Iterator[Pair]:
        return (pair for pair in self.pairs if pair.component == component)

    def _waiting(self) -> Pair | None:
        return next((pair for pair in self.pairs if pair.state is PairState.WAITING), None)

    def _thaw(self) -> Pair | None:
        moving = {pair.foundation for pair in self.pairs if pair.state in (PairState.WAITING, PairState.IN_PROGRESS)}
        for pair in self.pairs:
            if pair.state is PairState.FROZEN and pair.foundation not in moving:
                return pair
        return None

    def _thaw_first(self) -> None:
        """Of each foundation the pair of the lowest component and then the highest priority begins (6.1.2.6)."""
        first: dict[tuple[str, str], Pair] = {}
        for pair in self.pairs:
            known = first.get(pair.foundation)
            if known is None or pair.component < known.component:
                first[pair.foundation] = pair
        for pair in first.values():
            pair.state = PairState.WAITING


def matches(local: LocalCandidate, remote: IceCandidate) -> bool:
    """Whether two candidates can be a pair: one component, one address family (6.1.2.2)."""
    return local.base.component == remote.component and local.base.address.version == address_of(remote).version
