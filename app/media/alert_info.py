"""What an Alert-Info header asks of the ring: URNs of RFC 7462, and the words that PBXs have long used before it.

Nothing is ever fetched: of a URL only the words that are known are looked at.
"""

from __future__ import annotations

import enum
import re

LONGEST = 256
"""So many characters are looked at."""


class Alert(enum.Enum):
    """A kind of call that may ring differently."""

    EXTERNAL = "external"
    INTERNAL = "internal"
    GROUP = "group"
    FRIEND = "friend"
    FAMILY = "family"
    FORWARDED = "forwarded"
    RECALL = "recall"
    LOW = "low"
    URGENT = "urgent"


_URNS = {
    "source:external": Alert.EXTERNAL,
    "source:internal": Alert.INTERNAL,
    "source:friend": Alert.FRIEND,
    "source:family": Alert.FAMILY,
    "service:forward": Alert.FORWARDED,
    "service:recall": Alert.RECALL,
    "priority:low": Alert.LOW,
    "priority:high": Alert.URGENT,
}
"""IANA's registry of alert URNs. `normal` values, durations, delays and locales ring as any call."""

_WORDS = {
    "alert-external": Alert.EXTERNAL,
    "external": Alert.EXTERNAL,
    "bellcore-dr1": Alert.EXTERNAL,
    "alert-internal": Alert.INTERNAL,
    "internal": Alert.INTERNAL,
    "bellcore-dr2": Alert.INTERNAL,
    "alert-group": Alert.GROUP,
    "group": Alert.GROUP,
    "bellcore-dr3": Alert.GROUP,
    "alert-recall": Alert.RECALL,
    "bellcore-dr4": Alert.RECALL,
    "alert-emergency": Alert.URGENT,
    "alert-urgent": Alert.URGENT,
    "urgent": Alert.URGENT,
    "bellcore-dr5": Alert.URGENT,
}
_URN_PREFIX = "urn:alert:"
_VALUE = re.compile(r"<([^<>]*)>([^<]*)|([^<,]+)")
_INFO = re.compile(r"info\s*=\s*\"?([\w.-]+)")


def read(alert_info: str) -> tuple[Alert | str, ...]:
    """What the header asks for, the most important first; a word that is no kind of call is given as it is.

    Never raises: what is not understood is left out, as RFC 7462 (11.1) wants.
    """
    wishes: list[Alert | str] = []
    for match in _VALUE.finditer(alert_info[:LONGEST].lower()):
        reference, parameters, bare = (group or "" for group in match.groups())
        wishes += _reference(reference or bare.partition(";")[0].strip())
        wishes += [_WORDS.get(word, word) for word in _INFO.findall(parameters or bare)]
    return tuple(wishes)


def _reference(reference: str) -> list[Alert | str]:
    if reference.startswith(_URN_PREFIX):
        return _urn(reference.removeprefix(_URN_PREFIX))
    last = re.split(r"[/:]", reference)[-1]  # <http://127.0.0.1/Bellcore-dr2>, and Bellcore-dr2 alone
    return [_WORDS[last]] if last in _WORDS else []


def _urn(indication: str) -> list[Alert | str]:
    """A known indication, or the one it refines (RFC 7462, 4.2: `source:internal:foo@example.com`)."""
    parts = indication.split(":")
    known = (":".join(parts[:count]) for count in range(len(parts), 1, -1))
    return next(([_URNS[name]] for name in known if name in _URNS), [])
