"""The ring tones, each one loop of a few seconds that begins and ends in silence. All synthesised here."""

from __future__ import annotations

import functools
import itertools
import os
import sys
from collections.abc import Callable, Mapping

import msgspec

from app.media.synthesis import Note, Partial, Samples, Sound, Timbre, finish, play
from app.model.media import DEFAULT_RING_TONE

_GONG = Timbre(
    (Partial(1, 1, 0.5), Partial(1.51, 0.5, 0.35), Partial(2.42, 0.6, 0.2), Partial(3.38, 0.25, 0.1)), attack=0.0015
)
_MARIMBA = Timbre((Partial(1, 1, 0.28), Partial(3.93, 0.35, 0.09), Partial(9.2, 0.1, 0.03)), attack=0.003)
_VIBRAPHONE = Timbre((Partial(1, 1, 0.9), Partial(3.98, 0.25, 0.35), Partial(10.2, 0.04, 0.1)), tremolo=5.2)
_TUBE = Timbre(
    (
        Partial(0.5, 0.25, 1.2),
        Partial(1, 1, 0.8),
        Partial(1.2, 0.35, 0.6),
        Partial(1.5, 0.3, 0.5),
        Partial(2, 0.6, 0.45),
        Partial(2.66, 0.2, 0.3),
    ),
    attack=0.005,
)
_GLASS = Timbre((Partial(1, 1, 0.55), Partial(2.32, 0.35, 0.3), Partial(4.25, 0.12, 0.12)), attack=0.006)
_HARP = Timbre(tuple(Partial(n, 1 / n**1.2, 0.7 / n) for n in range(1, 8)), attack=0.002)
_REED = Timbre((Partial(1, 1, 9), Partial(2, 0.4, 9), Partial(3, 0.3, 9), Partial(5, 0.1, 9)), attack=0.008)
_KALIMBA = Timbre((Partial(1, 1, 0.4), Partial(2.98, 0.2, 0.15), Partial(5.9, 0.12, 0.06)), attack=0.002)
_PAD = Timbre((Partial(1, 1, 1.5), Partial(2, 0.5, 1.2), Partial(3, 0.2, 0.9), Partial(4, 0.1, 0.7)), attack=0.18)

_NICENESS = 10
_A4 = 440.0
_NAMES = {"C": -9, "D": -7, "E": -5, "F": -4, "G": -2, "A": 0, "B": 2}


def _pitch(name: str) -> float:
    """The frequency in Hz of a note such as `C5` or `F#4`, in equal temperament."""
    semitones = _NAMES[name[0]] + ("#" in name) + 12 * (int(name[-1]) - 4)
    return float(_A4 * 2 ** (semitones / 12))


def _melody(names: str, step: float, seconds: float) -> list[Note]:
    """Notes one after the other, each lasting `seconds`; `-` is a rest."""
    return [Note(place * step, seconds, _pitch(name)) for place, name in enumerate(names.split()) if name != "-"]


def _classic() -> Sound:
    """The two gongs of a mechanical telephone, struck in turn by its hammer, one second in four."""
    strokes = [Note(0.05 * n, 1.2, (1040.0, 1310.0)[n % 2], 1 - 0.2 * (n % 2)) for n in range(21)]
    return play(_GONG, strokes, 4.0)


def _office() -> Sound:
    """The same bell as on a busy desk: twice shortly."""
    strokes = [Note(begin + 0.05 * n, 0.9, (1180.0, 1480.0)[n % 2]) for begin in (0, 0.6) for n in range(9)]
    return play(_GONG, strokes, 3.6)


def _marimba() -> Sound:
    return play(_MARIMBA, _melody("G4 C5 E5 G5 E5 C5 D5 G5 - C6 - G5", 0.15, 0.9), 3.6)


def _chime() -> Sound:
    """A door chime of two notes."""
    return play(_VIBRAPHONE, [Note(0, 2.4, _pitch("E5")), Note(0.65, 2.6, _pitch("C5"))], 4.0)


def _bells() -> Sound:
    return play(_TUBE, _melody("E5 C5 D5 G4 - G4 D5 E5 C5", 0.4, 1.8), 5.4)


def _glass() -> Sound:
    return play(_GLASS, _melody("E6 B5 - G#5 B5 E6 - B5", 0.16, 1.4), 3.6)


def _harp() -> Sound:
    return play(_HARP, _melody("G4 B4 D5 F#5 G5 B5 D6 F#6 G6", 0.11, 1.8), 4.0)


def _trill() -> Sound:
    """The warble of the first electronic telephones."""
    notes = [Note(begin + 0.04 * n, 0.045, (1070.0, 1335.0)[n % 2]) for begin in (0, 0.9) for n in range(15)]
    return play(_REED, notes, 3.8)


def _pulse() -> Sound:
    """Short modern blips in two groups."""
    places = (0.0, 0.13, 0.26, 0.8, 0.93, 1.06)
    return play(_KALIMBA, [Note(at, 0.5, _pitch(("A5", "A5", "E6")[n % 3])) for n, at in enumerate(places)], 3.0)


def _ripple() -> Sound:
    return play(_KALIMBA, _melody("D6 A5 F#5 D5 - E6 B5 G5 E5 - F#6 D6", 0.12, 0.9), 3.6)


def _morning() -> Sound:
    """Chords that swell slowly, for who is easily startled."""
    chords = (("C5", "E5", "G5"), ("A4", "C5", "E5"), ("F4", "A4", "C5"), ("G4", "B4", "D5"))
    notes = [Note(1.1 * n, 1.8, _pitch(name)) for n, chord in enumerate(chords) for name in chord]
    return play(_PAD, notes, 6.0)


def _urgent() -> Sound:
    beats = itertools.product((0.0, 0.75), ((0.0, "A5"), (0.12, "C#6"), (0.24, "E6"), (0.36, "A6")))
    return play(_REED, [Note(group + at, 0.11, _pitch(name)) for group, (at, name) in beats], 2.2)


_MAKERS: Mapping[str, Callable[[], Sound]] = {
    "classic": _classic,
    "office": _office,
    "marimba": _marimba,
    "chime": _chime,
    "bells": _bells,
    "glass": _glass,
    "harp": _harp,
    "trill": _trill,
    "pulse": _pulse,
    "ripple": _ripple,
    "morning": _morning,
    "urgent": _urgent,
}


@functools.cache
def samples(name: str) -> Samples:
    """One loop of a ring tone, kept once it is made; the default's where the name is unknown."""
    return finish(_MAKERS.get(name, _MAKERS[DEFAULT_RING_TONE])())


def main() -> None:
    """Write the ring tones that are named to standard output, for `app.media.ring_recordings`.

    Somebody waits for a single one; who makes many is in nobody's way.
    """
    names = sys.argv[1:]
    if len(names) > 1:
        os.nice(_NICENESS)
    sys.stdout.buffer.write(msgspec.msgpack.encode({name: samples(name).tobytes() for name in names}))


if __name__ == "__main__":
    main()
