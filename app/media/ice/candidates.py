"""Candidates and where they come from: priorities, foundations, bases (RFC 8445, 5.1)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from app.media.ice.stun import Address
from app.model.session import CandidateKind, IceCandidate

RTP, RTCP = 1, 2
"""Component IDs (RFC 8445, 2; RFC 8839, 5.1)."""

CANDIDATES_MAX = 64
"""Of the far end's; more are not looked at."""

_TYPE_PREFERENCE = {
    CandidateKind.HOST: 126,
    CandidateKind.PEER_REFLEXIVE: 110,
    CandidateKind.SERVER_REFLEXIVE: 100,
    CandidateKind.RELAYED: 0,
}
_LOCAL_PREFERENCE_MAX = 65535


@dataclass(frozen=True)
class Base:
    """Where packets of a component leave from: an own address, or one that a TURN server lends."""

    component: int
    address: Address
    relayed: bool = False


@dataclass(frozen=True)
class LocalCandidate:
    """A candidate of ours, and the base that sends for it."""

    candidate: IceCandidate
    base: Base

    def sends_from(self, base: Base) -> bool:
        """Whether it is the candidate that `base` itself is; a server-reflexive one never sends (RFC 8445, 6.1.2.4)."""
        return self.base == base and address_of(self.candidate) == base.address


def address_of(candidate: IceCandidate) -> Address:
    """Where a candidate is."""
    return Address(candidate.address, candidate.port)


def priority(kind: CandidateKind, component: int, rank: int) -> int:
    """RFC 8445, 5.1.2.1; `rank` 0 is the address liked best."""
    return (_TYPE_PREFERENCE[kind] << 24) + ((_LOCAL_PREFERENCE_MAX - rank) << 8) + 256 - component


class Candidates:
    """Our candidates of one stream. Foundations are equal for equal kind, base address and server (5.1.1.3)."""

    def __init__(self) -> None:
        self.found: list[LocalCandidate] = []
        self._foundations: dict[tuple[CandidateKind, str, str], str] = {}
        self._ranks: dict[str, int] = {}

    def add(
        self, kind: CandidateKind, address: Address, base: Base, server: str = "", related: Address | None = None
    ) -> LocalCandidate | None:
        """Add a candidate; None for one that says nothing new (5.1.3). Addresses added first are liked best."""
        if any(known.base == base and address_of(known.candidate) == address for known in self.found):
            return None
        foundation = self._foundations.setdefault((kind, base.address.host, server), str(len(self._foundations) + 1))
        rank = self._ranks.setdefault(base.address.host, len(self._ranks))
        if related is None and kind is not CandidateKind.HOST:
            related = base.address
        candidate = IceCandidate(
            foundation=foundation,
            component=base.component,
            priority=priority(kind, base.component, rank),
            address=address.host,
            port=address.port,
            kind=kind,
            related_address=related and related.host,
            related_port=related and related.port,
        )
        added = LocalCandidate(candidate, base)
        self.found.append(added)
        return added

    def drop_relayed(self) -> None:
        """What servers lent was given back."""
        self.found[:] = [local for local in self.found if not local.base.relayed]


def usable(candidates: tuple[IceCandidate, ...]) -> tuple[IceCandidate, ...]:
    """The far end's candidates that a check may be sent to: numeric, one host's, and no more than CANDIDATES_MAX."""
    return tuple(candidate for candidate in candidates[:CANDIDATES_MAX] if _is_one_host(candidate))


def _is_one_host(candidate: IceCandidate) -> bool:
    try:
        address = ipaddress.ip_address(candidate.address)
    except ValueError:
        return False  # a name, perhaps of multicast DNS: nobody here resolves it
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return False  # a zone means something to the machine that wrote it alone (RFC 4007, 6)
    everybody = address == ipaddress.IPv4Address("255.255.255.255")
    return bool(candidate.port) and not (address.is_multicast or address.is_unspecified or everybody)
