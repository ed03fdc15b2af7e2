"""Candidates of ICE, which `channels` writes in pairs for RTP and RTCP (SDK 14r1, media.h, IceCandidate)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from app.model import pbx_guesses
from app.model.session import CandidateKind, IceCandidate
from app.signalling.pbxsignal.messages import Text

_Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
_Priority = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
_RTP, _RTCP = 1, 2
_PRIORITY_MAX = 2**31 - 1
_DISCARD_PORT = 9


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """One address for both; a port of 0 is none."""

    addr: Text
    rtp: _Port
    type: int | Text
    foundation: Text = ""
    rtcp: _Port = 0
    rtp_prio: _Priority = 0
    rtcp_prio: _Priority = 0
    r_addr: Text = ""
    r_rtp: _Port = 0
    r_rtcp: _Port = 0


_KINDS = {number: CandidateKind(word) for number, word in pbx_guesses.CANDIDATE_TYPES.items()}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}


def read_candidates(candidates: Iterable[Candidate]) -> tuple[IceCandidate, ...]:
    """One candidate a component; those of an unknown type or without a priority are left out."""
    found = []
    for one in candidates:
        kind = _kind(one.type)
        if kind is None:
            continue
        components = [(_RTP, one.rtp, one.rtp_prio, one.r_rtp)]
        if one.rtcp != one.rtp:
            components.append((_RTCP, one.rtcp, one.rtcp_prio, one.r_rtcp))
        found += [
            IceCandidate(
                foundation=one.foundation or "0",
                component=component,
                priority=priority,
                address=one.addr,
                port=port,
                kind=kind,
                related_address=one.r_addr or None,
                related_port=(related or _DISCARD_PORT) if one.r_addr else None,
            )
            for component, port, priority, related in components
            if port and 0 < priority <= _PRIORITY_MAX
        ]
    return tuple(found)


def write_candidates(candidates: Iterable[IceCandidate]) -> tuple[Candidate, ...]:
    """Each candidate for RTP, with the one for RTCP that was found in the same way beside it.

    Without one RTCP shares the port (RFC 5761).
    """
    listed = tuple(candidates)
    rtcp = [one for one in listed if one.component == _RTCP]
    written = []
    for one in listed:
        if one.component != _RTP:
            continue
        beside = next((other for other in rtcp if _way(other) == _way(one)), None)
        if beside is not None:
            rtcp.remove(beside)
        written.append(
            Candidate(
                addr=one.address,
                rtp=one.port,
                type=_NUMBERS[one.kind],
                foundation=one.foundation,
                rtcp=one.port if beside is None else beside.port,
                rtp_prio=one.priority,
                rtcp_prio=one.priority - 1 if beside is None else beside.priority,
                r_addr=one.related_address or "",
                r_rtp=one.related_port or 0,
                r_rtcp=(one if beside is None else beside).related_port or 0,
            )
        )
    return tuple(written)


def _way(candidate: IceCandidate) -> tuple[str, str, CandidateKind, str | None]:
    return candidate.foundation, candidate.address, candidate.kind, candidate.related_address


def _kind(number: int | str) -> CandidateKind | None:
    """By number or by word."""
    if isinstance(number, str):
        return next((kind for kind in CandidateKind if kind == number.lower()), None)
    return _KINDS.get(number)
