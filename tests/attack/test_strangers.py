"""Strangers on the network knock at the phone's SIP port; its own PBX must come through all the same."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from app.model.commands import Dial, HangUp
from app.model.snapshot import CallState
from tests.attack.hostile import STRANGER, call_connects, flood, registered, request, sip_port


async def test_flood_does_not_keep_the_pbx_out(tmp_path: Path) -> None:
    async with registered(tmp_path) as rig:
        flooding = asyncio.create_task(flood(sip_port(rig.phone_pid), 1500, "OPTIONS"))
        await asyncio.sleep(1)
        connected = [await call_connects(rig, "100", 0.45) for _ in range(4)]
        flooding.cancel()
        assert connected == [True] * 4, rig.phone_log[-2000:]


async def test_invitations_of_strangers_do_not_keep_calls_out(tmp_path: Path) -> None:
    async with registered(tmp_path) as rig:
        flooding = asyncio.create_task(flood(sip_port(rig.phone_pid), 180, "INVITE"))
        await asyncio.sleep(2)
        await rig.phone.command(lambda id_: Dial(id_, number="104"))
        called_back = await rig.phone.until(lambda s: any(c.state is CallState.INCOMING for c in s.calls))
        flooding.cancel()
        assert called_back, rig.phone_log[-2000:]
        await rig.phone.command(HangUp)


async def test_connections_of_strangers_do_not_keep_the_pbx_from_connecting(tmp_path: Path) -> None:
    async with registered(tmp_path) as rig:
        port = sip_port(rig.phone_pid)
        idle = [await asyncio.open_connection("127.0.0.1", port, local_addr=(STRANGER, 0)) for _ in range(40)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("OPTIONS", "127.0.0.1", 5060, "TCP"))
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"SIP/2.0 ")
        for _, other in [*idle, (reader, writer)]:
            other.close()


async def test_stream_is_not_read_faster_than_anybody_needs(tmp_path: Path) -> None:
    async with registered(tmp_path) as rig:
        port = sip_port(rig.phone_pid)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(STRANGER, 0))
        writer.write(b"".join(request("OPTIONS", STRANGER, 5060, "TCP") for _ in range(8000)))
        answers = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                while data := await reader.read(65536):
                    answers += data.count(b"SIP/2.0 403")
        assert 400 <= answers < 3000
        assert await call_connects(rig, "100", 2)
        writer.close()
