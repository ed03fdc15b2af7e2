"""A call whose PBX knows no name gets the one of an app."""

from __future__ import annotations

from typing import Any

import pytest

from app.main.name_keeper import NameKeeper
from app.model.ids import LegId
from app.model.party import Party
from app.model.signalling import SetupIndicated
from app.pbx import phone_lookup
from tests.calls.dummies import LINE, DeskPhone, session
from tests.pbx.small_pbx import until


class Directory:
    """Knows names at once, or once it is `found`."""

    def __init__(self, _client: object, found: Any) -> None:
        self.found = found
        self.names: dict[str, str] = {}
        self.asked: list[str] = []

    def name(self, number: str) -> str:
        self.asked.append(number)
        return self.names.get(number, "")

    def close(self) -> None:
        self.asked.append("closed")


class Desk:
    def __init__(self) -> None:
        self.phone = DeskPhone()
        self.keeper = NameKeeper(self.phone.control)
        self.phone.control._changed = self.keeper.calls_changed
        client: Any = object()
        self.keeper.pbx_made(client)
        directory: Any = self.keeper._lookup
        self.directory: Directory = directory

    @property
    def name(self) -> str:
        return self.phone.views[0].party.name


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(phone_lookup, "PhoneLookup", Directory)
    return Desk()


async def test_a_name_comes_at_once_or_later(desk: Desk) -> None:
    desk.directory.names["301"] = "Workshop"
    desk.phone.ring(number="301")
    await until(lambda: desk.name == "Workshop")
    desk.phone.done(desk.phone.control.reject(desk.phone.now))
    desk.phone.ring("in-2", number="302")
    await until(lambda: "302" in desk.directory.asked)
    desk.directory.names["302"] = "Reception"
    desk.directory.found()
    await until(lambda: desk.name == "Reception")


async def test_nobody_is_asked_for_a_name_that_the_pbx_gave_nor_in_a_call_for_help(desk: Desk) -> None:
    desk.phone.say(SetupIndicated(LegId("in-1"), LINE, Party("31", "Given"), Party("200"), session()))
    desk.phone.done(desk.phone.control.reject(desk.phone.now))
    desk.phone.talk("112")
    desk.phone.done(desk.phone.control.hang_up(desk.phone.now))
    desk.phone.ring("in-9", number="303")
    await until(lambda: bool(desk.directory.asked))
    assert set(desk.directory.asked) == {"303"}


async def test_another_session_has_another_directory(desk: Desk) -> None:
    desk.keeper.pbx_made(None)
    assert desk.directory.asked == ["closed"]
    desk.phone.ring()
    assert desk.keeper._looking is None
