"""Mix buses: everybody on one hears the others."""

from __future__ import annotations

import math

from native.binding import Core, Handle, checked, lib
from native.errors import InvalidArgument

GAIN_MIN_DB = -60.0
GAIN_MAX_DB = 24.0


class Bus(Handle):
    """A mix at 16 kHz. Streams and devices join it; tones and players can sound on it, heard by all who listen."""


def gain_factor(decibel: float, what: str) -> float:
    """The linear factor of a gain within -60 to 24 dB; minus infinity is silence."""
    if decibel == -math.inf:
        return 0.0
    if not GAIN_MIN_DB <= decibel <= GAIN_MAX_DB:
        message = f"{what}: {decibel} dB is not within {GAIN_MIN_DB:.0f} to {GAIN_MAX_DB:.0f}, nor -inf"
        raise InvalidArgument(message)
    return float(10 ** (decibel / 20))


class Party(Handle):
    """Something that talks and listens on at most one bus."""

    def __init__(self, core: Core, number: int) -> None:
        """Takes over a party that C has just made; it is on no bus yet."""
        super().__init__(core, number)

    def join(self, bus: Bus, *, talk: bool = True, listen: bool = True, gain_db: float = 0.0) -> None:
        """Moves to `bus`, from the next tick on. `gain_db` applies to what this party says."""
        factor = gain_factor(gain_db, "join")
        checked(lib.engine_join(self._core.pointer, self.id, bus.id, talk, listen, factor), "join")

    def leave(self) -> None:
        """Leaves its bus: it is heard by nobody and hears silence."""
        checked(lib.engine_leave(self._core.pointer, self.id), "leave")
