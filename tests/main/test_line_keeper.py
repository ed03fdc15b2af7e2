"""The line follows the settings and the session with the PBX, and calls and calls for help never go without."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from app.diagnostics.notices import NoticeBoard
from app.main.line_keeper import LineKeeper
from app.model.cause import Cause
from app.model.signalling import Registration
from app.model.snapshot import CallState
from app.pbx.client import PbxClient
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from tests.calls.dummies import LINE, DeskPhone
from tests.pbx.small_pbx import until

SIP: dict[str, object] = {"sip.registrar": "127.0.0.1", "sip.user": "200", "sip.local_port": 0}
PBX: dict[str, object] = {"line.kind": "pbxsignal", "pbx.server": "pbx.example", "pbx.user": "ben"}


class Link:
    """A connection to the PBX's app, which takes messages."""

    on_message: Callable[[bytes], None]
    on_up: Callable[[], None]
    on_down: Callable[[str], None]

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.remote_address = "127.0.0.1"
        self.stopped = False

    def send(self, message: bytes) -> None:
        self.sent.append(json.loads(message))

    async def stop(self) -> None:
        self.stopped = True

    def register(self) -> None:
        """The connection stands, and the PBX takes the phone."""
        self.on_up()
        self.on_message(b'{"api":"PbxSignal","mt":"RegisterResult"}')


class Session:
    """A session with the PBX, in place of a client of it."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.status = SimpleNamespace(user=SimpleNamespace(sip="ben", num="200", dn="Ben"))

    def app_login(self, app: str, *, for_calls: bool = False) -> Link:
        assert for_calls
        self.links.append(Link())
        return self.links[-1]

    @property
    def client(self) -> PbxClient:
        return cast("PbxClient", self)


class Desk:
    """A keeper with what it needs, and the calls of a phone."""

    def __init__(self, folder: Path, worker: ThreadPoolExecutor) -> None:
        self.phone = DeskPhone()
        self.phone.control.set_lines(())
        self.settings = SettingsStore(folder)
        self.notices = NoticeBoard(lambda: None)
        self.keeper = LineKeeper(self.settings, self.phone.control, self.notices, worker, self.phone.say, "hw")

    async def register(self, session: Session) -> None:
        """Have a line over a session, and be registered."""
        await self.settings.merge(Layer.ADMIN, PBX)
        self.keeper.pbx_made(session.client)
        await self.keeper.start()
        session.links[0].register()
        await until(lambda: self.registered)

    @property
    def registered(self) -> bool:
        said = self.phone.control._switch.board.registrations.get(LINE)
        return said is not None and said.registration is Registration.UP

    @property
    def words(self) -> str:
        return " ".join(notice.text for notice in self.notices.current)

    async def set(self, **values: object) -> None:
        await self.settings.merge(Layer.ADMIN, {name.replace("__", "."): value for name, value in values.items()})


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    with ThreadPoolExecutor(1) as worker:
        desk = Desk(tmp_path, worker)
        yield desk
        await desk.keeper.stop()


async def test_settings_that_are_no_good_take_no_line_away(desk: Desk) -> None:
    await desk.settings.merge(Layer.ADMIN, SIP)
    await desk.keeper.start()
    before = desk.keeper.line
    assert before is not None
    await desk.set(sip__transport="tls", sip__trust_file="/nowhere.pem")
    await until(lambda: "/nowhere.pem" in desk.words)
    assert desk.keeper.line is before
    desk.phone.done(desk.phone.control.dial("112", desk.phone.now))
    desk.phone.done(desk.phone.control.hang_up(desk.phone.now))
    await desk.set(sip__transport="udp", sip__trust_file="")
    await until(lambda: desk.words == "")


async def test_a_setting_that_is_taken_back_is_waited_for_no_more(desk: Desk) -> None:
    session = Session()
    await desk.register(session)
    desk.phone.done(desk.phone.control.dial("112", desk.phone.now))
    await desk.set(line__hardware_id="another")
    await until(lambda: "new settings" in desk.words)
    await desk.set(line__hardware_id="")
    await until(lambda: desk.words == "")
    assert len(session.links) == 1


async def test_a_call_for_help_that_lost_its_session_is_set_up_over_the_next(desk: Desk) -> None:
    first, second = Session(), Session()
    await desk.register(first)
    line = desk.keeper.line
    desk.phone.done(desk.phone.control.dial("112", desk.phone.now))
    desk.keeper.pbx_made(None)
    desk.keeper.pbx_made(second.client)
    await until(lambda: bool(second.links))
    assert desk.keeper.line is line
    assert first.links[0].stopped
    second.links[0].register()
    await until(lambda: any("112" in json.dumps(message) for message in second.links[0].sent))
    assert desk.phone.states == [CallState.CALLING]
    assert desk.words == ""


async def test_a_call_for_help_between_two_sessions_waits_for_the_second(desk: Desk) -> None:
    first, second = Session(), Session()
    await desk.register(first)
    desk.keeper.pbx_made(None)
    await until(lambda: desk.keeper.line is None)
    desk.phone.done(desk.phone.control.dial("112", desk.phone.now))
    assert desk.phone.states == [CallState.CALLING]
    desk.keeper.pbx_made(second.client)
    await until(lambda: bool(second.links))
    second.links[0].register()
    await until(lambda: any("112" in json.dumps(message) for message in second.links[0].sent))
    assert desk.phone.states == [CallState.CALLING]


async def test_a_call_for_help_without_a_session_ends_with_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.main.line_keeper.COMING_SECONDS", 0.2)
    await desk.register(Session())
    desk.keeper.pbx_made(None)
    while desk.keeper.line is not None:  # noqa: ASYNC110 - the keeper tells nobody
        await asyncio.sleep(0)  # the dial must follow at once, before nobody is waited for any more
    desk.phone.done(desk.phone.control.dial("112", desk.phone.now))
    await until(lambda: desk.phone.states == [CallState.ENDED])
    assert desk.phone.views[0].cause == Cause.NETWORK_OUT_OF_ORDER
    assert desk.phone.control.dial("112", desk.phone.now) is not None


async def test_a_call_for_help_while_the_line_is_replaced_goes_out_over_the_new_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.settings.merge(Layer.ADMIN, SIP)
    await desk.keeper.start()
    before, gone = desk.keeper.line, asyncio.Event()
    assert before is not None
    stop = before.stop

    async def slowly() -> None:
        await gone.wait()
        await stop()

    monkeypatch.setattr(before, "stop", slowly)
    await desk.set(sip__user="201")
    await until(lambda: desk.keeper.line is None)
    desk.phone.done(desk.phone.control.dial("112", desk.phone.now))
    assert desk.phone.states == [CallState.CALLING]
    gone.set()
    await until(lambda: desk.keeper.line is not None)
    assert desk.keeper.line is not before
    (leg,) = [leg for call in desk.phone.control._switch.board.calls.values() for leg in call.legs]
    assert leg.line is desk.keeper.line
    assert desk.phone.states == [CallState.CALLING]


async def test_our_address_towards_the_pbx_is_known_while_the_connection_is_made_again(desk: Desk) -> None:
    session = Session()
    await desk.register(session)
    session.links[0].on_down("The network is gone")
    assert desk.keeper.local_address == "127.0.0.1"
