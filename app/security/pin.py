"""The PIN's hash: scrypt (RFC 7914), a salt for each PIN, written in the PHC string format.

A PIN of a few digits is weak whatever its hash; what protects it is the growing delay of the screen lock. The
hash keeps it from being read out of a backup at a glance.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import re
from concurrent.futures import Executor

from app.security.errors import PinHashMalformed, PinRefused

SHORTEST, LONGEST = 4, 12

_LOG2_N, _R, _P = 15, 8, 1
"""32 MiB and about 0.1 s on a desktop machine."""
_SALT_BYTES, _HASH_BYTES = 16, 32
_LARGEST_LOG2_N, _LARGEST_R, _LARGEST_P = 18, 16, 4
_PHC = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})")


def check_new_pin(pin: str) -> None:
    """Refuse a new PIN that nobody can type on a keypad, or anybody can guess. Raises `PinRefused`."""
    if not re.fullmatch(r"[0-9]+", pin):
        raise PinRefused("A PIN is made of digits.", "Use the digits 0 to 9 only.")
    if not SHORTEST <= len(pin) <= LONGEST:
        raise PinRefused(f"That PIN has {len(pin)} digits.", f"Use {SHORTEST} to {LONGEST} digits.")


class PinHasher:
    """Hashes and verifies in `executor` (None: the loop's own), because both take long and hold 32 MiB."""

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor

    async def hash(self, pin: str) -> str:
        """The PIN's hash with a fresh salt, as `$scrypt$ln=15,r=8,p=1$SALT$HASH`."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, hash_pin, pin)

    async def verify(self, pin: str, phc: str) -> bool:
        """Whether the PIN is the one hashed; compares in constant time. Raises `PinHashMalformed`."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, verify_pin, pin, phc)


def hash_pin(pin: str) -> str:
    """What `PinHasher.hash` does, in this thread; blocks."""
    salt = os.urandom(_SALT_BYTES)
    digest = _scrypt(pin, salt, _LOG2_N, _R, _P)
    return f"$scrypt$ln={_LOG2_N},r={_R},p={_P}${_encode(salt)}${_encode(digest)}"


def verify_pin(pin: str, phc: str) -> bool:
    """What `PinHasher.verify` does, in this thread; blocks."""
    match = re.fullmatch(_PHC, phc)
    if match is None:
        raise _malformed()
    log2_n, r, p = (int(number) for number in match.group(1, 2, 3))
    if not (1 <= log2_n <= _LARGEST_LOG2_N and 1 <= r <= _LARGEST_R and 1 <= p <= _LARGEST_P):
        raise _malformed()
    salt, digest = (base64.b64decode(part + "=" * (-len(part) % 4)) for part in match.group(4, 5))
    return hmac.compare_digest(_scrypt(pin, salt, log2_n, r, p), digest)


def _scrypt(pin: str, salt: bytes, log2_n: int, r: int, p: int) -> bytes:
    n = 1 << log2_n
    memory = 128 * r * (n + p + 2)
    return hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, dklen=_HASH_BYTES, maxmem=memory)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _malformed() -> PinHashMalformed:
    return PinHashMalformed(
        "The stored PIN is not readable.", "Have the administrator remove the PIN; then set a new one."
    )
