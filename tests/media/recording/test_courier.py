"""What is sent when: while it runs, afterwards, after a restart, and what goes when there is no room."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.media.recording import courier as couriers
from app.media.recording.courier import Courier, Trouble
from app.media.recording.delivery import Target
from app.media.recording.spool import Spool
from app.security.tls import client_context
from app.settings.secret import Secret
from tests.media.recording import servers
from tests.media.recording.servers import OK, answer, odd
from tests.peers.web_servers import PASSWORD, USER, nginx

PATIENCE = 20.0
HEADER = bytes.fromhex("a1b2c3d40002000400000000000000000000ffff00000001")
TOO_LARGE = b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"


class World:
    """A courier on a spool, and what it told."""

    def __init__(self, folder: Path, limit: int = 1_000_000) -> None:
        self.folder = folder
        self.limit = limit
        self.told: list[Trouble | None] = []
        self.overfull: list[Path] = []
        self.courier = Courier(Spool(folder), lambda: self.limit, self.told.append, self.overfull.append)

    def put(self, name: str, size: int = 1000) -> Path:
        path = self.folder / name
        self.folder.mkdir(exist_ok=True)
        path.write_bytes(HEADER + (b"\0" * 12 + b"\0\0\0\0") * (size // 16))
        return path

    async def aim(self, url: str, trust: Path | None = None) -> None:
        await self.courier.set_target(Target(url, USER, Secret(PASSWORD), client_context(trust)))


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(couriers, "FIRST_DELAY", 0.05)
    monkeypatch.setattr(couriers, "ROOM_SECONDS", 0.05)
    world = World(tmp_path / "spool")
    yield world
    await world.courier.stop()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - files set no event
            await asyncio.sleep(0.01)


async def test_what_an_earlier_start_left_is_sent_oldest_first(world: World) -> None:
    async with odd(answer(OK)) as web:
        for name in ("first", "second", "third"):
            world.put(name)
            await asyncio.sleep(0.01)
        world.courier.start()
        await world.aim(web.url)
        await until(lambda: not list(world.folder.iterdir()))
        assert [head.split()[1] for head in web.heads] == ["/first", "/second", "/third"]


async def test_a_running_recording_is_sent_and_deleted_only_at_its_end(world: World) -> None:
    async with nginx() as web:
        world.courier.start()
        await world.aim(web.url, web.trust)
        path = world.put("call", 30_000)
        world.courier.begun(path)
        await until(web.coming)
        assert path.exists()
        world.courier.ended(path)
        await until(lambda: not path.exists())
        assert (web.stored / "call").stat().st_size > 30_000


async def test_a_delivery_that_broke_begins_anew_and_nothing_is_lost(world: World) -> None:
    async with odd(servers.close_half_way, servers.nonsense, servers.close_half_way, answer(OK)) as web:
        world.courier.start()
        await world.aim(web.url)
        path = world.put("call", 200_000)
        world.courier.begun(path)
        await until(lambda: len(web.heads) >= 2)
        world.courier.ended(path)
        await until(lambda: not path.exists())
        assert any(trouble is not None for trouble in world.told)
        assert world.told[-1] is None


async def test_without_a_server_all_is_kept_until_there_is_one(world: World) -> None:
    world.courier.start()
    path = world.put("call")
    world.courier.begun(path)
    world.courier.ended(path)
    await until(lambda: not world.courier._running)
    assert path.exists()
    async with odd(answer(OK)) as web:
        await world.aim(web.url)
        await until(lambda: not path.exists())


async def test_one_that_is_too_large_does_not_keep_the_others(world: World) -> None:
    async with odd(answer(TOO_LARGE, after_body=False), answer(OK)) as web:
        world.put("large")
        await asyncio.sleep(0.01)
        small = world.put("small")
        world.courier.start()
        await world.aim(web.url)
        await until(lambda: not small.exists())
        assert [path.name for path in world.folder.iterdir()] == ["large"]


async def test_one_that_is_too_large_already_is_in_care_until_its_end(world: World) -> None:
    async with odd(answer(TOO_LARGE, after_body=False)) as old, odd(answer(OK)) as new:
        world.courier.start()
        await world.aim(old.url)
        running = world.put("running")
        world.courier.begun(running)
        await until(lambda: world.told[-1:] and world.told[-1] is not None)
        left = world.put("left")
        await world.aim(new.url)
        await until(lambda: not left.exists())
        world.courier.ended(running)
        await until(lambda: not running.exists())
        assert [head.split()[1] for head in new.heads] == ["/left", "/running"]


async def test_one_that_is_too_large_already_makes_no_room_while_it_runs(world: World) -> None:
    async with odd(answer(TOO_LARGE, after_body=False)) as web:
        world.courier.start()
        await world.aim(web.url)
        running = world.put("running")
        world.courier.begun(running)
        await until(lambda: world.told[-1:] and world.told[-1] is not None)
        world.overfull.clear()
        world.limit = 500
        await until(lambda: world.overfull)
        assert running.exists()


async def test_one_that_is_refused_keeps_no_other_and_stays_on_the_display(world: World) -> None:
    async def write_once(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = head.startswith("PUT /first ")
        await answer(b"HTTP/1.1 409 There\r\nContent-Length: 0\r\n\r\n" if there else OK)(head, reader, writer)

    async with odd(write_once) as web:
        first, *others = (world.put(name) for name in ("first", "second", "third"))
        os.utime(first, (0, 0))
        world.courier.start()
        await world.aim(web.url)
        await until(lambda: not any(path.exists() for path in others))
        await until(lambda: [head.split()[1] for head in web.heads].count("/first") >= 2)
        assert first.exists()
        assert None not in world.told
        first.unlink()
        last = world.put("last")
        await until(lambda: not last.exists())
        await until(lambda: world.told[-1] is None)


BUSY = b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"


async def test_some_that_the_server_stumbles_over_keep_no_other(world: World) -> None:
    async def stumble(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(BUSY if head.startswith("PUT /bad") else OK)(head, reader, writer)

    async with odd(stumble) as web:
        bad = [world.put(f"bad-{number}") for number in range(couriers.TROUBLED_MOST)]
        others = [world.put(name) for name in ("second", "third")]
        for path in bad:
            os.utime(path, (0, 0))
        world.courier.start()
        await world.aim(web.url)
        await until(lambda: not any(path.exists() for path in others))
        await until(lambda: [head.split()[1] for head in web.heads].count("/bad-0") >= 2)
        assert all(path.exists() for path in bad)
        assert None not in world.told


async def test_a_server_that_stumbles_over_everything_is_asked_a_few_times_a_round(world: World) -> None:
    async with odd(answer(BUSY)) as web:
        for age, name in enumerate(("first", "second", "third", "fourth", "fifth")):
            os.utime(world.put(name), (age, age))
        world.courier.start()
        await world.aim(web.url)
        await until(lambda: len(web.heads) >= 2 * couriers.TROUBLED_MOST)
        first_round = {head.split()[1] for head in web.heads[: couriers.TROUBLED_MOST]}
        assert first_round == {"/first", "/second", "/third"}


async def test_a_server_that_lets_nobody_in_is_asked_once_a_round(world: World) -> None:
    async with odd(answer(b"HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n")) as web:
        os.utime(world.put("first"), (0, 0))
        world.put("second")
        world.courier.start()
        await world.aim(web.url)
        await until(lambda: len(web.heads) >= 3)
        assert {head.split()[1] for head in web.heads} == {"/first"}


async def test_the_oldest_make_room_and_that_is_told(world: World) -> None:
    for name in ("first", "second", "third"):
        world.put(name, 1000)
        await asyncio.sleep(0.01)
    world.limit = 2100
    world.courier.start()
    await until(lambda: len(list(world.folder.iterdir())) == 2)
    assert {path.name for path in world.folder.iterdir()} == {"second", "third"}
    await until(lambda: world.told)
    assert world.told[0] is not None
    assert "no room" in world.told[0].reason


async def test_running_recordings_alone_are_told_when_they_fill_the_room(world: World) -> None:
    world.courier.start()
    world.limit = 500
    path = world.put("call", 1000)
    world.courier.begun(path)
    await until(lambda: world.overfull)
    assert world.overfull[0] == path
    assert path.exists()


async def test_a_new_server_gets_what_the_old_one_did_not_take(world: World) -> None:
    async with odd(servers.stall) as old, odd(answer(OK)) as new:
        world.courier.start()
        await world.aim(old.url)
        left, running = world.put("left"), world.put("running")
        world.courier.begun(running)
        await until(lambda: len(old.heads) == 2)
        await world.aim(new.url)
        world.courier.ended(running)
        await until(lambda: not (left.exists() or running.exists()))
        assert world.told == [None, None]


async def test_a_folder_that_cannot_be_read_is_tried_again(world: World) -> None:
    world.folder.write_text("no folder")
    world.courier.start()
    async with odd(answer(OK)) as web:
        await world.aim(web.url)
        await asyncio.sleep(0.1)
        world.folder.unlink()
        path = world.put("call")
        await until(lambda: not path.exists())


async def test_stopping_leaves_what_is_not_delivered(world: World) -> None:
    async with odd(servers.stall) as web:
        world.courier.start()
        await world.aim(web.url)
        path = world.put("call")
        world.courier.begun(path)
        await until(lambda: web.heads)
        await asyncio.wait_for(world.courier.stop(), PATIENCE)
        assert path.exists()
