"""Who is there, who is away, and who wants to know."""

from __future__ import annotations

from collections.abc import Callable

from app.demo.myapps.guesses import AWAY, IM, ON_THE_PHONE, TEL
from app.demo.myapps.wire import Part


class Presence(Part, frozen=True):
    """One contact of a user: `tel:` his phones, `im:` his client, others by the apps that set them."""

    contact: str
    status: str
    activity: str = ""
    note: str = ""


Watcher = Callable[[], None]


class PresenceBoard:
    """The presence of all users of an installation."""

    def __init__(self) -> None:
        self._chosen: dict[str, dict[str, Presence]] = {}
        self._registrations: dict[str, int] = {}
        self._clients: dict[str, list[bool]] = {}
        self._talking: dict[str, int] = {}
        self._watchers: dict[str, set[Watcher]] = {}

    def of(self, sip: str) -> tuple[Presence, ...]:
        """All contacts, `tel:` and `im:` first."""
        chosen = dict(self._chosen.get(sip, {}))
        tel = chosen.pop(TEL, Presence(TEL, "open"))
        registered = self._registrations.get(sip, 0) > 0
        activity = tel.activity or (ON_THE_PHONE if self._talking.get(sip) else "")
        clients = self._clients.get(sip, [])
        first = Presence(TEL, "open" if registered and activity != "dnd" else "closed", activity, tel.note)
        second = Presence(IM, "open" if clients else "closed", AWAY if clients and all(clients) else "")
        chosen.pop(IM, None)
        return (first, second, *chosen.values())

    def up(self, sip: str) -> bool:
        """Whether any phone or client of the user is there."""
        return bool(self._registrations.get(sip, 0) or self._clients.get(sip))

    def choose(self, sip: str, presence: Presence) -> None:
        """What a user or an app says of one contact."""
        self._chosen.setdefault(sip, {})[presence.contact] = presence
        self._changed(sip)

    def registered(self, sip: str, by: int) -> None:
        """A phone has come (+1) or gone (-1)."""
        self._registrations[sip] = self._registrations.get(sip, 0) + by
        self._changed(sip)

    def talking(self, sip: str, calls: int) -> None:
        """How many connected calls a user has."""
        if calls != self._talking.get(sip, 0):
            self._talking[sip] = calls
            self._changed(sip)

    def clients(self, sip: str, inactive: list[bool]) -> None:
        """The clients of a user: whether each is inactive."""
        self._clients[sip] = inactive
        self._changed(sip)

    def watch(self, sip: str, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` after each change; what is returned ends it."""
        watchers = self._watchers.setdefault(sip, set())
        watchers.add(watcher)
        return lambda: watchers.discard(watcher)

    def _changed(self, sip: str) -> None:
        for watcher in tuple(self._watchers.get(sip, ())):
            watcher()
