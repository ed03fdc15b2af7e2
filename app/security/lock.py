"""The screen lock as a state machine: no clock, no disk, no hashing of its own.

Whoever drives it passes the time in, checks PINs, and keeps `ScreenLock.attempts` on the disk. An attempt is
counted before its PIN is checked, so that pulling the plug in between wins no free try.
"""

from __future__ import annotations

import msgspec

from app.model import dialplan
from app.model.commands import (
    Answer,
    Command,
    Dial,
    HangUp,
    ListenInGroup,
    MoveHook,
    PressKey,
    Reject,
    SelectPath,
    SetVolume,
    Silence,
    Unlock,
    Used,
)
from app.model.dialplan import EmergencyNumbers
from app.model.refusal import Refusal
from app.model.snapshot import LockView

FREE_ATTEMPTS = 3
"""So many wrong PINs cost no waiting."""
DELAYS_S = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
"""What each wrong PIN after them costs; the last is repeated."""

_ALWAYS = (Answer, Reject, HangUp, Unlock, Silence, SetVolume, SelectPath, ListenInGroup, Used, PressKey, MoveHook)


class Moment(msgspec.Struct, frozen=True):
    """A time in seconds that counts within one boot of the machine, which `boot` names; empty where it is unknown.

    There is no time of day in it: whoever answers the phone's questions for the time could shorten a delay by it.
    """

    monotonic: float
    boot: str


class Attempts(msgspec.Struct, frozen=True):
    """What must survive a restart: how many wrong PINs in a row, and when the last one was tried."""

    wrong: int = 0
    last: Moment | None = None


def delay_after(wrong: int) -> float:
    """Seconds to wait after so many wrong PINs in a row."""
    over = wrong - FREE_ATTEMPTS
    return 0.0 if over <= 0 else DELAYS_S[min(over, len(DELAYS_S)) - 1]


def permits(command: Command, emergency: EmergencyNumbers) -> bool:
    """Whether a locked phone obeys: emergency calls, incoming calls, and what harms nobody."""
    if isinstance(command, Dial):
        return dialplan.clean(command.number) in emergency
    return isinstance(command, _ALWAYS)


class ScreenLock:
    """Locked whenever it starts with a PIN set. `idle_limit` is in seconds; 0 never locks by itself."""

    def __init__(self, attempts: Attempts, now: Moment, *, pin_set: bool, idle_limit: float) -> None:
        self._attempts = attempts
        self._pin_set = pin_set
        self._idle_limit = idle_limit
        self._locked = pin_set
        self._checking = False
        self._used_at = now.monotonic
        remaining = _remaining(attempts, now)
        self._retry_at = now.monotonic + remaining if remaining > 0 else None

    @property
    def attempts(self) -> Attempts:
        """To be kept on the disk whenever it has changed."""
        return self._attempts

    @property
    def locked(self) -> bool:
        """True while the phone refuses what `permits` does not name."""
        return self._locked

    @property
    def view(self) -> LockView:
        """The lock as surfaces see it."""
        return LockView(self._locked, self._pin_set, self._checking, self._attempts.wrong, self._retry_at)

    @property
    def deadline(self) -> float | None:
        """The monotonic second at which `tick` has something to do, or None."""
        return min((at for at in (self._retry_at, self._idle_at) if at is not None), default=None)

    @property
    def _idle_at(self) -> float | None:
        idles = self._pin_set and not self._locked and self._idle_limit > 0
        return self._used_at + self._idle_limit if idles else None

    def tick(self, now: float) -> None:
        """Time has passed: lock an unused phone, end a delay."""
        if self._idle_at is not None and now >= self._idle_at:
            self._locked = True
        if self._retry_at is not None and now >= self._retry_at:
            self._retry_at = None

    def used(self, now: float) -> None:
        """The user did something, or is in a call: the idle time begins anew."""
        self._used_at = now

    def set_idle_limit(self, seconds: float, now: float) -> None:
        """The setting changed; the idle time begins anew."""
        self._idle_limit = seconds
        self._used_at = now

    def set_pin(self, *, pin_set: bool, now: float) -> None:
        """A PIN was set, changed or removed; a phone without one is open."""
        self._pin_set = pin_set
        self._locked = self._locked and pin_set
        self._used_at = now

    def lock(self) -> Refusal | None:
        """Lock now; refused while there is no PIN."""
        if not self._pin_set:
            return Refusal("The phone has no PIN yet.", "Set a PIN first, so that you can unlock it again.")
        self._locked = True
        return None

    def begin(self, now: Moment) -> Refusal | None:
        """A PIN is about to be checked. Unless refused, keep `attempts`, check, and call `finish`."""
        if self._checking:
            return Refusal("A PIN is being checked.", "Wait a moment.")
        self.tick(now.monotonic)
        if self._retry_at is not None:
            seconds = max(1, round(self._retry_at - now.monotonic))
            return Refusal("Too many wrong PINs.", f"Try again in {_in_words(seconds)}.")
        self._checking = True
        self._attempts = Attempts(self._attempts.wrong + 1, now)
        return None

    def finish(self, now: Moment, *, right: bool) -> Refusal | None:
        """The PIN was checked. A wrong one is refused and may cost a delay; a right one forgives all before it."""
        self._checking = False
        if right:
            self._attempts = Attempts()
            return None
        self._attempts = Attempts(self._attempts.wrong, now)
        delay = delay_after(self._attempts.wrong)
        if not delay:
            return Refusal("That PIN is wrong.", "Try again.")
        self._retry_at = now.monotonic + delay
        return Refusal("That PIN is wrong.", f"Try again in {_in_words(round(delay))}.")

    def unlock(self, now: float) -> None:
        """Open the phone after a right PIN."""
        self._locked = False
        self._used_at = now


def _remaining(attempts: Attempts, now: Moment) -> float:
    """Seconds still to wait after a restart; all of them after another boot, as nobody knows how long that took."""
    delay = delay_after(attempts.wrong)
    if attempts.last is None or not now.boot or attempts.last.boot != now.boot:
        return delay
    passed = now.monotonic - attempts.last.monotonic
    return delay if passed < 0 else max(0.0, delay - passed)


def _in_words(seconds: int) -> str:
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    minutes = -(-seconds // 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
