"""Tones as data: what each country's telephone network sounds like (ITU-T E.180, supplement 2), keys, and rings."""

from __future__ import annotations

from app.model.media import EarTone
from native import ToneSegment, ToneSpec

DEFAULT_COUNTRY = "de"
"""425 Hz, as E.180 recommends and most of Europe has it."""

_LEVEL = -10
_SOFT_LEVEL = -18
"""Of tones that sound into a conversation."""
_FEEDBACK_LEVEL = -20
_KEY_MS = 100

_Cadence = tuple[tuple[tuple[int, ...], int, int], ...]
"""Frequencies in Hz, then milliseconds on and off; 0 and 0 is for ever."""

_REMINDER: _Cadence = (((425,), 100, 100), ((425,), 100, 15_000))


def _country(
    dial: tuple[int, ...], ringback: _Cadence, busy: _Cadence, congestion: _Cadence, waiting: _Cadence
) -> dict[EarTone, _Cadence]:
    return {
        EarTone.DIAL: ((dial, 0, 0),),
        EarTone.RINGBACK: ringback,
        EarTone.BUSY: busy,
        EarTone.CONGESTION: congestion,
        EarTone.CALL_WAITING: waiting,
        EarTone.HOLD_REMINDER: _REMINDER,
    }


COUNTRIES: dict[str, dict[EarTone, _Cadence]] = {
    "at": _country(
        dial=(420,),
        ringback=(((420,), 1000, 5000),),
        busy=(((420,), 400, 400),),
        congestion=(((420,), 200, 200),),
        waiting=(((420,), 40, 1950),),
    ),
    "ch": _country(
        dial=(425,),
        ringback=(((425,), 1000, 4000),),
        busy=(((425,), 500, 500),),
        congestion=(((425,), 200, 200),),
        waiting=(((425,), 200, 200), ((425,), 200, 4000)),
    ),
    "de": _country(
        dial=(425,),
        ringback=(((425,), 1000, 4000),),
        busy=(((425,), 480, 480),),
        congestion=(((425,), 240, 240),),
        waiting=(((425,), 200, 200), ((425,), 200, 5000)),
    ),
    "fr": _country(
        dial=(440,),
        ringback=(((440,), 1500, 3500),),
        busy=(((440,), 500, 500),),
        congestion=(((440,), 250, 250),),
        waiting=(((440,), 300, 10_000),),
    ),
    "gb": _country(
        dial=(350, 440),
        ringback=(((400, 450), 400, 200), ((400, 450), 400, 2000)),
        busy=(((400,), 375, 375),),
        congestion=(((400,), 400, 350), ((400,), 225, 525)),
        waiting=(((400,), 100, 2500),),
    ),
    "us": _country(
        dial=(350, 440),
        ringback=(((440, 480), 2000, 4000),),
        busy=(((480, 620), 500, 500),),
        congestion=(((480, 620), 250, 250),),
        waiting=(((440,), 300, 10_000),),
    ),
}

_ROWS = (697, 770, 852, 941)
_COLUMNS = (1209, 1336, 1477, 1633)
_KEYS = "123A456B789C*0#D"

# Notes in Hz with their octave, which gives a small loudspeaker something it can play; then on and off.
_MELODY: _Cadence = (
    ((523, 1046), 180, 20),
    ((659, 1318), 180, 20),
    ((784, 1568), 180, 20),
    ((659, 1318), 180, 20),
    ((784, 1568), 380, 2820),
)
_INTERNAL: _Cadence = (((587, 1174), 250, 60), ((880, 1760), 350, 2500))
_URGENT: _Cadence = (((880, 1760), 140, 60), ((1046, 2093), 140, 60), ((880, 1760), 140, 660))


def ear_tone(tone: EarTone, country: str) -> ToneSpec:
    """A tone of a country, the default's where it is unknown."""
    cadences = COUNTRIES.get(country, COUNTRIES[DEFAULT_COUNTRY])
    soft = tone in {EarTone.CALL_WAITING, EarTone.HOLD_REMINDER}
    return _spec(cadences[tone], _SOFT_LEVEL if soft else _LEVEL)


def key_tone(digit: str) -> ToneSpec:
    """What a key sounds like to the one who presses it: its DTMF pair (ITU-T Q.23), once, and soft.

    Raises ValueError for what is no DTMF digit.
    """
    place = _KEYS.index(digit)
    pair = (_ROWS[place // 4], _COLUMNS[place % 4])
    return _spec(((pair, _KEY_MS, 0),), _FEEDBACK_LEVEL, repeat=False)


def ring(alert_info: str) -> ToneSpec:
    """The ring for an Alert-Info value: one of its own for internal and for urgent calls (RFC 7462)."""
    wish = alert_info.lower()
    if "priority:high" in wish or "urgent" in wish:
        return _spec(_URGENT, _LEVEL)
    return _spec(_INTERNAL if "internal" in wish else _MELODY, _LEVEL)


def _spec(cadence: _Cadence, level: int, *, repeat: bool = True) -> ToneSpec:
    """Several frequencies share the level, so that a chord is no louder than a single tone."""
    segments = tuple(
        ToneSegment(frequencies, level - 3 * (len(frequencies) - 1), on, off) for frequencies, on, off in cadence
    )
    return ToneSpec(segments, repeat)
