"""Programs that send nonsense to the phone's socket, while a well-behaved one is served."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from pathlib import Path

from app.model import commands
from app.model.wire import FRAME_LIMIT
from tests.main.rig import PhoneProcess

SEED = 20260101


def _framed(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


NONSENSE = [
    b"GET / HTTP/1.1\r\n\r\n",
    (FRAME_LIMIT + 1).to_bytes(4, "big"),
    _framed(b""),
    _framed(b"[" * 200_000),
    _framed(b'{"command":"Set","id":1,"key":"a","value":' + b"[" * 200_000),
    _framed(b'{"command":"Dial","id":1,"number":"\xff\xfe"}'),
    _framed(b'{"command":"Dial","id":1,"number":"' + b"9" * 200_000 + b'"}'),
    _framed(b'{"command":"Set","id":1,"key":"' + b"k" * 200_000 + b'","value":1}'),
    _framed(b'{"command":"Unlock","id":1,"pin":"' + b"1" * 200_000 + b'"}'),
    _framed(b'{"command":"SetVolume","id":1,"percent":' + b"9" * 400 + b"}"),
    _framed(b'{"command":"Answer","id":1,"call":"nobody"}') * 1000,
    *(random.Random(SEED + number).randbytes(2000) for number in range(20)),
]


async def attack(path: Path, nonsense: bytes) -> None:
    """Send it, and stay for what comes until the phone cuts us off or half a second is over."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(nonsense)
    with contextlib.suppress(OSError, TimeoutError):
        await asyncio.wait_for(reader.read(), 0.5)
    writer.close()


async def test_nonsense_delays_nobody(tmp_path: Path) -> None:
    phone = PhoneProcess(tmp_path / "phone")
    async with phone.running() as surface:
        slowest = 0.0
        for number, nonsense in enumerate(NONSENSE):
            attacks = [asyncio.create_task(attack(phone.socket, nonsense)) for _ in range(4)]
            began = time.monotonic()
            reply = await surface.command(lambda id_, v=number: commands.SetVolume(id_, percent=v))  # type: ignore[misc]
            slowest = max(slowest, time.monotonic() - began)
            assert reply.accepted
            await asyncio.gather(*attacks)
        assert await surface.until(lambda s: s.audio.volume == len(NONSENSE) - 1)
        assert slowest < 1
        assert "Traceback" not in phone.said, phone.said
        await phone.until_said("a surface was cut off")
