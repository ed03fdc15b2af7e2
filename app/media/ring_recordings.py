"""The ring tones, ready to be played: made by processes of their own, since what makes them is large.

numpy alone would be a sixth of the phone's memory, for some seconds' work after its start.
"""

from __future__ import annotations

import asyncio
import logging
import sys

import msgspec

from app.model.flags import LogFlag
from app.model.media import DEFAULT_RING_TONE, RING_TONES

log = logging.getLogger(LogFlag.MEDIA)

LONGEST_SECONDS = 120.0
_made: dict[str, bytes] = {}


async def prepare() -> None:
    """Make all that are not made yet. When it is cancelled nothing goes on."""
    missing = [name for name in RING_TONES if name not in _made]
    if missing and not await _make(*missing):
        log.warning("ring tones are made when they are played, which takes longer")


def ready(name: str) -> bytes | None:
    """One loop of a ring tone, 16 kHz mono, int16 as the machine has it; None while that is not made: `make` first.

    Where the name is unknown it is the default's.
    """
    return _made.get(_known(name))


def any_ready() -> tuple[str, bytes] | None:
    """The name and one loop of a ring tone that is made; None where none is."""
    return next(iter(_made.items()), None)


async def make(name: str) -> None:
    """Have one made that is wanted now, as `ready` tells. The loop goes on meanwhile.

    Where no process makes it a thread does, with which the loop has to share the interpreter. A machine that has no
    room for that either, or whose disk gives nothing any more, makes none.
    """
    name = _known(name)
    if name in _made or await _make(name):
        return
    try:
        _made[name] = await asyncio.to_thread(_samples, name)
    except (MemoryError, ImportError, OSError, RuntimeError) as error:  # RuntimeError: there is no thread
        log.error("ring tone %s cannot be made: %r", name, error)


async def _make(*names: str) -> bool:
    """False where they are not made."""
    try:
        _made.update(msgspec.msgpack.decode(await _written(*names), type=dict[str, bytes]))
    except (OSError, msgspec.DecodeError) as error:  # TimeoutError is an OSError
        log.warning("no process makes ring tones: %s", error)
    return all(name in _made for name in names)


async def _written(*names: str) -> bytes:
    maker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.media.ring_tones", *names),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        written, _ = await asyncio.wait_for(maker.communicate(), LONGEST_SECONDS)
    finally:
        if maker.returncode is None:
            maker.kill()
            await maker.wait()
    return written


def _known(name: str) -> str:
    return name if name in RING_TONES else DEFAULT_RING_TONE


def _samples(name: str) -> bytes:
    from app.media import ring_tones

    return ring_tones.samples(name).tobytes()
