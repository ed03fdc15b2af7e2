"""Which moves of a keypad are a person's, and which keys are broken. No I/O, and no clock of its own."""

from __future__ import annotations

from collections import deque

from hal.keypad import KeyMove, PhoneKey

MOST_DOWN = 4
"""At once; who presses more has put something on the keys."""
MOST_PRESSES = 15
"""Of one key within a second; no finger is as quick."""
HELD_SECONDS = 60.0
"""No finger stays for so long."""
QUIET_SECONDS = 5.0
"""A key that chattered is believed again after so long without a move."""


class KeyGuard:
    """Passes on what fingers do. `now` is always the same clock's second.

    A key that is held too long counts as let go, one that chatters as not pressed, until it behaves again: `broken`
    says which. At `deadline` (None: never) `tick` has something to do.
    """

    def __init__(self) -> None:
        self._pressed: dict[PhoneKey, float] = {}
        self._presses: dict[PhoneKey, deque[float]] = {}
        self._stuck: set[PhoneKey] = set()
        self._chattering: dict[PhoneKey, float] = {}

    @property
    def down(self) -> frozenset[PhoneKey]:
        """The keys that are down, as far as they are listened to, and those that are stuck."""
        return frozenset(self._pressed) | self._stuck

    @property
    def broken(self) -> frozenset[PhoneKey]:
        """The keys that are not listened to."""
        return frozenset(self._chattering) | self._stuck

    @property
    def deadline(self) -> float | None:
        """When time alone changes something."""
        held = (since + HELD_SECONDS for since in self._pressed.values())
        quiet = (last + QUIET_SECONDS for last in self._chattering.values())
        return min((*held, *quiet), default=None)

    def moved(self, key: PhoneKey, now: float, *, pressed: bool) -> KeyMove | None:
        """The keypad tells of a key; the move of a finger in it, if there is one."""
        if key in self._chattering:
            self._chattering[key] = now
            return None
        if not pressed:
            self._stuck.discard(key)
            return KeyMove(key, pressed=False) if self._pressed.pop(key, None) is not None else None
        if key in self.down or self._chatters(key, now) or len(self._pressed) >= MOST_DOWN:
            return None
        self._pressed[key] = now
        return KeyMove(key, pressed=True)

    def tick(self, now: float) -> list[KeyMove]:
        """Time has passed: which keys are to be told as let go."""
        held = [key for key, since in self._pressed.items() if now >= since + HELD_SECONDS]
        for key in held:
            del self._pressed[key]
        self._stuck.update(held)
        self._chattering = {key: last for key, last in self._chattering.items() if now < last + QUIET_SECONDS}
        return [KeyMove(key, pressed=False) for key in held]

    def _chatters(self, key: PhoneKey, now: float) -> bool:
        presses = self._presses.setdefault(key, deque(maxlen=MOST_PRESSES))
        presses.append(now)
        if len(presses) < MOST_PRESSES or now - presses[0] >= 1.0:
            return False
        presses.clear()
        self._chattering[key] = now
        return True
