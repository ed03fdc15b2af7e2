"""Do not disturb and the user's presence, whichever is set here."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.diagnostics.notices import NoticeBoard
from app.main.disturb_keeper import SETTING, STORAGE_NOTICE, DisturbKeeper
from app.model.pbx import OwnActivity, PbxStatus, Presence, SessionState
from app.model.refusal import Refusal
from app.settings.durable import DurableFile
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from tests.pbx.small_pbx import until

ELSEWHERE = Refusal("The PBX cannot be told now")


class Desk:
    """`told` is what the PBX heard; while `refused` it hears nothing."""

    def __init__(self, folder: Path) -> None:
        self.settings = SettingsStore(folder)
        self.status = PbxStatus()
        self.refused = False
        self.told: list[tuple[OwnActivity, str]] = []
        self.notices = NoticeBoard(lambda: None)
        self.keeper = DisturbKeeper(lambda: self.status, self.settings, self.notices, self._set_presence)

    def _set_presence(self, activity: OwnActivity, note: str) -> Refusal | None:
        if self.refused:
            return ELSEWHERE
        self.told.append((activity, note))
        return None

    def pbx_says(self, activity: str, note: str = "", state: SessionState = SessionState.UP) -> None:
        self.status = PbxStatus(state, presence=(Presence("tel:", "open", activity, note),))
        self.keeper.look()

    async def disturb(self, *, no: bool) -> None:
        await self.settings.set(Layer.USER, SETTING, no)

    async def undisturbed(self, *, wanted: bool) -> None:
        await until(lambda: self.settings.current.switch(SETTING) is wanted)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.keeper.stop()


async def test_the_pbx_hears_of_each_change_and_the_note_stays(desk: Desk) -> None:
    desk.pbx_says("busy", "Back at three")
    await desk.disturb(no=True)
    await desk.disturb(no=False)
    assert desk.told == [(OwnActivity.DND, "Back at three"), (OwnActivity.AVAILABLE, "Back at three")]


async def test_a_session_that_comes_up_hears_of_it_once(desk: Desk) -> None:
    await desk.disturb(no=True)
    assert desk.told == []
    desk.pbx_says("")
    desk.pbx_says("dnd")
    assert desk.told == [(OwnActivity.DND, "")]


async def test_what_is_switched_off_while_no_pbx_is_there_is_told_when_one_is(desk: Desk) -> None:
    desk.pbx_says("")
    await desk.disturb(no=True)
    desk.pbx_says("dnd")
    desk.pbx_says("dnd", state=SessionState.CONNECTING)
    await desk.disturb(no=False)
    desk.pbx_says("dnd")
    desk.pbx_says("")
    assert desk.told == [(OwnActivity.DND, ""), (OwnActivity.AVAILABLE, "")]


async def test_a_pbx_that_stands_in_hears_of_it_too(desk: Desk) -> None:
    await desk.disturb(no=True)
    desk.pbx_says("")
    desk.pbx_says("dnd")
    desk.pbx_says("dnd", state=SessionState.CONNECTING)
    desk.pbx_says("dnd")
    assert desk.told == [(OwnActivity.DND, "")] * 2


async def test_what_the_user_says_of_himself_switches_it(desk: Desk) -> None:
    desk.pbx_says("")
    assert desk.keeper.set_presence(OwnActivity.DND, "In a meeting") is None
    await desk.undisturbed(wanted=True)
    assert desk.keeper.set_presence(OwnActivity.BUSY, "") is None
    await desk.undisturbed(wanted=False)
    assert desk.told == [(OwnActivity.DND, "In a meeting"), (OwnActivity.BUSY, "")]


async def test_a_presence_that_was_set_elsewhere_does_not_silence_the_phone(desk: Desk) -> None:
    desk.pbx_says("dnd")
    assert not desk.settings.current.switch(SETTING)
    await desk.disturb(no=True)
    await desk.disturb(no=False)
    assert desk.told == [(OwnActivity.AVAILABLE, "")]


async def test_a_pbx_that_cannot_be_told_switches_nothing(desk: Desk) -> None:
    desk.pbx_says("")
    desk.refused = True
    assert desk.keeper.set_presence(OwnActivity.DND, "") is ELSEWHERE
    await desk.disturb(no=True)
    assert desk.told == []


def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def save(_: DurableFile, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(DurableFile, "save", save)


async def test_a_full_disk_takes_the_presence_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.pbx_says("busy", "Back at three")
    with monkeypatch.context() as full:
        fill_the_disk(full)
        assert desk.keeper.set_presence(OwnActivity.DND, "In a meeting") is None
        desk.pbx_says("dnd", "In a meeting")
        await until(lambda: len(desk.told) == 2)
    assert desk.told == [(OwnActivity.DND, "In a meeting"), (OwnActivity.BUSY, "Back at three")]
    assert [notice.id for notice in desk.notices.current] == [STORAGE_NOTICE]
    assert not desk.settings.current.switch(SETTING)
    desk.pbx_says("busy", "Back at three")
    assert desk.keeper.set_presence(OwnActivity.DND, "") is None
    await desk.undisturbed(wanted=True)
    await until(lambda: desk.notices.current == ())
    assert desk.told[2:] == [(OwnActivity.DND, "")]


async def test_what_the_user_says_after_a_full_disk_stays_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_the_disk(monkeypatch)
    desk.pbx_says("")
    desk.keeper.set_presence(OwnActivity.DND, "")
    desk.keeper.set_presence(OwnActivity.AWAY, "")
    await until(lambda: desk.notices.current != ())
    await desk.keeper.stop()
    assert desk.told == [(OwnActivity.DND, ""), (OwnActivity.AWAY, "")]
