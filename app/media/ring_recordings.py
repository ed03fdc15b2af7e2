"""The ring tones, ready to be played: made once by a process of its own, since what makes them is large.

numpy alone would be a sixth of the phone's memory, for some seconds' work after its start.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import sys

import msgspec

from app.model.flags import LogFlag

log = logging.getLogger(LogFlag.MEDIA)

LONGEST_SECONDS = 120.0
_made: dict[str, bytes] = {}


async def prepare() -> None:
    """Make all that `recording` gives, where that is not done yet. When it is cancelled nothing goes on."""
    if _made:
        return
    try:
        _made.update(msgspec.msgpack.decode(await _written(), type=dict[str, bytes]))
    except (OSError, msgspec.DecodeError) as error:  # TimeoutError is an OSError
        log.warning("ring tones are made when they are played, which takes longer: %s", error)


async def _written() -> bytes:
    maker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.media.ring_tones"),
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


def recording(name: str) -> bytes:
    """One loop of a ring tone, 16 kHz mono, int16 as the machine has it; the default's where the name is unknown.

    At once, unless it is wanted before `prepare` is done: then it is made here.
    """
    return _made.get(name) or _make(name)


@functools.cache
def _make(name: str) -> bytes:
    from app.media import ring_tones

    return ring_tones.samples(name).tobytes()
