from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.kiosk.client import Client
from app.kiosk.samples import IDLE
from app.model import wire
from app.model.commands import Dial, Unlock
from tests.kiosk.phone import DummyPhone


class Listener:
    def __init__(self) -> None:
        self.messages: asyncio.Queue[wire.Downward | None] = asyncio.Queue()

    def message(self, message: wire.Downward) -> None:
        self.messages.put_nowait(message)

    def gone(self) -> None:
        self.messages.put_nowait(None)

    async def next(self) -> wire.Downward | None:
        return await asyncio.wait_for(self.messages.get(), 20)


@contextlib.asynccontextmanager
async def serving(client: Client) -> AsyncIterator[None]:
    task = asyncio.create_task(client.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_snapshots_come_in_and_commands_go_out(tmp_path: Path) -> None:
    phone, listener = DummyPhone(tmp_path / "phone"), Listener()
    phone.greeting = IDLE
    await phone.start()
    client = Client(phone.path, listener.message, listener.gone)
    async with serving(client):
        assert await listener.next() == IDLE
        assert client.connected
        sent = client.send(Dial(id=0, number="100"))
        assert await phone.command() == Dial(id=sent, number="100")
        assert client.send(Dial(id=0, number="101")) != sent
    await phone.stop()


async def test_it_waits_for_the_phone_and_comes_back(tmp_path: Path) -> None:
    phone, listener = DummyPhone(tmp_path / "phone"), Listener()
    phone.greeting = IDLE
    client = Client(phone.path, listener.message, listener.gone)
    async with serving(client):
        await asyncio.sleep(0.05)
        await phone.start()
        assert await listener.next() == IDLE
        await phone.stop()
        assert await listener.next() is None
        assert not client.connected
        await phone.start()
        assert await listener.next() == IDLE
    await phone.stop()


@pytest.mark.parametrize(
    "garbage", [b"\xff\xff\xff\xff", b"\0\0\0\2{]", b'\0\0\0\x0f{"type":"eaten"}'], ids=["long", "no json", "unknown"]
)
async def test_garbage_ends_the_connection_and_a_new_one_is_made(garbage: bytes, tmp_path: Path) -> None:
    phone, listener = DummyPhone(tmp_path / "phone"), Listener()
    await phone.start()
    async with serving(Client(phone.path, listener.message, listener.gone)):
        await asyncio.wait_for(phone.connected.wait(), 20)
        phone.connected.clear()
        phone.greeting = IDLE
        phone.send_bytes(garbage)
        assert await listener.next() is None
        assert await listener.next() == IDLE
    await phone.stop()


async def test_a_key_pressed_while_the_phone_is_away_is_not_kept(tmp_path: Path) -> None:
    phone, listener = DummyPhone(tmp_path / "phone"), Listener()
    client = Client(phone.path, listener.message, listener.gone)
    client.send(Dial(id=0, number="1"))
    phone.greeting = IDLE
    await phone.start()
    async with serving(client):
        await listener.next()
        client.send(Dial(id=0, number="2"))
        command = await phone.command()
        assert isinstance(command, Dial)
        assert command.number == "2"
    await phone.stop()


async def test_a_pin_is_never_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    phone, listener = DummyPhone(tmp_path / "phone"), Listener()
    phone.greeting = IDLE
    await phone.start()
    client = Client(phone.path, listener.message, listener.gone)
    with caplog.at_level(logging.DEBUG):
        async with serving(client):
            await listener.next()
            client.send(Unlock(id=0, pin="271828"))
            await phone.command()
            await phone.stop()
            assert await listener.next() is None
    assert "271828" not in caplog.text
