"""The service for apps follows the settings, and says what keeps it from that."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from app.diagnostics.notices import NoticeBoard
from app.main.app_service import SERVICE_NOTICE, AppService
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from app.surface.apps.server import AppServer
from tests.media.live import until
from tests.peers.media_app import MediaApp
from tests.surface.apps.desk import ChannelMediaRoom, Desk
from tests.surface.apps.facts import Facts

TOKEN = "a token of the tests"


class Machine:
    """The service with settings of its own."""

    def __init__(self, folder: Path, worker: ThreadPoolExecutor) -> None:
        self.settings = SettingsStore(folder, {}, {}, worker)
        self.notices = NoticeBoard(lambda: None)
        self.service = AppService(self.settings, Desk().phone.control, ChannelMediaRoom(), self.notices, Facts())

    async def set(self, **values: object) -> None:
        changes = {f"apps.{key}": value for key, value in values.items()}
        await self.settings.merge(Layer.PBX, changes)

    async def listens(self) -> int:
        await until(lambda: self.service.port is not None)
        assert self.service.port is not None
        return self.service.port

    @property
    def notice(self) -> str:
        return " ".join(f"{one.text} {one.advice}" for one in self.notices.current if one.id == SERVICE_NOTICE)


@pytest_asyncio.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    with ThreadPoolExecutor(1) as worker:
        machine = Machine(tmp_path, worker)
        machine.service.start()
        yield machine
        await machine.service.stop()


async def test_off_until_it_is_switched_on(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    start, starts = AppServer.start, list[bool]()

    async def noted(server: AppServer, port: int) -> None:
        starts.append(machine.settings.current.switch("apps.service"))
        await start(server, port)

    monkeypatch.setattr(AppServer, "start", noted)
    await machine.set(port=0, token=TOKEN)
    await machine.set(service=True)
    await machine.listens()
    assert starts == [True]
    async with MediaApp(await machine.listens(), TOKEN):
        pass
    assert machine.notice == ""


async def test_switching_it_off_lets_apps_go(machine: Machine) -> None:
    await machine.set(port=0, token=TOKEN, service=True)
    async with MediaApp(await machine.listens(), TOKEN) as app:
        await machine.set(service=False)
        assert await app.closed() == 1001
    await until(lambda: machine.service.port is None)


async def test_without_a_token_nobody_is_let_in(machine: Machine) -> None:
    await machine.set(port=0, service=True)
    await until(lambda: "apps.token" in machine.notice)
    assert machine.service.port is None
    await machine.set(token=TOKEN)
    await machine.listens()
    assert machine.notice == ""


async def test_a_new_token_counts_at_once(machine: Machine) -> None:
    await machine.set(port=0, token=TOKEN, service=True)
    async with MediaApp(await machine.listens(), TOKEN) as app:
        await machine.set(token="another token of the tests")
        assert await app.closed() == 1001
    async with MediaApp(await machine.listens()) as app:
        assert not await app.log_in(TOKEN)


async def test_a_port_that_is_taken_is_tried_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.main.retry.FIRST_DELAY", 0.05)
    start, refusals = AppServer.start, [errno.EADDRINUSE] * 2

    async def taken_at_first(server: AppServer, port: int) -> None:
        if refusals:
            raise OSError(refusals.pop(), "Address already in use")
        await start(server, port)

    monkeypatch.setattr(AppServer, "start", taken_at_first)
    await machine.set(port=0, token=TOKEN, service=True)
    await until(lambda: "apps.port" in machine.notice)
    await machine.listens()
    await until(lambda: machine.notice == "")


@pytest.mark.parametrize("steps", range(8))
async def test_stopping_while_the_port_is_being_opened_leaves_it_closed(tmp_path: Path, steps: int) -> None:
    with ThreadPoolExecutor(1) as worker:
        machine = Machine(tmp_path, worker)
        await machine.set(port=0, token=TOKEN, service=True)
        before = listening()
        machine.service.start()
        for _ in range(steps):
            await asyncio.sleep(0)
        await machine.service.stop()
        for _ in range(10):
            await asyncio.sleep(0)
        assert listening() == before


def listening() -> set[str]:
    """The inodes of the TCP sockets on which this process listens."""
    ours = set[str]()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            ours.add(str(descriptor.readlink()))
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    listens = {row[9] for row in rows if row[3] == "0A"}
    return {inode for inode in listens if f"socket:[{inode}]" in ours}


async def test_a_port_that_is_taken_can_be_left_for_another(machine: Machine) -> None:
    other = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with other:
        await machine.set(port=other.sockets[0].getsockname()[1], token=TOKEN, service=True)
        await until(lambda: "apps.port" in machine.notice)
        await machine.set(port=0)
        await machine.listens()
    assert machine.notice == ""
