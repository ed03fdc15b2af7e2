"""Which zone counts, which servers are asked, and what is said of a clock that nobody has set."""

from __future__ import annotations

import asyncio
import datetime as dt
import zoneinfo
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.diagnostics.notices import NoticeBoard
from app.main import time_keeper
from app.main.time_keeper import CLOCK_NOTICE, SERVERS_NOTICE, TimeKeeper
from app.model.snapshot import TimeView
from app.settings.errors import ValueRefused
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from hal.errors import DeviceMissing
from hal.network import Address
from hal.sim.clock import SimulatedClock
from hal.sim.network import SimulatedNetwork

PATIENCE = 15.0
VENDORS = "CET-1CEST-2,M3.5.0/2,M10.5.0/3"


class WatchedClock(SimulatedClock):
    """Counts the looks at what is leased."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def leased_zone(self) -> str | None:
        self.looks += 1
        return super().leased_zone()


class Place:
    """A keeper with a clock and a network that are driven."""

    def __init__(self, folder: Path, worker: ThreadPoolExecutor) -> None:
        self.folder = folder
        self.worker = worker
        self.settings = SettingsStore(folder)
        self.clock = WatchedClock()
        self.network = SimulatedNetwork()
        self.notices = NoticeBoard(lambda: None)
        self.shown: list[TimeView] = []
        self.keeper = self.begin()

    def begin(self) -> TimeKeeper:
        """That of a phone which starts now."""
        self.keeper = TimeKeeper(
            self.settings, self.clock, self.network, self.notices, self._changed, self.folder, self.worker
        )
        return self.keeper

    def _changed(self) -> None:
        self.shown.append(self.keeper.view)

    def notice(self, name: str) -> str:
        return " ".join(notice.text for notice in self.notices.current if notice.id == name)

    async def unplug(self) -> None:
        """The cable; returns when the keeper has looked at what is left."""
        looks = self.clock.looks
        self.clock.leased = None
        self.network.change()
        await self.until(lambda: self.clock.looks > looks)

    async def until(self, true: Callable[[], bool]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not true():
            assert asyncio.get_running_loop().time() < deadline, (self.keeper.view, self.notices.current)
            await asyncio.sleep(0.005)


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(time_keeper, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(time_keeper, "LEASE_AFTER", 0.01)
    with ThreadPoolExecutor(1) as worker:
        made = Place(tmp_path, worker)
        yield made
        await made.keeper.stop()


async def test_the_user_comes_before_the_administrator_before_the_pbx_before_the_network(place: Place) -> None:
    place.clock.place = "America/New_York"
    place.keeper.start()
    await place.until(lambda: bool(place.shown))
    assert place.keeper.view == TimeView("America/New_York", country=place.keeper.view.country)
    for layer, zone in ((Layer.PBX, VENDORS), (Layer.ADMIN, "Europe/Berlin"), (Layer.USER, "Asia/Tokyo")):
        await place.settings.set(layer, "time.zone", zone)
        assert place.shown[-1].zone == place.keeper.view.zone == zone
        assert place.keeper.view.own is (layer is Layer.USER)
        there = dt.datetime.now(zoneinfo.ZoneInfo("Asia/Tokyo" if layer is Layer.USER else "Europe/Berlin"))
        assert (place.keeper.hour - there.hour) % 24 in (0, 23)
    await place.settings.set(Layer.USER, "time.zone", None)
    assert (place.keeper.view.zone, place.keeper.view.own) == ("Europe/Berlin", False)


async def test_a_wrong_zone_is_refused_and_the_one_before_stays(place: Place) -> None:
    await place.settings.set(Layer.PBX, "time.zone", VENDORS)
    with pytest.raises(ValueRefused) as caught:
        await place.settings.set(Layer.PBX, "time.zone", "CET-1CEST-2")
    assert "M3.5.0/2" in caught.value.advice
    assert place.keeper.view.zone == VENDORS


async def test_what_the_network_says_is_taken_where_there_is_such_a_zone(place: Place) -> None:
    place.keeper.start()
    for zone, taken in (("Europe/Vienna", "Europe/Vienna"), ("Middle/Earth", "UTC"), ("Asia/Dubai", "Asia/Dubai")):
        place.clock.leased = zone
        place.network.change(Address("eth0", "192.0.2.7", 24))
        await place.until(lambda: place.keeper.view.zone == taken)  # noqa: B023 # called within this round


async def test_the_zone_that_a_network_named_counts_until_another_names_one_or_none(place: Place) -> None:
    place.clock.leased = "Europe/Berlin"
    place.keeper.start()
    await place.until(lambda: place.keeper.view.zone == "Europe/Berlin")
    await place.unplug()
    assert place.keeper.view.zone == "Europe/Berlin"
    await place.keeper.stop()
    assert place.begin().view.zone == "Europe/Berlin", "also after a restart without the cable"
    place.keeper.start()
    await place.unplug()
    assert place.keeper.view.zone == "Europe/Berlin"
    place.clock.leased = ""
    place.network.change(Address("eth0", "192.0.2.7", 24))
    await place.until(lambda: place.keeper.view.zone == "UTC")
    await place.unplug()
    await place.keeper.stop()
    assert place.begin().view.zone == "UTC"


async def test_a_zone_that_the_disk_does_not_take_counts_all_the_same(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    (place.folder / "zone.new").mkdir()
    place.clock.leased = "Europe/Berlin"
    place.keeper.start()
    await place.until(lambda: "cannot be kept" in caplog.text)
    await place.unplug()
    assert place.keeper.view.zone == "Europe/Berlin"


async def test_a_clock_that_nobody_has_set_is_told_after_a_while_and_shown_when_it_is(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.clock.known = False
    place.begin().start()
    await place.until(lambda: not place.keeper.view.right)
    assert place.notice(CLOCK_NOTICE) == ""
    monkeypatch.setattr(time_keeper, "TOLD_AFTER", 0.0)
    await place.until(lambda: "Nobody has told" in place.notice(CLOCK_NOTICE))
    place.clock.known = True
    await place.until(lambda: place.keeper.view.right)
    await place.until(lambda: place.notice(CLOCK_NOTICE) == "")
    assert place.shown[-1].right


async def test_a_clock_that_was_right_stays_so_while_other_servers_are_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_keeper, "TOLD_AFTER", 0.0)
    place.clock.known = False
    place.begin().start()
    await place.until(lambda: place.notice(CLOCK_NOTICE) != "")
    place.clock.known = True
    await place.until(lambda: place.notice(CLOCK_NOTICE) == "")
    place.clock.known = False
    await place.settings.set(Layer.ADMIN, "time.server", "ntp1.example.com")
    for zone in ("Asia/Dubai", "Europe/Vienna"):
        place.clock.leased = zone
        place.network.change(Address("eth0", "192.0.2.7", 24))
        await place.until(lambda: place.keeper.view.zone == zone)  # noqa: B023 # called within this round
        assert place.keeper.view.right
    assert place.notice(CLOCK_NOTICE) == ""


async def test_servers_are_asked_in_their_order(place: Place) -> None:
    await place.settings.set(Layer.ADMIN, "time.server", "ntp1.example.com")
    place.keeper.start()
    asked = [place.clock.servers]
    await place.settings.set(Layer.PBX, "time.second_server", "192.0.2.1")
    asked.append(place.clock.servers)
    await place.settings.set(Layer.ADMIN, "time.server", None)
    asked.append(place.clock.servers)
    assert asked == [("ntp1.example.com",), ("ntp1.example.com", "192.0.2.1"), ("192.0.2.1",)]


async def test_servers_that_cannot_be_asked_are_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: tuple[str, ...]) -> None:
        raise DeviceMissing("time servers cannot be set here: no", "Look at it.")

    monkeypatch.setattr(place.clock, "ask", refuse)
    place.keeper.start()
    assert place.notice(SERVERS_NOTICE) == ""
    await place.settings.set(Layer.ADMIN, "time.server", "ntp1.example.com")
    assert "are not asked" in place.notice(SERVERS_NOTICE)
    await place.settings.set(Layer.ADMIN, "time.server", None)
    assert place.notice(SERVERS_NOTICE) == ""
