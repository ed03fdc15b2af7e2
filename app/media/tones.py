"""Tones the engine can play: those of a country's network, and keys."""

from __future__ import annotations

import functools

from app.media.tone_table import COUNTRIES, DEFAULT_COUNTRY, Country
from app.model.media import EarTone
from native import ToneSegment, ToneSpec

_LEVEL = -10
_SOFT_LEVEL = -18
"""Of tones that sound into a conversation."""
_HOWLER_LEVEL = -3
_LEVELS = {
    EarTone.CALL_WAITING: _SOFT_LEVEL,
    EarTone.HOLD_REMINDER: _SOFT_LEVEL,
    EarTone.ANNOUNCEMENT: _SOFT_LEVEL,
    EarTone.RECONNECTING: _SOFT_LEVEL,
    EarTone.HOWLER: _HOWLER_LEVEL,
}
_FEEDBACK_LEVEL = -20
_KEY_MS = 100
_UNVERIFIED = "?"
_ONCE = frozenset({EarTone.ANNOUNCEMENT, EarTone.CONFIRMATION, EarTone.HOLD_REMINDER})

_REMINDER = "425 0.1-0.1, 425 0.1"
"""Ours: no recommendation has one for a telephone."""
_RECONNECTING = "700 0.12-0.04, 500 0.12-4.72"
"""Ours: a falling pair, because all tones for a waiting call keep their pitch. Seldom and soft, since the two may still
be talking; heard all the same, since whoever is not heard any more should know that it is not the other's doing."""

_ANNOUNCEMENT = "600 0.12, 800 0.12, 1000 0.24"
"""Ours: a rising chime, as before announcements in public places. It sounds while the far end begins to speak."""
_OURS = {
    EarTone.HOLD_REMINDER: _REMINDER,
    EarTone.ANNOUNCEMENT: _ANNOUNCEMENT,
    EarTone.RECONNECTING: _RECONNECTING,
}

_ROWS = (697, 770, 852, 941)
_COLUMNS = (1209, 1336, 1477, 1633)
_KEYS = "123A456B789C*0#D"


@functools.cache
def ear_tone(tone: EarTone, country: str) -> ToneSpec:
    """A tone of a country, the default's where the country is unknown."""
    written = notation(tone, country).removeprefix(_UNVERIFIED)
    segments = tuple(_segment(part, _LEVELS.get(tone, _LEVEL)) for part in written.split(", "))
    return ToneSpec(segments, repeat=tone not in _ONCE)


def notation(tone: EarTone, country: str) -> str:
    """A tone as `app.media.tone_table` writes it, also where the table leaves it to a rule."""
    row = COUNTRIES.get(country, COUNTRIES[DEFAULT_COUNTRY])
    match tone:
        case EarTone.DIAL:
            return row.dial
        case EarTone.SPECIAL_DIAL:
            return row.special or f"{_UNVERIFIED}{_dial_frequencies(row)} 0.45-0.05"
        case EarTone.RINGBACK:
            return row.ringback
        case EarTone.BUSY:
            return row.busy
        case EarTone.CONGESTION:
            return row.congestion
        case EarTone.UNOBTAINABLE:
            return row.unobtainable
        case EarTone.CALL_WAITING:
            return row.waiting
        case EarTone.CONFIRMATION:
            return row.confirmation or _UNVERIFIED + ", ".join((f"{_dial_frequencies(row)} 0.1-0.1",) * 3)
        case EarTone.HOWLER:
            return row.howler
        case EarTone.HOLD_REMINDER | EarTone.ANNOUNCEMENT | EarTone.RECONNECTING:
            return _OURS[tone]


def key_tone(digit: str) -> ToneSpec:
    """What a key sounds like to the one who presses it: its DTMF pair (ITU-T Q.23), once, and soft.

    Raises ValueError for what is no DTMF digit.
    """
    place = _KEYS.index(digit)
    pair = (_ROWS[place // 4], _COLUMNS[place % 4])
    return ToneSpec((ToneSegment(pair, _shared(_FEEDBACK_LEVEL, pair), _KEY_MS),), repeat=False)


def _dial_frequencies(row: Country) -> str:
    return row.dial.removeprefix(_UNVERIFIED).split()[0]


def _segment(written: str, level: int) -> ToneSegment:
    """One part of a tone: `350+440`, `400*25 0.4-0.2`, `425 0.375-0.375@-10`."""
    sound, _, softer = written.partition("@")
    pitch, _, times = sound.partition(" ")
    carriers, _, modulation = pitch.partition("*")
    on, _, off = times.partition("-")
    frequencies = tuple(int(frequency) for frequency in carriers.split("+"))
    return ToneSegment(
        frequencies,
        _shared(level + int(softer or 0), frequencies),
        _milliseconds(on),
        _milliseconds(off),
        int(modulation or 0),
    )


def _milliseconds(seconds: str) -> int:
    return round(float(seconds or 0) * 1000)


def _shared(level: int, frequencies: tuple[int, ...]) -> int:
    """Several frequencies share the level, so that a chord is no louder than a single tone."""
    return level - 3 * (len(frequencies) - 1)
