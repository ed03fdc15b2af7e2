"""The session with the PBX follows the settings, and tells how it stands."""

from __future__ import annotations

import errno
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.diagnostics.notices import NoticeBoard
from app.main import background_store
from app.main.pbx_keeper import PbxKeeper
from app.model.pbx import SessionState
from app.model.snapshot import Notice, Severity
from app.pbx.login_proofs import SessionCredentials
from app.pbx.owned_file import Owner
from app.pbx.session_store import LearntStore, SessionStore
from app.settings.durable import DurableFile
from app.settings.secret import Secret
from app.settings.setting import Layer
from app.settings.store import SettingsStore
from tests.pbx.small_pbx import CHALLENGE, PASSWORD, USER, SmallPbx, sha, trust, until
from tests.pbx.test_myapps_login import rc4

SESSION_PASSWORD = "the session's password"


class Desk:
    """A keeper with what it needs. `busy`: there is a call, which the user need not be in."""

    def __init__(self, folder: Path, worker: ThreadPoolExecutor) -> None:
        self.settings = SettingsStore(folder)
        self.notices = NoticeBoard(lambda: None)
        self.busy = False
        self.changes = 0
        self.trusted = str(trust(folder))
        self.keeper = PbxKeeper(
            self.settings,
            self.notices,
            worker,
            lambda: False,
            lambda: self.busy,
            self._changed,
            SessionStore(folder),
            LearntStore(folder),
        )

    def _changed(self) -> None:
        self.changes += 1

    @property
    def state(self) -> SessionState:
        return self.keeper.status.state

    @property
    def words(self) -> str:
        return " ".join(notice.text for notice in self.notices.current)

    async def set(self, server: str, **more: object) -> None:
        values: dict[str, object] = {
            "server": server,
            "user": "jdo",
            "password": PASSWORD,
            "trust_file": self.trusted,
            **more,
        }
        await self.settings.merge(Layer.ADMIN, {f"pbx.{name}": value for name, value in values.items()})


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    with ThreadPoolExecutor(1) as worker:
        desk = Desk(tmp_path, worker)
        desk.keeper.start()
        yield desk
        await desk.keeper.stop()


@pytest.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[SmallPbx]:
    pbx = await SmallPbx(tmp_path).start()
    yield pbx
    await pbx.stop()


async def test_the_session_comes_and_goes_with_the_setting(desk: Desk, pbx: SmallPbx) -> None:
    made: list[bool] = []
    desk.keeper.made = lambda client: made.append(client is not None)
    assert desk.state is SessionState.OFF
    await desk.set(f"127.0.0.1:{pbx.port}")
    await until(lambda: desk.state is SessionState.UP)
    await desk.set("")
    await until(lambda: desk.state is SessionState.OFF)
    assert made == [True, False]
    assert desk.words == ""


async def test_no_call_loses_its_signalling_to_a_new_setting(desk: Desk, pbx: SmallPbx) -> None:
    await desk.set(f"127.0.0.1:{pbx.port}")
    await until(lambda: desk.state is SessionState.UP)
    desk.busy = True
    await desk.set(f"127.0.0.1:{pbx.port}#phys=branch")
    await until(lambda: "as soon as" in " ".join(notice.advice for notice in desk.notices.current))
    assert desk.state is SessionState.UP
    desk.busy = False
    desk.keeper.calls_changed()
    await until(lambda: desk.keeper.status.connection.phys == "branch" and desk.state is SessionState.UP)
    assert desk.words == ""


async def test_what_keeps_the_phone_from_its_pbx_is_told(desk: Desk, pbx: SmallPbx) -> None:
    await desk.set(f"127.0.0.1:{pbx.port}", password="wrong")
    await until(lambda: "name and password" in desk.words)
    await desk.set(f"127.0.0.1:{pbx.port}", trust_file="/nowhere.pem")
    await until(lambda: "/nowhere.pem" in desk.words)
    await desk.set("fe80::1")
    await until(lambda: "no PBX's address" in desk.words)
    await desk.set(f"127.0.0.1:{pbx.port}")
    await until(lambda: desk.words == "" and desk.state is SessionState.UP)


async def test_a_setting_that_is_taken_back_is_waited_for_no_more(desk: Desk, pbx: SmallPbx) -> None:
    server = f"127.0.0.1:{pbx.port}"
    await desk.set(server)
    await until(lambda: desk.state is SessionState.UP)
    desk.busy = True
    await desk.set(f"{server}#phys=branch")
    await until(lambda: "new settings" in desk.words)
    await desk.set(server)
    await until(lambda: desk.words == "")
    assert desk.state is SessionState.UP


async def test_a_setting_that_is_repaired_to_what_it_was_brings_the_session_back(desk: Desk, pbx: SmallPbx) -> None:
    server = f"127.0.0.1:{pbx.port}"
    await desk.set(server)
    await until(lambda: desk.state is SessionState.UP)
    await desk.set(server, trust_file="/nowhere.pem")
    await until(lambda: "/nowhere.pem" in desk.words)
    await desk.set(server)
    await until(lambda: desk.words == "" and desk.state is SessionState.UP)


@pytest.mark.parametrize("spoiled", [{"trust_file": "/nowhere.pem"}, {"server": "fe80::1"}], ids=["file", "server"])
async def test_settings_that_are_no_good_take_no_session_away(
    desk: Desk, pbx: SmallPbx, spoiled: dict[str, str]
) -> None:
    server = f"127.0.0.1:{pbx.port}"
    await desk.set(server)
    await until(lambda: desk.state is SessionState.UP)
    before = desk.keeper.client
    await desk.set(**({"server": server} | spoiled))
    await until(lambda: "are not used" in desk.words)
    assert desk.keeper.client is before
    assert desk.state is SessionState.UP
    await desk.set(f"{server}#phys=branch")
    await until(lambda: desk.keeper.status.connection.phys == "branch" and desk.state is SessionState.UP)
    assert desk.words == ""


async def test_who_is_taken_out_of_the_settings_is_logged_out_whatever_else_they_say(desk: Desk, pbx: SmallPbx) -> None:
    server = f"127.0.0.1:{pbx.port}"
    await desk.set(server)
    await until(lambda: desk.state is SessionState.UP)
    await desk.set(server, user="ckl", trust_file="/nowhere.pem")
    await until(lambda: desk.keeper.client is None and "/nowhere.pem" in desk.words)


class SessionPbx(SmallPbx):
    """Gives a session to who logs in by password, and knows it until it `has_forgotten`."""

    has_forgotten = False

    def _login(self, heard: dict[str, Any]) -> str:
        if heard["type"] == "session" and "response" in heard:
            if self.has_forgotten:
                return json.dumps({"mt": "LoginResult", "error": 5, "errorText": "Session expired"})
            return self._result(heard, SESSION_PASSWORD)
        if "response" in heard:
            head = f"{heard['nonce']}:{PASSWORD}"
            usr, pwd = (
                rc4(f"innovaphoneAppClient:{what}:{head}", text)
                for what, text in (("usr", "5e55"), ("pwd", SESSION_PASSWORD))
            )
            self.extra = {"session": {"usr": usr, "pwd": pwd}}
        return super()._login(heard)

    def _result(self, heard: dict[str, Any], password: str) -> str:
        info = json.dumps({"user": USER})
        whole = ("innovaphoneAppClient:loginresult:example.com", heard["username"], password, heard["nonce"])
        return f'{{"mt":"LoginResult","info":{info},"digest":"{sha(*whole, CHALLENGE, info)}"}}'

    def logins(self) -> list[tuple[str, str]]:
        """Who has proved what, since the last time."""
        found = [(heard["type"], heard["username"]) for heard in self.heard if "response" in heard]
        self.heard.clear()
        return found


async def test_a_session_outlasts_a_restart_until_the_pbx_knows_it_no_more(tmp_path: Path) -> None:
    pbx = SessionPbx(tmp_path)
    await pbx.start()

    async def run() -> list[tuple[str, str]]:
        with ThreadPoolExecutor(1) as worker:
            desk = Desk(tmp_path, worker)
            await desk.set(f"127.0.0.1:{pbx.port}")
            desk.keeper.start()
            await until(lambda: desk.state is SessionState.UP)
            await desk.keeper.stop()
        return pbx.logins()

    assert await run() == [("user", "jdo")]
    assert await run() == [("session", "5e55")]
    pbx.has_forgotten = True
    assert await run() == [("session", "5e55"), ("user", "jdo")]
    pbx.has_forgotten = False
    assert await run() == [("session", "5e55")]
    await pbx.stop()


async def test_what_a_full_disk_would_not_take_is_stored_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(background_store, "AGAIN_AFTER", 0.02)
    standby = await SmallPbx(tmp_path, "standby").start()
    pbx = SessionPbx(tmp_path)
    pbx.extra = {"alt": str(standby.address)}
    await pbx.start()
    owner = Owner(str(pbx.address), "jdo")
    with ThreadPoolExecutor(1) as worker:
        desk = Desk(tmp_path, worker)
        await desk.set(f"127.0.0.1:{pbx.port}")
        with monkeypatch.context() as disk:
            disk.setattr(DurableFile, "save", full)
            desk.keeper.start()
            await until(lambda: desk.state is SessionState.UP)
            await until(lambda: {"pbx.stored.session", "pbx.stored.learnt"} == {one.id for one in desk.notices.current})
            assert SessionStore(tmp_path).find(owner) is None
        await until(lambda: desk.words == "")
        await desk.keeper.stop()
    assert SessionStore(tmp_path).find(owner) == SessionCredentials("5e55", Secret(SESSION_PASSWORD))
    assert LearntStore(tmp_path).find(owner) is not None
    await pbx.stop()
    await standby.stop()


async def test_who_answers_in_the_pbxs_place_makes_nobody_forget_the_session(tmp_path: Path) -> None:
    pbx = SessionPbx(tmp_path)
    pbx.has_forgotten, pbx.password = True, "another's"
    await pbx.start()
    owner, session = Owner(str(pbx.address), "jdo"), SessionCredentials("5e55", Secret(SESSION_PASSWORD))
    await SessionStore(tmp_path).keep(owner, session)
    with ThreadPoolExecutor(1) as worker:
        desk = Desk(tmp_path, worker)
        await desk.set(f"127.0.0.1:{pbx.port}")
        desk.keeper.start()
        await until(lambda: desk.state is SessionState.REFUSED)
        await desk.keeper.stop()
    assert pbx.logins() == [("session", "5e55"), ("user", "jdo")]
    assert SessionStore(tmp_path).find(owner) == session
    await pbx.stop()


@pytest.mark.parametrize(
    ("change", "logged_out"),
    [({"user": "ckl"}, True), ({"server": ""}, True), ({"proxy_user": "jdo"}, False), ({"password": "new"}, False)],
    ids=["another user", "no server", "another proxy", "another password"],
)
async def test_an_account_that_is_taken_out_of_the_settings_is_logged_out(
    tmp_path: Path, change: dict[str, str], logged_out: bool
) -> None:
    pbx = SessionPbx(tmp_path)
    await pbx.start()
    owner = Owner(str(pbx.address), "jdo")
    with ThreadPoolExecutor(1) as worker:
        desk = Desk(tmp_path, worker)
        desk.keeper.start()
        await desk.set(f"127.0.0.1:{pbx.port}")
        await until(lambda: desk.state is SessionState.UP)
        before = desk.keeper.client
        await desk.settings.merge(Layer.ADMIN, {f"pbx.{name}": value for name, value in change.items()})
        await until(lambda: desk.keeper.client is not before)
        await desk.keeper.stop()
    assert ({"mt": "Logout"} in pbx.heard) is logged_out
    assert (SessionStore(tmp_path).find(owner) is None) is logged_out
    await pbx.stop()


@pytest.mark.parametrize(
    ("settings", "lost", "kept"),
    [
        ({"server": "127.0.0.1:9", "user": "jdo"}, "", True),
        ({"server": "127.0.0.1:9", "user": "ckl"}, "", False),
        ({"server": "127.0.0.1:8", "user": "jdo"}, "", False),
        ({"user": "jdo"}, "", False),
        ({"user": "jdo"}, "settings.config.3", True),
    ],
    ids=["the same", "another user", "another PBX", "none", "nobody knows"],
)
async def test_an_account_that_was_taken_out_while_the_phone_was_off_leaves_nothing(
    tmp_path: Path, settings: dict[str, str], lost: str, kept: bool
) -> None:
    owner, session = Owner("127.0.0.1:9/PBX0", "jdo"), SessionCredentials("5e55", Secret(SESSION_PASSWORD))
    await SessionStore(tmp_path).keep(owner, session)
    with ThreadPoolExecutor(1) as worker:
        desk = Desk(tmp_path, worker)
        await desk.settings.merge(Layer.ADMIN, {f"pbx.{name}": value for name, value in settings.items()})
        if lost:
            desk.notices.post(Notice(lost, Severity.ERROR, "A line of the file is not used."))
        desk.keeper.start()
        await until(lambda: desk.changes > 0)
        await desk.keeper.stop()
    assert (SessionStore(tmp_path).find(owner) == session) is kept


async def test_a_phone_that_starts_while_its_pbx_is_dead_remembers_who_stands_in(tmp_path: Path) -> None:
    standby = await SmallPbx(tmp_path, "standby").start()
    pbx = SmallPbx(tmp_path)
    pbx.extra = {"alt": str(standby.address)}
    await pbx.start()
    for place in (pbx.address, standby.address):
        with ThreadPoolExecutor(1) as worker:
            desk = Desk(tmp_path, worker)
            await desk.set(f"127.0.0.1:{pbx.port}")
            desk.keeper.start()
            await until(lambda: desk.state is SessionState.UP)  # noqa: B023 - it is this round's
            assert desk.keeper.status.connection.cur == str(place)
            await desk.keeper.stop()
        await pbx.stop()
    await standby.stop()
