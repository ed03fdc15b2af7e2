"""Writes docs/tones.md from the tables: `python -m app.media.tone_document > docs/tones.md`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator

from app.media.synthesis import LOUDNESS_LKFS
from app.media.tone_table import COUNTRIES, DEFAULT_COUNTRY
from app.media.tones import notation
from app.model.media import RING_TONES, EarTone

_INTRODUCTION = """\
# Tones

What the phone makes heard by itself; this page is written by `python -m app.media.tone_document` from
`app/media/tone_table.py` and `app/model/media.py`.

## Call progress

`phone.country` chooses the row. Frequencies are in Hz, then seconds on and off, nearly as ITU-T E.180 Supplement 2
prints them: `350+440` sound together, `400*25` is 400 Hz modulated by 25 Hz, a comma goes on to the next sound,
`3x()` is heard three times, without times a tone is continuous, `@-10` is 10 dB softer. **A `?` marks what could not be
verified**: nothing that names a recommendation or a national standard was found for it, or two such texts differ.
The rest was read in open transcriptions of the source that is named; the ITU's and the national pages themselves could
not be opened. Which cause of a call's end (ITU-T Q.850) is told by which tone stands in `app/calls/endings.py`.
"""

_COLUMNS = (
    (EarTone.DIAL, "dial"),
    (EarTone.SPECIAL_DIAL, "special dial"),
    (EarTone.RINGBACK, "ringback"),
    (EarTone.BUSY, "busy"),
    (EarTone.CONGESTION, "congestion"),
    (EarTone.UNOBTAINABLE, "unobtainable"),
    (EarTone.CALL_WAITING, "call waiting"),
    (EarTone.CONFIRMATION, "confirmation"),
    (EarTone.HOWLER, "howler"),
)


_OURS_INTRODUCTION = """\
The same in all countries, because no recommendation has one for it. They sound softly into a call, beside the voice."""
_OURS = (
    (
        EarTone.HOLD_REMINDER,
        "hold reminder",
        "each `calls.hold_reminder` seconds while a call is forgotten on hold",
    ),
    (EarTone.ANNOUNCEMENT, "announcement", "once as an announced call is taken by the loudspeaker, by itself"),
    (
        EarTone.RECONNECTING,
        "reconnecting",
        "every five seconds while a call is without its PBX for more than a second, until that takes it up again",
    ),
)


def document() -> Iterator[str]:
    """The page, line by line."""
    yield from _INTRODUCTION.splitlines()
    yield ""
    yield "| | country | " + " | ".join(name for _, name in _COLUMNS) + " | source |"
    yield "|---" * (len(_COLUMNS) + 3) + "|"
    for code, row in COUNTRIES.items():
        written = (f"`{_short(notation(tone, code))}`" for tone, _ in _COLUMNS)
        yield f"| `{code}` | {row.name} | " + " | ".join(written) + f" | {row.source} |"
    yield from ("", "## Tones of ours", "", *_OURS_INTRODUCTION.splitlines(), "")
    yield "| tone | sound | when |"
    yield "|---" * 3 + "|"
    for tone, name, when in _OURS:
        yield f"| {name} | `{notation(tone, DEFAULT_COUNTRY)}` | {when} |"
    yield from (
        "",
        "## Ring tones",
        "",
        f"All synthesised by the phone, and equally loud ({LOUDNESS_LKFS:.0f} LKFS by ITU-R BS.1770): "
        + ", ".join(f"`{name}`" for name in RING_TONES)
        + ".",
    )


def _short(tone: str) -> str:
    """A tone with what is repeated written once."""
    mark = "?" if tone.startswith("?") else ""
    runs = [(part, len(list(run))) for part, run in itertools.groupby(tone.removeprefix("?").split(", "))]
    return mark + ", ".join(part if count == 1 else f"{count}x({part})" for part, count in runs)


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in document())
