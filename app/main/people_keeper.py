"""Watches those at the PBX whom the phone has to do with: whom it talks to, and talked to last."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from app.model.pbx import Person
from app.pbx.errors import WatchRefused
from app.pbx.session_messages import Watched

if TYPE_CHECKING:
    from app.pbx.client import PbxClient

MOST_PEOPLE = 32


class PeopleKeeper:
    """Belongs to the loop. `changed` is called when something is new of somebody who is watched."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._client: PbxClient | None = None
        self._stoppers: dict[str, Callable[[], None]] = {}
        self._people: dict[str, Person] = {}

    @property
    def people(self) -> tuple[Person, ...]:
        """Those of whom the PBX knows something, by number."""
        return tuple(person for _, person in sorted(self._people.items()) if person.up)

    def watch(self, client: PbxClient | None, numbers: Iterable[str]) -> None:
        """Watch these at the client's PBX, the first `MOST_PEOPLE` of them, and nobody else.

        The same once more costs nothing.
        """
        if client is not self._client:
            self._client = client
            self._stoppers.clear()  # what they would end has ended with the client before
            self._people.clear()
        wanted = list(dict.fromkeys(numbers))[:MOST_PEOPLE]
        for number in self._stoppers.keys() - set(wanted):
            self._stoppers.pop(number)()
            self._people.pop(number, None)
        for number in wanted:
            if client is not None and number not in self._stoppers:
                with contextlib.suppress(WatchRefused):  # apps may watch others
                    self._stoppers[number] = client.watch(Watched(num=number), self._told)

    def _told(self, person: Person) -> None:
        self._people[person.num] = person
        self._changed()
