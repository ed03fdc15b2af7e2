"""Where recordings go follows the settings, also to nowhere where those are mistaken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.diagnostics.notices import NoticeBoard
from app.main.recording_keeper import FOLDER, RecordingKeeper
from app.settings.errors import ValueRefused
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from native import Clock, Engine
from tests.media.recording.servers import OK, answer, odd

PATIENCE = 20.0


@dataclass
class Desk:
    """A keeper, and what it is told and tells."""

    folder: Path
    settings: SettingsStore
    notices: NoticeBoard
    keeper: RecordingKeeper

    def put(self, name: str) -> Path:
        """A recording that an earlier start left."""
        path = self.folder / name
        self.folder.mkdir(exist_ok=True)
        path.write_bytes(bytes.fromhex("a1b2c3d40002000400000000000000000000ffff00000001"))
        return path

    @property
    def words(self) -> list[str]:
        return [notice.text for notice in self.notices.current]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    settings, notices = SettingsStore(tmp_path), NoticeBoard(lambda: None)
    with ThreadPoolExecutor(1) as worker, Engine(Clock.STEPPED) as engine:
        keeper = RecordingKeeper(
            settings, tmp_path, "00903304711a", lambda: "27", engine, notices, worker, lambda _: None
        )
        yield Desk(tmp_path / FOLDER, settings, notices, keeper)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - notices and files set no event
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("mistaken", ["https://srv:80800/", "https://[::1/"])
async def test_an_address_that_is_none_is_told_and_nothing_goes_to_the_one_before(desk: Desk, mistaken: str) -> None:
    async with odd(answer(OK)) as web:
        await desk.settings.set(Layer.ADMIN, "recording.url", web.url)
        desk.keeper.start()
        first = desk.put("first")
        await until(lambda: not first.exists())
        await desk.settings.set(Layer.ADMIN, "recording.url", mistaken)
        await until(lambda: "The server for recordings cannot be used." in desk.words)
        desk.keeper.begun(second := desk.put("second"))
        desk.keeper.ended(second)
        await desk.settings.set(Layer.ADMIN, "recording.url", web.url + "there/")
        await until(lambda: not second.exists())
        await until(lambda: not desk.words)
        assert [head.split()[1] for head in web.heads] == ["/first", "/there/second"]
        await desk.keeper.stop()


async def test_a_mistaken_address_keeps_nobody_from_stopping(desk: Desk) -> None:
    await desk.settings.set(Layer.ADMIN, "recording.url", "https://srv:80800/")
    desk.keeper.start()
    await until(lambda: desk.words)
    await asyncio.wait_for(desk.keeper.stop(), PATIENCE)


async def test_a_name_that_no_server_could_tell_from_its_password_is_refused(desk: Desk) -> None:
    with pytest.raises(ValueRefused, match="colon"):
        await desk.settings.set(Layer.ADMIN, "recording.user", "phone:27")
