"""Which ring tone a call has: by its caller's number, by what the PBX asks for, else the user's own."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass

from app.media import alert_info
from app.media.alert_info import Alert
from app.model.media import DEFAULT_RING_TONE, RING_TONES, Ring

_PUNCTUATION = str.maketrans("", "", " -()/.")


@dataclass(frozen=True)
class RingSettings:
    """The user's choice: `tone` for a call like any other, `internal` for colleagues.

    `callers` are number patterns with `*` and `?` and the ring tone for each; the first that fits counts.
    """

    tone: str = DEFAULT_RING_TONE
    internal: str = "chime"
    callers: Sequence[tuple[str, str]] = ()


_OF_ALERT = {
    Alert.GROUP: "pulse",
    Alert.FRIEND: "marimba",
    Alert.FAMILY: "harp",
    Alert.FORWARDED: "ripple",
    Alert.RECALL: "office",
    Alert.LOW: "morning",
    Alert.URGENT: "urgent",
}


def choose(ring: Ring, settings: RingSettings) -> str:
    """The name of a ring tone for a call. What the user set for a caller comes before what the PBX asks for."""
    number = ring.number.translate(_PUNCTUATION)
    for pattern, tone in settings.callers:
        if number and fnmatch.fnmatchcase(number, pattern):
            return tone
    for wish in alert_info.read(ring.alert_info):
        if wish is Alert.EXTERNAL:
            return settings.tone
        if wish is Alert.INTERNAL:
            return settings.internal
        if isinstance(wish, Alert):
            return _OF_ALERT[wish]
        if wish in RING_TONES:
            return wish
    return settings.tone
