"""Drives the screen lock: gives it the time, has PINs checked in a worker, and keeps its attempts on the disk."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from app.model.commands import Command
from app.model.dialplan import EmergencyNumbers
from app.model.flags import LogFlag
from app.model.refusal import Refusal
from app.model.snapshot import LockView
from app.security.errors import PinHashMalformed, PinRefused
from app.security.lock import Attempts, Moment, ScreenLock, permits
from app.security.pin import PinHasher, check_new_pin

log = logging.getLogger(LogFlag.SECURITY)

_LONGEST_TRY = 64
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class LockStorage(Protocol):
    """Where the PIN's hash and the attempts are kept. The coroutines raise `OSError` when the disk refuses."""

    def pin_hash(self) -> str:
        """The PHC string of the PIN; empty where none is set."""

    async def keep_pin_hash(self, phc: str) -> None:
        """Keep a new hash; empty removes the PIN."""

    def attempts(self) -> bytes:
        """What `keep_attempts` kept last; empty where nothing is readable. Called once, at the start; may block."""

    async def keep_attempts(self, record: bytes) -> None:
        """Keep this until the next; safe on the disk on return."""


def read_clock() -> Moment:
    """The time now, with the kernel's name for this boot."""
    return Moment(time.monotonic(), _boot_id())


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


class LockKeeper:
    """The lock of the running phone. All methods belong to the loop's thread; `changed` is told of a new `view`.

    `idle_limit` is in seconds, 0 never locks. `close` it at the end.
    """

    def __init__(
        self,
        storage: LockStorage,
        hasher: PinHasher,
        changed: Callable[[], None],
        idle_limit: float,
        clock: Callable[[], Moment] = read_clock,
    ) -> None:
        self._storage = storage
        self._hasher = hasher
        self._changed = changed
        self._clock = clock
        self._lock = ScreenLock(
            _decode(storage.attempts()), clock(), pin_set=bool(storage.pin_hash()), idle_limit=idle_limit
        )
        self._timer: asyncio.TimerHandle | None = None
        self._writing = asyncio.Lock()
        self._shown = self._lock.view
        self._after()

    @property
    def view(self) -> LockView:
        """The lock as surfaces see it."""
        return self._lock.view

    def permits(self, command: Command, emergency: EmergencyNumbers) -> bool:
        """Whether the phone obeys this command as it is locked or open now."""
        return not self._lock.locked or permits(command, emergency)

    def used(self) -> None:
        """The user did something, or is in a call: the idle time begins anew."""
        self._lock.used(self._clock().monotonic)

    def set_idle_limit(self, seconds: float) -> None:
        """The setting changed."""
        self._lock.set_idle_limit(seconds, self._clock().monotonic)
        self._after()

    def pin_changed(self) -> None:
        """The stored PIN was set or removed by somebody else, the administrator for one."""
        self._lock.set_pin(pin_set=bool(self._storage.pin_hash()), now=self._clock().monotonic)
        self._after()

    def lock(self) -> Refusal | None:
        """Lock now; refused while there is no PIN."""
        refusal = self._lock.lock()
        self._after()
        return refusal

    async def unlock(self, pin: str) -> Refusal | None:
        """Try a PIN; None means the phone is open."""
        if not self._lock.locked:
            return None
        refusal = await self._try(pin)
        if refusal is None:
            self._lock.unlock(self._clock().monotonic)
            self._after()
        return refusal

    async def change_pin(self, old: str, new: str) -> Refusal | None:
        """Set, change or (empty `new`) remove the PIN; a wrong `old` counts as a wrong PIN."""
        try:
            if new:
                check_new_pin(new)
        except PinRefused as error:
            return Refusal(str(error), error.advice)
        if self._storage.pin_hash():
            refusal = await self._try(old)
            if refusal is not None:
                return refusal
        try:
            await self._storage.keep_pin_hash(await self._hasher.hash(new) if new else "")
        except OSError as error:
            log.warning("the new PIN could not be kept: %s", error)
            return Refusal("The new PIN could not be stored; the old one stays.", "Have the phone's storage looked at.")
        self.pin_changed()
        return None

    def close(self) -> None:
        """Keep no timer any more."""
        if self._timer is not None:
            self._timer.cancel()

    async def _try(self, pin: str) -> Refusal | None:
        refusal = self._lock.begin(self._clock())
        if refusal is not None:
            return refusal
        self._after()
        # Shielded: a surface that goes away must not leave the lock waiting for its own check.
        return await asyncio.shield(self._check(pin))

    async def _check(self, pin: str) -> Refusal | None:
        right = False
        try:
            await self._keep_attempts()
            right = len(pin) <= _LONGEST_TRY and await self._hasher.verify(pin, self._storage.pin_hash())
        except PinHashMalformed as error:
            log.error("%s", error)
        finally:
            refusal = self._lock.finish(self._clock(), right=right)
            self._after()
        await self._keep_attempts()
        return refusal

    async def _keep_attempts(self) -> None:
        # One at a time: the next try may begin while the last one's outcome is still being written.
        async with self._writing:
            try:
                await self._storage.keep_attempts(msgspec.json.encode(self._lock.attempts))
            except OSError as error:
                # A full disk must not lock the owner out; the delays still hold until the next start.
                log.warning("wrong PINs could not be counted on the disk: %s", error)

    def _tick(self) -> None:
        self._timer = None
        self._lock.tick(self._clock().monotonic)
        self._after()

    def _after(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._lock.deadline
        if deadline is not None:
            delay = max(0.0, deadline - self._clock().monotonic)
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)
        if self._lock.view != self._shown:
            self._shown = self._lock.view
            self._changed()


def _decode(record: bytes) -> Attempts:
    if not record:
        return Attempts()
    try:
        return msgspec.json.decode(record, type=Attempts)
    except msgspec.DecodeError as error:
        log.warning("the record of wrong PINs is not understood: %s", type(error).__name__)
        return Attempts()
