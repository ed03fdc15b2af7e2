"""Whose presence and calls are watched, over all sessions: each new one subscribes anew. Sans-IO."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.model import pbx_guesses
from app.model.pbx import Busy, Person
from app.model.plain_text import printable
from app.pbx.errors import WatchRefused
from app.pbx.listeners import tell
from app.pbx.myapps_session import MyAppsSession
from app.pbx.session_messages import DialogInfo, UpdatePresence, Watched
from app.pbx.shown import shown_presence

MOST_WATCHED = 128
MOST_CALLS = 32
"""Of one person; the oldest is forgotten."""

Told = Callable[[Person], None]


class PeopleWatch:
    """Belongs to one thread. The PBX is asked once for each who is watched, however many watch."""

    def __init__(self) -> None:
        self._session: MyAppsSession | None = None
        self._watched: dict[Watched, _Watch] = {}

    def watch(self, watched: Watched, told: Told) -> Callable[[], None]:
        """Call `told` with what is known, and with every change. Returns what ends that. Raises WatchRefused."""
        found = self._watched.get(watched)
        if found is None:
            if len(self._watched) >= MOST_WATCHED:
                raise WatchRefused(f"The phone watches {MOST_WATCHED} people already.", "Watch fewer.")
            found = self._watched[watched] = _Watch(watched)
            self._subscribe(watched)
        elif found.person.up:
            tell(told, found.person)
        found.told.append(told)
        return lambda: self._stop(watched, told)

    def session_up(self, session: MyAppsSession) -> None:
        """A session has begun."""
        self._session = session
        for watched in self._watched:
            self._subscribe(watched)

    def session_down(self) -> None:
        """Nobody knows anything of anybody."""
        self._session = None
        for watch in self._watched.values():
            watch.forget()

    def take(self, update: UpdatePresence | DialogInfo) -> None:
        """The PBX tells: it names who is meant as the subscription did."""
        by_name, by_number = Watched(sip=update.sip), Watched(num=update.num)
        for watched in {by_name, by_number, Watched(update.sip, update.num)} - {Watched()}:
            if watched in self._watched:
                self._watched[watched].take(update)

    def _subscribe(self, watched: Watched) -> None:
        if self._session is not None:
            self._session.subscribe_presence(watched)
            self._session.subscribe_dialog(watched)

    def _stop(self, watched: Watched, told: Told) -> None:
        watch = self._watched[watched]
        watch.told.remove(told)
        if not watch.told:
            del self._watched[watched]
            if self._session is not None:
                self._session.unsubscribe_presence(watched)
                self._session.unsubscribe_dialog(watched)


class _Watch:
    """One who is watched, and who watches."""

    def __init__(self, watched: Watched) -> None:
        self.told: list[Told] = []
        self._nobody = Person(watched.sip, watched.num)
        self._presence = UpdatePresence()
        self._calls: dict[str, DialogInfo] = {}
        self.person = self._nobody

    def take(self, update: UpdatePresence | DialogInfo) -> None:
        """Something is new."""
        if isinstance(update, UpdatePresence):
            self._presence = update
        elif update.deleted:
            self._calls.pop(update.call_id, None)
        else:
            self._calls[update.call_id] = update
            if len(self._calls) > MOST_CALLS:
                del self._calls[next(iter(self._calls))]
        self._look()

    def forget(self) -> None:
        """Nothing is known any more."""
        self._presence = UpdatePresence()
        self._calls.clear()
        self._look()

    def _look(self) -> None:
        update, before = self._presence, self.person
        self.person = Person(
            self._nobody.sip,
            self._nobody.num,
            printable(update.ep.dn),
            up=update.up,
            presence=shown_presence(update.presence),
            busy=_busy(self._calls.values()),
        )
        if self.person != before:
            for told in tuple(self.told):
                tell(told, self.person)


def _busy(calls: Iterable[DialogInfo]) -> Busy:
    """A call that he is in comes before one that he is called by."""
    states = [call.state for call in calls if call.state.name in pbx_guesses.BUSY_STATES]
    if not states:
        return Busy.FREE
    rings = all(state.name in pbx_guesses.RINGING_STATES and not state.outgoing for state in states)
    return Busy.RINGING if rings else Busy.BUSY
