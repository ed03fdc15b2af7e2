"""The messages of RFC 4475, byte for byte, and the verdict each deserves from the message layer."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "torture"

WELL_FORMED = (
    "wsinv",
    "intmeth",
    "esc01",
    "escnull",
    "esc02",
    "lwsdisp",
    "longreq",
    "dblreq",
    "semiuri",
    "transports",
    "mpart01",
    "unreason",
    "noreason",
    "inv2543",
    "baddate",  # its date is wrong, but the phone never reads it
    "unkscm",
    "novelsc",
    "unksm2",
    "bext01",
    "invut",
    "regaut01",
    "bcast",
    "zeromf",
    "cparam01",
    "cparam02",
    "regescrt",
    "sdp01",
)
"""The valid ones of sections 3.1.1 and 3.4, and those of 3.3 that only the user agent can judge."""

REFUSED = {
    "badinv01": 400,
    "clerr": 400,
    "ncl": 400,
    "scalar02": 400,
    "quotbal": 400,
    "ltgtruri": 400,
    "lwsruri": 400,
    "lwsstart": 400,
    "trws": 400,
    "escruri": 400,
    "regbadct": 400,
    "badaspec": 400,
    "baddn": 400,
    "badvers": 505,
    "mismatch01": 400,
    "mismatch02": 400,
    "badbranch": 400,
    "insuf": 400,
    "multi01": 400,
    "mcl01": 400,
}
"""Requests that must be answered with this status."""

DROPPED = ("scalarlg", "bigcode")
"""Responses that nobody may act on or answer."""


def names_on_disk() -> set[str]:
    return {path.stem for path in _FOLDER.glob("*.dat")}


def torture(name: str) -> bytes:
    return (_FOLDER / f"{name}.dat").read_bytes()
