"""The places whose time the phone can show: the cities of the system's tz database, and a search in them."""

from __future__ import annotations

import dataclasses
import functools
import zoneinfo
from pathlib import Path

from app.kiosk.search import Span, word_span

_TABLE = "zone.tab"
"""A line for each: country, coordinates, name (tab-separated; the format stands in its first lines)."""


@dataclasses.dataclass(frozen=True)
class Zone:
    """A time zone by its name in the database, and the country (ISO 3166, small letters) that it is in."""

    name: str
    country: str = ""

    @property
    def city(self) -> str:
        """What people call it."""
        return city_of(self.name)

    @property
    def region(self) -> str:
        """Where in the world that is; empty for UTC."""
        return ", ".join(self.name.replace("_", " ").split("/")[:-1])


def city_of(name: str) -> str:
    """The city that a zone is named after."""
    return name.rpartition("/")[2].replace("_", " ")


@functools.cache
def zones() -> tuple[Zone, ...]:
    """All of them, of each country the most populous first, and UTC.

    Reads one file when it is asked first; without one there is UTC alone.
    """
    text = next((path.read_text() for folder in zoneinfo.TZPATH if (path := Path(folder, _TABLE)).is_file()), "")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return (*(Zone(row[2], row[0].lower()) for row in rows if len(row) > 2), Zone("UTC"))


def matching(text: str, country: str, limit: int) -> list[tuple[Zone, Span | None]]:
    """The cities with a word that begins so, and where it stands in the city's name; without a text the country's.

    A region counts too, after the cities.
    """
    wanted = text.strip().casefold()
    found: list[tuple[Zone, Span | None]]
    if not wanted:
        found = [(zone, None) for zone in zones() if zone.country == country]
    else:
        found = [(zone, span) for zone in zones() if (span := word_span(zone.city, wanted)) is not None]
        known = {zone for zone, _ in found}
        found.sort(key=lambda match: (bool(match[1] and match[1][0]), match[0].city))
        found += [(zone, None) for zone in zones() if zone not in known and word_span(zone.region, wanted) is not None]
    return found[:limit]
