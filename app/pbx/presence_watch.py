"""Whose presence is watched, over all sessions: each new one subscribes anew. Sans-IO."""

from __future__ import annotations

from collections.abc import Callable

from app.pbx.listeners import tell
from app.pbx.myapps_session import MyAppsSession
from app.pbx.session_messages import UpdatePresence, Watched

Told = Callable[[UpdatePresence], None]


class PresenceWatch:
    """Belongs to one thread. The PBX is asked once for each who is watched, however many watch."""

    def __init__(self) -> None:
        self._session: MyAppsSession | None = None
        self._watching: dict[Watched, list[Told]] = {}
        self._newest: dict[Watched, UpdatePresence] = {}

    def watch(self, watched: Watched, told: Told) -> Callable[[], None]:
        """Call `told` with what is known, and with every change. Returns what ends that."""
        first = watched not in self._watching
        self._watching.setdefault(watched, []).append(told)
        if first and self._session is not None:
            self._session.subscribe_presence(watched)
        elif watched in self._newest:
            told(self._newest[watched])
        return lambda: self._stop(watched, told)

    def session_up(self, session: MyAppsSession) -> None:
        """A session has begun."""
        self._session = session
        for watched in self._watching:
            session.subscribe_presence(watched)

    def session_down(self) -> None:
        """Nobody knows anything of anybody."""
        self._session = None
        for watched in tuple(self._newest):
            self._tell(watched, UpdatePresence(watched.sip, watched.num))
        self._newest.clear()

    def take(self, update: UpdatePresence) -> None:
        """The PBX tells: it names who is meant as the subscription did."""
        for watched in tuple(self._watching):
            if (watched.sip and watched.sip == update.sip) or (watched.num and watched.num == update.num):
                self._newest[watched] = update
                self._tell(watched, update)

    def _tell(self, watched: Watched, update: UpdatePresence) -> None:
        for told in tuple(self._watching.get(watched, ())):
            tell(told, update)

    def _stop(self, watched: Watched, told: Told) -> None:
        self._watching[watched].remove(told)
        if not self._watching[watched]:
            del self._watching[watched]
            self._newest.pop(watched, None)
            if self._session is not None:
                self._session.unsubscribe_presence(watched)
