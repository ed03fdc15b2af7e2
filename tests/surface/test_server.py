"""The surfaces' socket: a snapshot at once, one for many changes, and nobody can make the phone wait."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model import commands
from app.model.commands import AnyCommand, HookEvent, KeyEvent, Reply
from app.model.keys import Key
from app.model.pbx import Person, Presence
from app.model.snapshot import Snapshot
from app.model.wire import (
    FRAME_LIMIT,
    Downward,
    FrameMalformed,
    FrameSplitter,
    FrameTooLong,
    decode_command,
    decode_downward,
    encode,
)
from app.surface.claim import SocketTaken
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
    length = int.from_bytes(await asyncio.wait_for(reader.readexactly(4), 15), "big")
    return decode_downward(await reader.readexactly(length))


async def test_a_new_surface_gets_the_whole_picture_at_once(desk: Desk) -> None:
    async with desk.connected() as (reader, _):
        assert await read(reader) == Snapshot(generation=1, now=0.0)


async def test_pictures_and_replies_reach_a_surface(desk: Desk) -> None:
    async with desk.connected() as (reader, writer):
        await read(reader)
        desk.server.publish(desk.snapshot())
        writer.write(encode(commands.Silence(9)))
        messages = [await read(reader), await read(reader)]
        assert Snapshot(generation=2, now=0.0) in messages
        assert Reply(9, accepted=True) in messages


async def test_a_picture_that_is_too_long_goes_out_without_people(desk: Desk) -> None:
    people = tuple(Person(num=str(number), presence=(Presence(note="n" * 60_000),)) for number in range(8))
    async with desk.connected() as (reader, _):
        await read(reader)
        desk.server.publish(msgspec.structs.replace(desk.snapshot(), people=people))
        assert await read(reader) == Snapshot(generation=2, now=0.0)


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
        assert await asyncio.wait_for(reader.read(), 15) == b""
        desk.server.publish(desk.snapshot())
        assert isinstance(await read(other), Snapshot)
        assert desk.given == []


async def test_a_surface_that_does_not_read_is_cut_off(desk: Desk) -> None:
    async with desk.connected() as (reader, writer):
        await read(reader)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        event = KeyEvent(Key.DIGIT_1, pressed=True)
        for _ in range(4 * BACKLOG_LIMIT // len(encode(event))):
            desk.server.send_event(event)
        for _ in range(10):
            await asyncio.sleep(0.01)
        assert desk.server.connected == 0


async def test_surfaces_are_counted(desk: Desk) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(CONNECTION_LIMIT):
            reader, _ = await stack.enter_async_context(desk.connected())
            await read(reader)
        reader, _ = await stack.enter_async_context(desk.connected())
        assert await asyncio.wait_for(reader.read(), 15) == b""


async def test_the_socket_is_the_owner_s_alone(desk: Desk) -> None:
    assert desk.path.stat().st_mode & 0o077 == 0


async def test_frames_may_come_in_any_pieces(desk: Desk) -> None:
    async with desk.connected() as (reader, writer):
        await read(reader)
        for byte in encode(commands.Redial(3)):
            writer.write(bytes([byte]))
            await writer.drain()
        assert await read(reader) == Reply(3, accepted=True)


async def test_a_second_phone_is_refused_and_the_first_goes_on(desk: Desk) -> None:
    second = Desk(desk.path)
    with pytest.raises(SocketTaken, match="Another phone is running"):
        await second.server.start()
    await second.server.stop()
    async with desk.connected() as (reader, _):
        assert isinstance(await read(reader), Snapshot)


async def test_a_socket_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "phone.socket")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(desk.path))
    await desk.server.start()
    async with desk.connected() as (reader, _):
        assert isinstance(await read(reader), Snapshot)
    await desk.server.stop()
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - nothing is left of socket and claim


async def test_a_file_in_the_socket_s_place_is_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "phone.socket")
    desk.path.write_text("precious")
    with pytest.raises(SocketTaken, match="in the way"):
        await desk.server.start()
    assert desk.path.read_text() == "precious"


_NESTED = b"[" * 100_000


@pytest.mark.parametrize(
    "payload",
    [
        _NESTED,
        b'{"command":"Set","id":1,"key":"a","value":' + _NESTED,
        b'{"command":"Redial","id":1,"more":' + _NESTED,
        b'{"command":"Dial","id":1,"number":"\xff"}',
        b'{"command":"Dial","id":' + b"9" * 10_000 + b"}",
        b'{"command":"Redial","id":true}',
        b'{"command":"Reboot","id":1}',
    ],
    ids=["nested", "nested value", "nested rest", "no UTF-8", "a huge number", "another type", "unknown"],
)
def test_what_is_no_command_is_malformed(payload: bytes) -> None:
    with pytest.raises(FrameMalformed):
        decode_command(payload)


@given(st.binary(max_size=400))
def test_any_octets_are_a_command_or_malformed(payload: bytes) -> None:
    with contextlib.suppress(FrameMalformed):
        decode_command(payload)


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_any_stream_is_cut_into_frames_or_refused(pieces: list[bytes]) -> None:
    splitter = FrameSplitter()
    with contextlib.suppress(FrameTooLong):
        for piece in pieces:
            assert all(len(payload) <= FRAME_LIMIT for payload in splitter.feed(piece))
