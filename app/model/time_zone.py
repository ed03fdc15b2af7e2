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
_DAY = r"(?:M(?:1[0-2]|0?[1-9])\.[1-5]\.[0-6]|J(?!0?59(?![0-9]))[0-9]{1,3})"
_RULE = rf",{_DAY}(?:/[+-]?[0-9]{{1,3}}{_SECONDS})?"
_POSIX = re.compile(rf"{_LETTERS}{_OFFSET}(?:{_LETTERS}(?:{_OFFSET})?{_RULE}{_RULE})?")
"""TZ of IEEE 1003.1, 8.3. Of summer time the days on which it begins and ends are needed.

Days that are counted from 0 are left out: zoneinfo counts them from 1, and nobody writes them. So is J59, which it
takes for 29 February in leap years.
"""
_CHANGE = re.compile(r",(?:M([0-9]+)\.([0-9])\.[0-9]|J([0-9]+))(?:/([+-]?[0-9]+))?")
"""The month and week or the day of a rule, and the hour."""
_NEAR = 33
"""Hours from New Year within which a change may be in another year by UTC or by the other offset (up to 32 h apart)."""

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

    if any(map(_near_new_year, _CHANGE.finditer(rules))):
        raise ValueError(rules)
    block = _HEADER.pack(b"TZif", b"2", 0, 0, 0, 0, 1, 4) + _TYPE.pack(0, 0, 0) + b"UTC\0"
    return zoneinfo.ZoneInfo.from_file(io.BytesIO(block + block + f"\n{rules}\n".encode()), key=rules)


def _near_new_year(change: re.Match[str]) -> bool:
    """Whether a rule may change the offset in another year than its own, in which zoneinfo does not look for it."""
    month, week, day, hour = change.groups()
    if day:
        first = last = int(day)
    else:
        first = dt.date(2001, int(month), 1).timetuple().tm_yday + 7 * (int(week) - 1)
        last = first + 6
    begin, end = (24 * (days - 1) + int(hour or 2) for days in (first, last))
    return begin < _NEAR or end > 365 * 24 - _NEAR
