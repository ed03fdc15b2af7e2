"""The timer values of RFC 3261 (table 4), in seconds."""

from __future__ import annotations

import msgspec


class Timers(msgspec.Struct, frozen=True):
    """`t1` estimates a round trip, `t2` bounds retransmission, `t4` is how long a message may linger."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0

    @property
    def give_up(self) -> float:
        """Timers B, F, H, J, L and M: how long a transaction waits for the other side."""
        return 64 * self.t1

    @property
    def absorb(self) -> float:
        """Timer D over UDP: how long a client answers retransmitted final responses to an INVITE."""
        return max(32.0, self.give_up)
