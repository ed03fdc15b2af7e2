"""ICE in a session description (RFC 8839, 5; RFC 8840, 8.2), read into and written from the neutral model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from app.model.session import CandidateKind, IceCandidate, IceDescription, RemoteCandidate, usable_credentials

ATTRIBUTES = frozenset(
    {"candidate", "ice-ufrag", "ice-pwd", "ice-options", "ice-lite", "remote-candidates", "end-of-candidates"}
)
MAX_CANDIDATES = 64

Attributes: TypeAlias = list[tuple[str, str | None]]

_CANDIDATE = re.compile(
    r"([A-Za-z0-9+/]{1,32}) ([0-9]{1,3}) ([A-Za-z]{1,16}) ([0-9]{1,10}) ([A-Za-z0-9._:-]{1,255}) ([0-9]{1,5})"
    r" typ ([A-Za-z0-9]{1,16})(.*)"
)
_RELATED = re.compile(r" raddr ([A-Za-z0-9._:-]{1,255}) rport ([0-9]{1,5})(?: .*)?")
_REMOTE = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9._:-]{1,255}) ([0-9]{1,5})")
_KINDS = {kind.value: kind for kind in CandidateKind}
_PRIORITY_MAX = 2**31 - 1
_COMPONENTS = range(1, 257)
_PORTS = range(65536)


def read_ice(attributes: Attributes) -> IceDescription | None:
    """What the attributes of a media section say; None without usable credentials, which makes it no ICE at all.

    Candidates that are not over UDP, or that cannot be read, are left out as RFC 8839, 5.1 wants.
    """
    ufrag, password = _first(attributes, "ice-ufrag"), _first(attributes, "ice-pwd")
    if not usable_credentials(ufrag, password):
        return None
    names = {name for name, _ in attributes}
    return IceDescription(
        ufrag=ufrag,
        password=password,
        candidates=tuple(_candidates(attributes)),
        options=tuple(_first(attributes, "ice-options").split()),
        lite="ice-lite" in names,
        remote_candidates=_remote_candidates(_first(attributes, "remote-candidates")),
        complete="end-of-candidates" in names,
    )


def ice_lines(ice: IceDescription) -> list[str]:
    """The a= lines of one media section."""
    lines = [f"a=ice-ufrag:{ice.ufrag}", f"a=ice-pwd:{ice.password}"]
    if ice.options:
        lines.append(f"a=ice-options:{' '.join(ice.options)}")
    if ice.lite:
        lines.append("a=ice-lite")
    lines += [f"a=candidate:{_candidate_text(candidate)}" for candidate in ice.candidates]
    if ice.remote_candidates:
        remote = (f"{one.component} {one.address} {one.port}" for one in ice.remote_candidates)
        lines.append(f"a=remote-candidates:{' '.join(remote)}")
    if ice.complete:
        lines.append("a=end-of-candidates")
    return lines


def _candidates(attributes: Attributes) -> Iterator[IceCandidate]:
    found = 0
    for name, value in attributes:
        candidate = _candidate(value or "") if name == "candidate" and found < MAX_CANDIDATES else None
        if candidate is not None:
            found += 1
            yield candidate


def _candidate(value: str) -> IceCandidate | None:
    match = _CANDIDATE.fullmatch(value)
    if match is None or match[3].upper() != "UDP" or match[7] not in _KINDS:
        return None
    component, priority, port = int(match[2]), int(match[4]), int(match[6])
    if component not in _COMPONENTS or not 0 < priority <= _PRIORITY_MAX or port not in _PORTS:
        return None
    related = _RELATED.fullmatch(match[8])
    if related is not None and int(related[2]) not in _PORTS:
        related = None
    return IceCandidate(
        foundation=match[1],
        component=component,
        priority=priority,
        address=match[5],
        port=port,
        kind=_KINDS[match[7]],
        related_address=related and related[1],
        related_port=None if related is None else int(related[2]),
    )


def _remote_candidates(value: str) -> tuple[RemoteCandidate, ...]:
    """All of them or, where one cannot be read, none: half a choice is none."""
    words = value.split()
    triples = [" ".join(words[place : place + 3]) for place in range(0, len(words[: 3 * 256]), 3)]
    matches = [_REMOTE.fullmatch(triple) for triple in triples]
    found = [RemoteCandidate(int(match[1]), match[2], int(match[3])) for match in matches if match is not None]
    good = all(one.component in _COMPONENTS and one.port in _PORTS for one in found)
    return tuple(found) if good and len(found) == len(matches) else ()


def _candidate_text(candidate: IceCandidate) -> str:
    words = [candidate.foundation, str(candidate.component), "UDP", str(candidate.priority)]
    words += [candidate.address, str(candidate.port), "typ", candidate.kind.value]
    if candidate.related_address is not None:
        words += ["raddr", candidate.related_address, "rport", str(candidate.related_port or 0)]
    return " ".join(words)


def _first(attributes: Attributes, name: str) -> str:
    return next((value or "" for key, value in attributes if key == name), "")
