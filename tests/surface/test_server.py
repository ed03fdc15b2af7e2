"""The surfaces' socket: a snapshot at once, one for many changes, and nobody can make the phone wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.model import commands
from app.model.commands import AnyCommand, HookEvent, Reply
from app.model.snapshot import Snapshot
from app.model.wire import FRAME_LIMIT, Downward, decode_downward, encode
from app.surface.server import BACKLOG_LIMIT, CONNECTION_LIMIT, PostReply, SurfaceServer


class Desk:
    """A phone of one number, and the commands it was given."""

    def __init__(self, path: Path) -> None:
        self.generation = 0
        self.given: list[AnyCommand] = []
        self.server = SurfaceServer(path, self.snapshot, self.handle)
        self.path = path

    def snapshot(self) -> Snapshot:
        self.generation += 1
        return Snapshot(generation=self.generation, now=0.0)

    def handle(self, command: AnyCommand, reply: PostReply) -> None:
        self.given.append(command)
        reply(Reply(command.id, accepted=True))

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_unix_connection(self.path)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path / "phone.socket")
    await desk.server.start()
    yield desk
    await desk.server.stop()


async def read(reader: asyncio.StreamReader) -> Downward:
    length = int.from_bytes(await asyncio.wait_for(reader.readexactly(4), 2), "big")
    return decode_downward(await reader.readexactly(length))


async def test_a_new_surface_gets_the_whole_picture_at_once(desk: Desk) -> None:
    async with desk.connected() as (reader, _):
        assert await read(reader) == Snapshot(generation=1, now=0.0)


async def test_many_changes_in_one_pass_are_one_snapshot(desk: Desk) -> None:
    async with desk.connected() as (reader, writer):
        await read(reader)
        for _ in range(100):
            desk.server.changed()
        writer.write(encode(commands.Silence(9)))
        messages = [await read(reader), await read(reader)]
        assert Snapshot(generation=2, now=0.0) in messages
        assert Reply(9, accepted=True) in messages


async def test_events_of_the_hook_reach_every_surface(desk: Desk) -> None:
    async with desk.connected() as (first, _), desk.connected() as (second, _):
        await read(first)
        await read(second)
        desk.server.send_event(HookEvent(off_hook=True))
        assert await read(first) == await read(second) == HookEvent(off_hook=True)


@pytest.mark.parametrize("garbage", [b"\x00\x00\x00\x02{]", (FRAME_LIMIT + 1).to_bytes(4, "big")])
async def test_garbage_ends_the_connection_and_nothing_else(desk: Desk, garbage: bytes) -> None:
    async with desk.connected() as (other, _), desk.connected() as (reader, writer):
        await read(other)
        await read(reader)
        writer.write(garbage)
        assert await asyncio.wait_for(reader.read(), 2) == b""
        desk.server.changed()
        assert isinstance(await read(other), Snapshot)
        assert desk.given == []


async def test_a_surface_that_does_not_read_is_cut_off(desk: Desk) -> None:
    async with desk.connected() as (reader, writer):
        await read(reader)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        frame = len(encode(desk.snapshot()))
        for _ in range(4 * BACKLOG_LIMIT // frame):
            desk.server.changed()
            await asyncio.sleep(0)
            if not desk.server.connected:
                break
        for _ in range(10):
            await asyncio.sleep(0.01)
        assert desk.server.connected == 0


async def test_surfaces_are_counted(desk: Desk) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(CONNECTION_LIMIT):
            reader, _ = await stack.enter_async_context(desk.connected())
            await read(reader)
        reader, _ = await stack.enter_async_context(desk.connected())
        assert await asyncio.wait_for(reader.read(), 2) == b""


async def test_the_socket_is_the_owner_s_alone(desk: Desk) -> None:
    assert desk.path.stat().st_mode & 0o077 == 0


async def test_frames_may_come_in_any_pieces(desk: Desk) -> None:
    async with desk.connected() as (reader, writer):
        await read(reader)
        for byte in encode(commands.Redial(3)):
            writer.write(bytes([byte]))
            await writer.drain()
        assert await read(reader) == Reply(3, accepted=True)
