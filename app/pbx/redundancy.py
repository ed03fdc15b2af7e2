"""Which PBX is tried next, and what is learnt on each good connection. Sans-IO; it has no clock either.

Source: Reference16r1, Concept myApps Redundancy.
"""

from __future__ import annotations

import msgspec

from app.model.pbx import ConnectionInfo
from app.pbx.server_string import PbxAddress, ServerString


class Standbys(msgspec.Struct, frozen=True):
    """Who stands in for the PBX that took the login, as that says itself."""

    explicit: PbxAddress | None = None
    """The PBX that was configured to."""
    implicit: PbxAddress | None = None
    """The master, for a slave that has no other."""


class Learnt(msgspec.Struct, frozen=True):
    """What a good connection taught. `home` is the user's own PBX."""

    home: PbxAddress | None = None
    secondary: PbxAddress | None = None


class Redundancy:
    """Chooses among the configured (primary) PBX, the current and the secondary one.

    `next` names whom to try; then either `reached` or nothing is said of it. `round_over` tells when everybody has been
    tried in vain: whoever waits between attempts waits then, and calls `new_round`. `learnt` is worth keeping.
    """

    def __init__(self, server: ServerString, learnt: Learnt | None = None) -> None:
        self._primary = server.address
        self._phys = server.phys
        self.learnt = learnt or Learnt()
        self._current: PbxAddress | None = None
        self._up = False
        self._standby = False
        self._tried: list[PbxAddress] = []

    @property
    def round_over(self) -> bool:
        """Everybody there is has been tried since the last loss or round."""
        return all(one in self._tried for one in self._candidates())

    @property
    def info(self) -> ConnectionInfo:
        """`connInfo`, as it is published."""
        return ConnectionInfo(
            up=self._up,
            standby=self._up and self._standby,
            cur=_text(self._current),
            pri=str(self._primary),
            sec=_text(self.learnt.secondary),
            phys=self._phys,
        )

    def next(self) -> PbxAddress:
        """Whom to try now: the current one after a loss, then primary and secondary in turn."""
        if self.round_over:
            self.new_round()
        chosen = next(one for one in self._candidates() if one not in self._tried)
        self._tried.append(chosen)
        return chosen

    def new_round(self) -> None:
        """Begin with primary and secondary again: the current PBX has had its one attempt."""
        self._current = None
        self._tried.clear()

    def reached(self, address: PbxAddress, standbys: Standbys, *, redirected: bool) -> None:
        """A login succeeded at `address`, where the client was `redirected` to or went by itself."""
        home = self.learnt.home
        # Who was sent there by another PBX is at home: a PBX that stands in redirects nobody to itself.
        self._standby = not redirected and home is not None and address != home
        self._current, self._up = address, True
        if not self._standby:
            self.learnt = Learnt(address, self._secondary(address, standbys, redirected=redirected))

    def lost(self) -> None:
        """A good connection is gone: the current PBX is tried first."""
        self._up = False
        self._tried.clear()

    def failed(self) -> None:
        """The current PBX took the login, and nothing came of it: whoever was not tried before has his turn."""
        self._up = False
        if self._current is not None and self._current not in self._tried:
            self._tried.append(self._current)

    def go_home(self) -> None:
        """The PBX that was stood in for is back: begin with the primary one, which knows the way."""
        self._up = False
        self.new_round()

    def _candidates(self) -> tuple[PbxAddress, ...]:
        wanted = (self._current, self._primary, self.learnt.secondary)
        return tuple(dict.fromkeys(one for one in wanted if one is not None))

    @staticmethod
    def _secondary(address: PbxAddress, standbys: Standbys, *, redirected: bool) -> PbxAddress | None:
        if redirected:
            return standbys.explicit or address
        found = standbys.explicit or standbys.implicit
        return None if found == address else found


def _text(address: PbxAddress | None) -> str:
    return "" if address is None else str(address)
