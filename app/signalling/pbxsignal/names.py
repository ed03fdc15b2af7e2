"""The names by which the two ends of a call find each other again when its signalling was lost (16r1, Reconnect Calls).

Who can do that says so in the setup; who takes the call answers with a name. A setup that bears one of the two names
takes the place of the call that is known by it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable

from app.signalling.pbxsignal.facilities import AnyFacility, ReconnectInfo, ReconnectInit
from app.signalling.pbxsignal.messages import EndPoint


class Names:
    """Those of one call. `user` gives our own name at the PBX."""

    def __init__(self, user: Callable[[], str]) -> None:
        self._user = user
        self._ours = ""
        self._theirs: ReconnectInfo | None = None

    def __contains__(self, name: str | int) -> bool:
        return bool(name) and str(name) in (self._ours, self._given)

    def __bool__(self) -> bool:
        """Whether there is one: without, nobody finds the call again."""
        return bool(self._ours or self._given)

    @property
    def all(self) -> frozenset[str]:
        """Whatever a setup may call it."""
        return frozenset({self._ours, self._given} - {""})

    @property
    def ours_goes_first(self) -> bool:
        """Where both ends set up anew at once, whose setup stands: the caller's, who was given the only name.

        After a transfer both have given one, and the greater decides.
        """
        return not self._ours or (bool(self._given) and self._ours > self._given)

    def receive(self, elements: Iterable[AnyFacility]) -> None:
        """What a message of the far end says of names."""
        for element in elements:
            if isinstance(element, ReconnectInfo) and str(element.id):
                self._theirs = element
            elif isinstance(element, ReconnectInit):
                self._ours = self._ours or secrets.token_hex(16)

    def keep(self) -> tuple[str, ReconnectInfo | None]:
        """Ours, and the far end's."""
        return self._ours, self._theirs

    def resume(self, ours: str, theirs: ReconnectInfo | None) -> None:
        """They are what a process before this one kept."""
        self._ours, self._theirs = ours, theirs

    def forget(self) -> None:
        """Somebody else is at the far end now."""
        self._ours, self._theirs = "", None

    def given(self) -> tuple[AnyFacility, ...]:
        """What our alert and our conn tell who asked for it."""
        return (ReconnectInfo(self._ours, EndPoint(sip=self._user())),) if self._ours else ()

    def reference(self) -> ReconnectInfo | None:
        """What the setup that takes the call's place bears, and the conn that answers one; None without a name."""
        return ReconnectInfo(self._given or self._ours, EndPoint(sip=self._user())) if self else None

    @property
    def place(self) -> EndPoint | None:
        """Whom to call, where the far end has said so."""
        return None if self._theirs is None else self._theirs.ep

    @property
    def _given(self) -> str:
        return "" if self._theirs is None else str(self._theirs.id)
