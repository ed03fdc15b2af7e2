"""Time zones, by their name in the IANA database or as a POSIX TZ string, which is how innovaphone's PBX has them."""

from __future__ import annotations

import datetime as dt
import functools
import io
import re
import struct

UTC = "UTC"
LONGEST = 100
"""Characters of a name or a string."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
_OTHER_CLOCKS = ("right/", "posix/")
"""Zones that count leap seconds, and copies of all others: nobody means them."""

_SECONDS = r"(?::[0-5]?[0-9]){0,2}"
_LETTERS = r"(?:[A-Za-z]{3,6}|<[A-Za-z0-9+-]{3,6}>)"
_OFFSET = rf"[+-]?(?:1[0-5]|0?[0-9]){_SECONDS}"
_DAY = r"(?:M(?:1[0-2]|0?[1-9])\.[1-5]\.[0-6]|J[0-9]{1,3})"
_RULE = rf",{_DAY}(?:/[+-]?[0-9]{{1,3}}{_SECONDS})?"
_POSIX = re.compile(rf"{_LETTERS}{_OFFSET}(?:{_LETTERS}(?:{_OFFSET})?{_RULE}{_RULE})?")
"""TZ of IEEE 1003.1, 8.3. Of summer time the days on which it begins and ends are needed.

Days that are counted from 0 are left out: zoneinfo counts them from 1, and nobody writes them.
"""

_HEADER = struct.Struct(">4sc15x6l")
_TYPE = struct.Struct(">lBB")


class TimeZoneUnknown(ValueError):
    """There is no such time zone. `advice` says what to give instead."""

    def __init__(self, text: str) -> None:
        super().__init__(f"there is no time zone '{text}'")
        self.advice = "Give a name as Europe/Berlin, or rules as CET-1CEST,M3.5.0/2,M10.5.0/3."


@functools.lru_cache(maxsize=32)
def time_zone(text: str) -> dt.tzinfo:
    """The zone of a name or a POSIX TZ string. Raises TimeZoneUnknown.

    Reads a file of the system's tz database when a name is asked for first.
    """
    if text == UTC:
        return dt.UTC
    if len(text) <= LONGEST:
        for read, form in ((_named, _NAME), (_ruled, _POSIX)):
            if form.fullmatch(text):
                try:
                    return read(text)
                except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
                    continue
    raise TimeZoneUnknown(text)


def _named(name: str) -> dt.tzinfo:
    if name.startswith(_OTHER_CLOCKS):
        raise ValueError(name)
    import zoneinfo  # not at the start, which it would make longer

    return zoneinfo.ZoneInfo(name)


def _ruled(rules: str) -> dt.tzinfo:
    """By a file in memory that has nothing but the string for all times (TZif, RFC 8536, 3.3)."""
    import zoneinfo

    block = _HEADER.pack(b"TZif", b"2", 0, 0, 0, 0, 1, 4) + _TYPE.pack(0, 0, 0) + b"UTC\0"
    return zoneinfo.ZoneInfo.from_file(io.BytesIO(block + block + f"\n{rules}\n".encode()), key=rules)
