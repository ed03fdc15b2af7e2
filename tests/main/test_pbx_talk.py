"""A phone that is logged in at a PBX tells it of its user, and takes settings from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.diagnostics.notices import NoticeBoard
from app.main.activity_keeper import SETTING, ActivityKeeper
from app.main.pbx_keeper import PbxKeeper
from app.main.pbx_talk import LONGEST_NOTE, PbxTalk
from app.model.pbx import OwnActivity, Person, SessionState
from app.pbx.session_store import LearntStore, SessionStore
from app.settings.layers import Given
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from tests.pbx.small_pbx import PASSWORD, USER, SmallPbx, trust, until


class Desk:
    """A phone without calls. `now` is the clock of its user's activity."""

    def __init__(self, folder: Path, worker: ThreadPoolExecutor) -> None:
        self.now = 0.0
        self.settings = SettingsStore(folder)
        self.notices = NoticeBoard(lambda: None)
        kept = SessionStore(folder), LearntStore(folder)
        self.pbx = PbxKeeper(
            self.settings, self.notices, worker, lambda: False, lambda: False, lambda: self.talk.look(), *kept
        )
        self.activity = ActivityKeeper(self.settings, lambda: self.now)
        self.talk = PbxTalk(self.pbx, self.activity, self.settings, self.notices, self._changed)
        self.trusted = str(trust(folder))
        self.changes = 0

    def _changed(self) -> None:
        self.changes += 1

    async def log_in(self, pbx: SmallPbx) -> None:
        values = {"server": f"127.0.0.1:{pbx.port}", "user": "jdo", "password": PASSWORD, "trust_file": self.trusted}
        await self.settings.merge(Layer.ADMIN, {f"pbx.{name}": value for name, value in values.items()})
        await until(lambda: self.up)

    @property
    def up(self) -> bool:
        return self.pbx.status.state is SessionState.UP

    async def leave_alone(self) -> None:
        """For an hour; a setting that changes has the keeper look at its clock."""
        self.now += 3600.0
        await self.settings.set(Layer.USER, SETTING, 59 - self.settings.current.number(SETTING))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    with ThreadPoolExecutor(1) as worker:
        desk = Desk(tmp_path, worker)
        desk.pbx.start()
        yield desk
        await asyncio.gather(desk.pbx.stop(), desk.talk.stop())
        desk.activity.close()


@pytest.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[SmallPbx]:
    pbx = await SmallPbx(tmp_path).start()
    yield pbx
    await pbx.stop()


def heard(pbx: SmallPbx, kind: str) -> list[dict[str, Any]]:
    return [{name: word for name, word in one.items() if name != "mt"} for one in pbx.heard if one["mt"] == kind]


async def test_the_pbx_is_told_of_each_change_once_and_anew_in_a_new_session(desk: Desk, pbx: SmallPbx) -> None:
    active, inactive = {"inactive": False}, {"inactive": True}
    await desk.log_in(pbx)
    await until(lambda: heard(pbx, "SetUserActivity") == [active])
    await desk.leave_alone()
    await desk.leave_alone()
    await until(lambda: heard(pbx, "SetUserActivity") == [active, inactive])
    pbx.cut()
    await until(lambda: heard(pbx, "SetUserActivity") == [active, inactive, inactive])
    desk.activity.used()
    desk.activity.used()
    await until(lambda: heard(pbx, "SetUserActivity") == [active, inactive, inactive, active])


async def test_the_phones_people_are_watched(desk: Desk, pbx: SmallPbx) -> None:
    desk.talk.watch(["31", "32", "31"])
    await desk.log_in(pbx)
    desk.talk.watch(["31", "32", "31"])
    await until(lambda: heard(pbx, "SubscribeDialog") == [{"num": "31"}, {"num": "32"}])
    await pbx.say({"mt": "UpdatePresence", "num": "31", "up": True, "ep": {"dn": "Clara"}})
    await until(lambda: desk.talk.people == (Person("", "31", "Clara", up=True),))
    assert desk.changes == 1
    desk.talk.watch(["32"])
    assert desk.talk.people == ()
    await until(lambda: heard(pbx, "UnsubscribePresence") == [{"num": "31"}])
    before = desk.pbx.client
    await desk.settings.merge(Layer.ADMIN, {"pbx.proxy_user": "jdo"})
    await until(lambda: desk.pbx.client is not before and desk.up)
    desk.talk.watch(["32"])
    await until(lambda: [one["num"] for one in heard(pbx, "SubscribePresence")] == ["31", "32", "32"])


async def test_the_users_presence(desk: Desk, pbx: SmallPbx) -> None:
    refusal = desk.talk.set_presence(OwnActivity.BUSY, "")
    assert refusal is not None
    await desk.log_in(pbx)
    assert desk.talk.set_presence(OwnActivity.DND, "In a meeting") is None
    assert desk.talk.set_presence(OwnActivity.AVAILABLE, "x" * (LONGEST_NOTE + 1)) is not None
    assert desk.talk.set_presence(OwnActivity.AVAILABLE, "") is None
    said = [{"activity": "dnd", "note": "In a meeting"}, {"activity": "", "note": ""}]
    await until(lambda: heard(pbx, "SetOwnPresence") == said)


async def test_the_pbx_sets_what_its_administrator_has_set_for_clients(desk: Desk, pbx: SmallPbx) -> None:
    pbx.extra = {"settings": {"offline": {"value": 600_000, "force": True}}}
    await desk.settings.set(Layer.USER, SETTING, 3)
    await desk.log_in(pbx)
    await until(lambda: desk.settings.provenance(SETTING) == Given(10, Layer.PBX))
    assert desk.settings.current.forcer(SETTING) is Layer.PBX
    user = {"mt": "UpdateUser", "user": USER}
    await pbx.say({**user, "settings": {"offline": {"value": 1_200_000, "force": True}}})
    await until(lambda: desk.settings.provenance(SETTING) == Given(20, Layer.PBX))
    await pbx.say({**user, "user": {**USER, "dn": "Anna"}})
    await until(lambda: desk.pbx.status.user is not None and desk.pbx.status.user.dn == "Anna")
    await pbx.say({**user, "settings": {}})
    await until(lambda: desk.settings.provenance(SETTING) == Given(3, Layer.USER))
