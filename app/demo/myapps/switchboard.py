"""The tables of the call server: which phones are there, and which legs."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable

from app.demo.myapps.installation import Installation
from app.demo.myapps.legs import Call, Leg, Station

MOST_REMEMBERED = 1000
"""Legs that are over; messages for them have crossed with the end and are no mistake."""


class Switchboard:
    """Stations and legs of an installation. `watchers` are called with a call after each change of it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.watchers: list[Callable[[Call], None]] = []
        self._stations: dict[str, list[Station]] = {}
        self._legs: dict[tuple[Station, int], Leg] = {}
        self._over: deque[tuple[Station, int]] = deque(maxlen=MOST_REMEMBERED)
        self._numbers = itertools.count(1)

    @property
    def legs(self) -> tuple[Leg, ...]:
        """All legs that there are."""
        return tuple(self._legs.values())

    def add(self, station: Station) -> None:
        """A phone has come."""
        sip = station.subscriber.user.sip
        self._stations.setdefault(sip, []).append(station)
        self.installation.board.registered(sip, 1)

    def remove(self, station: Station) -> None:
        """A phone has gone; its legs are still there."""
        sip = station.subscriber.user.sip
        self._stations[sip].remove(station)
        self.installation.board.registered(sip, -1)

    def stations(self, sip: str) -> tuple[Station, ...]:
        """The phones of a user."""
        return tuple(self._stations.get(sip, ()))

    def new_leg(self, station: Station, number: int = 0, call: Call | None = None) -> Leg:
        """A leg; without a number it is one that the PBX begins."""
        leg = Leg(station, number or -next(self._numbers), call)
        self._legs[(station, leg.number)] = leg
        return leg

    def leg(self, station: Station, number: int) -> Leg | None:
        """How a phone speaks of it."""
        return self._legs.get((station, number))

    def was_there(self, station: Station, number: int) -> bool:
        """Whether such a leg has ended a short while ago."""
        return (station, number) in self._over

    def at(self, station: Station) -> tuple[Leg, ...]:
        """The legs at one phone."""
        return tuple(leg for leg in self._legs.values() if leg.station is station)

    def of(self, sip: str) -> tuple[Leg, ...]:
        """The legs at all phones of a user."""
        return tuple(leg for leg in self._legs.values() if leg.subscriber.user.sip == sip)

    def is_there(self, call: Call) -> bool:
        """Whether a call has any leg left."""
        return any(leg.call is call for leg in self._legs.values())

    def forget(self, leg: Leg) -> None:
        """A leg is over; whoever has it was told or need not be."""
        if self._legs.pop((leg.station, leg.number), None) is None:
            return
        self._over.append((leg.station, leg.number))
        if leg.finished is not None:
            leg.finished()
        if leg.call is not None:
            self.changed(leg.call)
        self._count(leg)

    def end(self, call: Call, cause: int, *, but: Leg | None = None) -> None:
        """Everybody but one hears that it is over."""
        for leg in call.legs:
            if leg is not but and self.leg(leg.station, leg.number) is leg:
                leg.release(cause)
            self.forget(leg)
        if call.onward is not None:
            self.end(call.onward, cause, but=call.onward.caller)

    def changed(self, call: Call) -> None:
        """Something has happened to a call."""
        for leg in call.legs:
            self._count(leg)
        for watcher in tuple(self.watchers):
            watcher(call)

    def _count(self, leg: Leg) -> None:
        sip = leg.subscriber.user.sip
        talking = sum(one.call is not None and one in one.call.talkers for one in self.of(sip))
        self.installation.board.talking(sip, talking)
