"""An update from what the administrator sets to the restart, on a simulated machine and a real web server."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest
from aiohttp import web

from app.diagnostics.notices import NoticeBoard
from app.main import bundle_download, update_keeper
from app.main.update_installer import BUNDLE
from app.main.update_keeper import Desk, UpdateKeeper
from app.main.update_report import FAILURE_NOTICE, RESTART_NOTICE, SERVICE_NOTICE
from app.model.snapshot import UpdateState
from app.settings.durable import DurableFile
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from hal.errors import DeviceFailed, HalError, UpdaterUnavailable
from hal.sim.updater import SimulatedUpdater
from hal.updater import Bundle

PATIENCE = 20.0
CONTENT = bytes(range(256)) * 4096


class Place:
    """A phone's folder with a machine around it, over several starts of the phone."""

    def __init__(self, folder: Path, worker: ThreadPoolExecutor) -> None:
        self.folder = folder
        self.worker = worker
        self.settings = SettingsStore(folder)
        self.machine = SimulatedUpdater(version="1.0")
        self.notices = NoticeBoard(lambda: None)
        self.in_call = False
        self.hour = 11
        self.unused_for = 0.0
        self.restarts = 0
        self.refusal: HalError | None = None
        self.states: list[UpdateState] = []
        self.percents: list[int] = []
        self._make()

    def _make(self) -> None:
        desk = Desk(lambda: self.in_call, lambda: self.unused_for, self._restarted, lambda: self.hour)
        self.keeper = UpdateKeeper(
            self.settings, self.folder, lambda: "0.9", self.machine, desk, self.notices, self.worker, self._changed
        )

    async def _restarted(self) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.restarts += 1

    def _changed(self) -> None:
        self.states.append(self.keeper.view.state)
        self.percents.append(self.keeper.view.percent)

    async def start_again(self) -> None:
        """The phone ends and starts, and finds the machine as it is by then."""
        await self.keeper.stop()
        self.notices = NoticeBoard(lambda: None)
        self._make()
        self.keeper.start()

    async def offer(self, url: str, version: str) -> None:
        await self.settings.merge(Layer.ADMIN, {"update.url": url, "update.version": version})

    async def until(self, true: Callable[[], object]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not true():  # noqa: ASYNC110 - the view sets no event
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"{self.keeper.view} {self.notices.current}") from None

    async def until_state(self, state: UpdateState) -> None:
        await self.until(lambda: self.keeper.view.state is state)

    def bundle(self, version: str, compatible: str = "simulated") -> str:
        path = self.folder / f"{version}.raucb"
        self.machine.bundles[path] = Bundle(compatible, version)
        return str(path)


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(update_keeper, "SETTLING_SECONDS", 0.0)
    monkeypatch.setattr(update_keeper, "LOOK_SECONDS", 0.02)
    with ThreadPoolExecutor(1) as worker:
        made = Place(tmp_path, worker)
        made.keeper.start()
        yield made
        await made.keeper.stop()


@pytest.fixture
async def server() -> AsyncIterator[str]:
    async def bundle(_: web.Request) -> web.Response:
        return web.Response(body=CONTENT)

    async def elsewhere(_: web.Request) -> web.Response:
        raise web.HTTPFound("/bundle.raucb")

    async def short(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = len(CONTENT)
        await response.prepare(request)
        await response.write(CONTENT[:1000])
        assert request.transport is not None
        request.transport.close()
        return response

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(CONTENT)
        return response

    app = web.Application()
    app.router.add_get("/bundle.raucb", bundle)
    app.router.add_get("/elsewhere", elsewhere)
    app.router.add_get("/short", short)
    app.router.add_get("/endless", endless)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_update_from_file_to_restart(place: Place) -> None:
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.READY)
    view = place.keeper.view
    assert (view.version, view.offered, view.slot, view.percent) == ("1.0", "2.0", "A", 100)
    assert place.machine.systems[1].version == "2.0"
    assert place.restarts == 0  # somebody used the phone just now
    place.unused_for = update_keeper.UNUSED_SECONDS
    await place.until(lambda: place.restarts)
    place.machine.restart("B")
    await place.start_again()
    await place.until(lambda: place.keeper.view.version == "2.0")
    await place.until_state(UpdateState.CURRENT)
    assert place.keeper.view.slot == "B"
    assert place.notices.current == ()


@pytest.mark.parametrize("path", ["/bundle.raucb", "/elsewhere"])
async def test_update_is_fetched(place: Place, server: str, path: str) -> None:
    fetched = place.folder / BUNDLE
    place.machine.bundles[fetched] = Bundle("simulated", "2.0")
    seen = b""

    async def inspect(bundle: Path) -> Bundle:
        nonlocal seen
        seen = await asyncio.to_thread(bundle.read_bytes)
        return Bundle("simulated", "2.0")

    place.machine.inspect = inspect  # type: ignore[method-assign]
    await place.offer(server + path, "2.0")
    await place.until_state(UpdateState.READY)
    assert seen == CONTENT
    assert not fetched.exists()
    assert [state for state, _ in itertools.groupby(place.states)][-3:] == ["fetching", "installing", "ready"]
    assert max(place.percents) == 100


@pytest.mark.parametrize(
    ("path", "words"), [("/missing", "404"), ("/short", "broke off"), ("/endless", "larger than any")]
)
async def test_update_cannot_be_fetched(
    place: Place, server: str, path: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again after some time, or at once when somebody asks."""
    monkeypatch.setattr(bundle_download, "LARGEST_BYTES", 4 << 20)
    await place.offer(server + path, "2.0")
    await place.until(lambda: place.keeper.view.problem)
    assert words in place.keeper.view.problem
    assert [notice.id for notice in place.notices.current] == [FAILURE_NOTICE]
    assert place.keeper.view.state is UpdateState.OFFERED
    assert not (place.folder / BUNDLE).exists()
    place.states.clear()
    assert place.keeper.install() is None
    await place.until(lambda: UpdateState.FETCHING in place.states)


async def test_a_bundle_reaches_the_disk_while_it_is_fetched(
    place: Place, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not all of it at the end, when whatever else is kept would wait for it."""
    monkeypatch.setattr(bundle_download, "_CHUNK_BYTES", len(CONTENT) // 64)
    settled: list[int] = []
    settle = bundle_download._settle

    def count(target: BinaryIO) -> None:
        settle(target)
        settled.append(os.fstat(target.fileno()).st_size)

    monkeypatch.setattr(bundle_download, "_settle", count)
    place.machine.bundles[place.folder / BUNDLE] = Bundle("simulated", "2.0")
    await place.offer(f"{server}/bundle.raucb", "2.0")
    await place.until_state(UpdateState.READY)
    assert settled[-1] == len(CONTENT)
    steps = [after - before for before, after in itertools.pairwise([0, *settled])]
    assert max(steps) <= len(CONTENT) // 2


async def test_no_room(place: Place, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_download, "RESERVE_BYTES", 1 << 60)
    await place.offer(f"{server}/bundle.raucb", "2.0")
    await place.until(lambda: "no room" in place.keeper.view.problem)


async def test_fetched_again_after_a_while(place: Place, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_keeper, "FIRST_DELAY", 0.05)
    place.keeper._delay = 0.05
    await place.offer(f"{server}/missing", "2.0")
    await place.until(lambda: place.states.count(UpdateState.FETCHING) > 3)
    assert place.keeper._delay > 0.05


@pytest.mark.parametrize(
    ("version", "compatible", "words"),
    [("2.1", "simulated", "holds version 2.1"), ("2.0", "toaster", "for toaster")],
)
async def test_bundle_is_refused(place: Place, version: str, compatible: str, words: str) -> None:
    """It is not tried again by itself, not even by the next start; other settings give another one its chance."""
    bundle = place.bundle(version, compatible)
    await place.offer(bundle, "2.0")
    await place.until_state(UpdateState.FAILED)
    assert words in place.keeper.view.problem
    assert place.keeper.view.unseen
    place.machine.restart("A")
    await place.start_again()
    await place.until_state(UpdateState.FAILED)
    assert words in place.keeper.view.problem
    place.keeper.seen()
    assert not place.keeper.view.unseen
    assert place.notices.current == ()
    assert place.machine.systems[1].version == ""
    await place.offer(place.bundle("3.0"), "3.0")
    await place.until_state(UpdateState.READY)


async def test_system_that_did_not_come_up(place: Place) -> None:
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.READY)
    place.machine.restart("B")
    place.machine.give_up("B")
    place.machine.restart("A")
    await place.start_again()
    await place.until_state(UpdateState.FAILED)
    (notice,) = place.notices.current
    assert notice.text == "The update to version 2.0 failed. It did not come up; version 1.0 runs again."
    await place.start_again()  # nobody has seen it yet
    await place.until(lambda: place.notices.current == (notice,))
    place.keeper.seen()
    assert place.notices.current == ()
    await place.start_again()
    await place.until_state(UpdateState.FAILED)
    assert place.notices.current == ()
    assert place.keeper.install() is None  # who asks gets it
    await place.until_state(UpdateState.READY)


async def test_phone_that_is_used_does_not_restart(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.READY)
    place.in_call, place.unused_for = True, update_keeper.UNUSED_SECONDS
    await asyncio.sleep(0.1)
    refusal = await place.keeper.restart()
    assert refusal is not None
    assert (refusal.reason, place.restarts) == ("You are in a call", 0)
    place.in_call = False
    await place.until(lambda: place.restarts)


async def test_hours_of_the_restart(place: Place) -> None:
    await place.settings.merge(Layer.ADMIN, {"update.hours": ["14", "15"]})
    place.unused_for = update_keeper.UNUSED_SECONDS
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.READY)
    await asyncio.sleep(0.1)
    assert place.restarts == 0
    assert await place.keeper.restart() is None  # who asks need not wait
    assert place.restarts == 1
    await place.settings.merge(Layer.ADMIN, {"update.hours": ["11"]})
    await place.until(lambda: place.restarts > 1)


async def test_a_restart_that_is_refused_is_told_and_tried_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_keeper, "REFUSED_SECONDS", 0.02)
    place.refusal = DeviceFailed("it was refused: no", "Look at the steward.")
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.READY)
    refusal = await place.keeper.restart()
    assert refusal is not None
    assert refusal.reason == "The phone does not restart: it was refused: no"
    assert refusal.advice == "Look at the steward."
    assert place.notices.current == ()  # who asked was told
    place.unused_for = update_keeper.UNUSED_SECONDS
    await place.until(lambda: [notice.id for notice in place.notices.current] == [RESTART_NOTICE])
    place.refusal = None
    await place.until(lambda: place.restarts)
    assert place.notices.current == ()


async def test_nothing_is_begun_in_a_call(place: Place) -> None:
    place.in_call = True
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.OFFERED)
    await asyncio.sleep(0.1)
    assert place.keeper.view.state is UpdateState.OFFERED
    place.in_call = False
    await place.until_state(UpdateState.READY)


async def test_what_a_power_cut_left_of_a_bundle_is_deleted(place: Place) -> None:
    left = place.folder / BUNDLE
    await asyncio.to_thread(left.write_bytes, CONTENT)
    await place.start_again()
    await place.until(lambda: place.keeper.view.slot and not left.exists())


@pytest.mark.parametrize("again", [False, True], ids=["while the phone runs", "while it was off"])
async def test_an_update_that_is_withdrawn_is_not_started(place: Place, *, again: bool) -> None:
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.READY)
    assert place.machine.primary == "B"
    if again:
        await place.keeper.stop()
    await place.offer("", "")
    if again:
        await place.start_again()
    place.unused_for = update_keeper.UNUSED_SECONDS
    await place.until(lambda: place.machine.primary == "A")
    await place.until_state(UpdateState.CURRENT)
    assert (place.restarts, place.keeper.view.offered) == (0, "")
    assert await place.keeper.restart() is not None
    place.machine.restart("A")
    await place.start_again()
    await place.until(lambda: place.keeper.view.slot)
    assert place.notices.current == ()


async def test_another_version_replaces_the_one_that_waits(place: Place) -> None:
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.READY)
    await place.offer(place.bundle("3.0"), "3.0")
    await place.until(lambda: (place.keeper.view.state, place.keeper.view.offered) == (UpdateState.READY, "3.0"))
    assert place.machine.primary == "B"


async def test_nobody_hears_that_an_update_is_withdrawn(place: Place) -> None:
    """It is not started all the same, and RAUC is told again until it hears."""
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.READY)
    place.machine.trouble = UpdaterUnavailable("There is no update service.", "Have it looked at.")
    await place.offer("", "")
    place.unused_for = update_keeper.UNUSED_SECONDS
    assert await place.keeper.restart() is not None
    await asyncio.sleep(0.1)
    assert (place.restarts, place.machine.primary) == (0, "B")
    place.machine.trouble = None
    await place.until(lambda: place.machine.primary == "A")


async def test_restart_is_waited_for_over_a_start_of_the_phone(place: Place) -> None:
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.READY)
    await place.start_again()
    await place.until_state(UpdateState.READY)
    assert place.keeper.view.offered == "2.0"


async def test_nobody_updates_the_machine(place: Place) -> None:
    place.machine.trouble = UpdaterUnavailable("There is no update service.", "Have it looked at.")
    await place.start_again()
    await place.until_state(UpdateState.UNAVAILABLE)
    assert [notice.id for notice in place.notices.current] == [SERVICE_NOTICE]
    place.machine.trouble = None
    await place.until_state(UpdateState.CURRENT)
    assert place.notices.current == ()


async def test_service_fails_in_the_middle(place: Place) -> None:
    """What was begun is begun anew."""
    await place.until(lambda: place.keeper.view.slot)
    install, trouble = place.machine.install, UpdaterUnavailable("The update service stopped.", "Look.")

    async def stop(bundle: Path, progress: Callable[[int], None]) -> None:
        place.machine.install = install  # type: ignore[method-assign]
        raise trouble

    place.machine.install = stop  # type: ignore[method-assign]
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until(lambda: place.keeper.view.problem)
    assert place.keeper.view.problem == "The update service stopped."
    place.keeper.install()
    await place.until_state(UpdateState.READY)


@pytest.mark.parametrize("settings", [("", "2.0"), ("/somewhere.raucb", ""), ("/somewhere.raucb", "1.0")])
async def test_nothing_to_do(place: Place, settings: tuple[str, str]) -> None:
    await place.offer(*settings)
    await place.until(lambda: place.keeper.view.slot)
    assert place.keeper.view.state is UpdateState.CURRENT
    refusal = place.keeper.install()
    assert refusal is not None
    assert refusal.reason == "No update is offered"


async def test_version_of_the_software_where_no_bundle_gave_one(place: Place) -> None:
    place.machine.systems[0] = place.machine.systems[1].__class__("A", booted=True, good=True)
    await place.start_again()
    await place.until(lambda: place.keeper.view.version == "0.9")


class FullDisk:
    """In the place of the folder's file, once `full`; `saves` counts what went through before."""

    def __init__(self, file: DurableFile, after: int) -> None:
        self._file = file
        self._after = after
        self.full = True

    def save(self, content: bytes) -> None:
        if self.full and self._after == 0:
            raise OSError(28, "No space left on device")
        self._after -= 1
        self._file.save(content)


@pytest.mark.parametrize("after", [0, 1], ids=["before it is written", "once it is written"])
async def test_what_cannot_be_remembered_is_not_started(place: Place, after: int) -> None:
    """Should it fail, the phone would take it again and again. It is taken when the disk has room."""
    await place.until(lambda: place.keeper.view.slot)
    place.unused_for = update_keeper.UNUSED_SECONDS
    disk = FullDisk(place.keeper._memory._file, after)
    place.keeper._memory._file = disk  # type: ignore[assignment]
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until(lambda: place.keeper.view.problem)
    assert place.keeper.view.state is UpdateState.OFFERED
    assert place.keeper.view.problem == "The update cannot be kept: No space left on device."
    assert [notice.id for notice in place.notices.current] == [FAILURE_NOTICE]
    assert (place.machine.primary, place.restarts) == ("A", 0)
    assert place.machine.systems[1].version == ("2.0" if after else "")
    disk.full = False
    assert place.keeper.install() is None
    await place.until(lambda: place.restarts)
    assert place.machine.primary == "B"


async def test_system_that_did_not_come_up_while_the_disk_refuses(place: Place) -> None:
    """It is not taken again at any later start, though that it failed could not be kept."""
    await place.offer(place.bundle("2.0"), "2.0")
    await place.until_state(UpdateState.READY)
    place.machine.give_up("B")
    for _ in range(2):
        place.machine.restart("A")
        await place.keeper.stop()
        (place.folder / "update.new").mkdir(exist_ok=True)  # the record's next generation cannot be written
        await place.start_again()
        await place.until_state(UpdateState.FAILED)
        assert place.notices.current != ()
