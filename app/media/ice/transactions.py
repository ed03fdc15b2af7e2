"""Client transactions over UDP: requests repeated until they are answered (RFC 8489, 6.2.1)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from app.media.ice.stun import Class, Message

RETRANSMISSION_TIMEOUT = 0.5
REQUESTS_MAX = 6
"""RFC 8489 lets the 7 of its default be configured; nobody waits longer on a telephone."""
LAST_WAIT = 8
"""Times the first timeout, after the last request. RFC 8489 calls it Rm and has 16."""


Finished = Callable[[Message | None, float], None]
"""Gets the response, or None when nobody answered in time; and the time."""


@dataclass
class Transaction:
    """A request under way. `cancelled`: not repeated any more, though an answer still counts (RFC 8445, 7.3.1.4)."""

    send: Callable[[], None]
    finished: Finished
    due: float
    interval: float
    longest: float
    left: int
    last_wait: float
    cancelled: bool = False


class Transactions:
    """All requests of one party that wait for an answer."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, Transaction] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def start(
        self,
        transaction: bytes,
        send: Callable[[], None],
        finished: Finished,
        now: float,
        timeout: float = RETRANSMISSION_TIMEOUT,
        requests: int = REQUESTS_MAX,
        longest: float = math.inf,
    ) -> Transaction:
        """Send now, and again at intervals that double up to `longest`, `requests` times in all.

        Then wait once more and give up.
        """
        last_wait = timeout * LAST_WAIT
        started = Transaction(send, finished, now + timeout, timeout, max(timeout, longest), requests - 1, last_wait)
        if requests == 1:
            started.due = now + last_wait
        self._waiting[transaction] = started
        send()
        return started

    def answer(self, message: Message, now: float) -> bool:
        """Take a response; False where nothing waits for it."""
        if message.kind not in (Class.SUCCESS, Class.ERROR):
            return False
        waiting = self._waiting.pop(message.transaction, None)
        if waiting is not None:
            waiting.finished(message, now)
        return waiting is not None

    def awaited(self, transaction: bytes) -> bool:
        """Whether a response to this is expected."""
        return transaction in self._waiting

    def forget(self) -> None:
        """Let go of everything, unfinished."""
        self._waiting.clear()

    @property
    def deadline(self) -> float | None:
        """When `wake` has something to do."""
        return min((waiting.due for waiting in self._waiting.values()), default=None)

    def wake(self, now: float) -> None:
        """Repeat what is due, and give up what has waited long enough."""
        for transaction, waiting in tuple(self._waiting.items()):
            if waiting.due > now or transaction not in self._waiting:
                continue
            if waiting.left == 0:
                del self._waiting[transaction]
                waiting.finished(None, now)
                continue
            waiting.left -= 1
            waiting.interval = min(2 * waiting.interval, waiting.longest)
            waiting.due = now + (waiting.interval if waiting.left else waiting.last_wait)
            if not waiting.cancelled:
                waiting.send()
