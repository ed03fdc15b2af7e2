"""The running client against PBXes that listen on this machine."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from app.model.pbx import Busy, PbxSoftware, Person, SessionState
from app.pbx import app_link, client, visit, web_socket
from app.pbx.client import PbxClient, PbxConfig
from app.pbx.myapps_login import Account
from app.pbx.redundancy import Learnt
from app.pbx.server_string import PbxAddress, ServerString
from app.pbx.session_messages import Watched
from app.security.tls import client_context
from app.settings.secret import Secret
from tests.pbx.small_pbx import PASSWORD, SmallPbx, trust, until

StartPbx = Callable[..., Awaitable[SmallPbx]]
StartPhone = Callable[..., PbxClient]


@pytest.fixture
async def pbxes(tmp_path: Path) -> AsyncIterator[StartPbx]:
    """Starts small PBXes, and stops them at the end."""
    started: list[SmallPbx] = []

    async def start(**given: object) -> SmallPbx:
        pbx = SmallPbx(tmp_path, f"pbx{len(started)}")
        for name, value in given.items():
            setattr(pbx, name, value)
        started.append(await pbx.start())
        return pbx

    yield start
    for pbx in started:
        await pbx.stop()


@pytest.fixture
async def phones(tmp_path: Path) -> AsyncIterator[StartPhone]:
    """Starts clients, and stops them at the end."""
    started: list[PbxClient] = []

    def start(
        pbx: SmallPbx,
        password: str = PASSWORD,
        *,
        host: str = "127.0.0.1",
        in_call: bool = False,
        learnt: Learnt | None = None,
    ) -> PbxClient:
        account = Account("jdo", Secret(password), user_agent="phone")
        server = ServerString(PbxAddress(host, pbx.port))
        config = PbxConfig(server, account, client_context(trust(tmp_path)), learnt=learnt)
        started.append(PbxClient(config, lambda: in_call))
        return started[-1]

    yield start
    for phone in started:
        await phone.stop()


async def test_a_phone_logs_in_and_shows_who_it_is(pbxes: StartPbx, phones: StartPhone) -> None:
    pbx = await pbxes()
    phone = phones(pbx)
    states: list[SessionState] = []
    phone.subscribe(lambda: states.append(phone.status.state))
    await until(lambda: bool(phone.apps))
    assert states[0] is SessionState.LOGIN
    assert phone.status.state is SessionState.UP
    assert phone.status.user is not None
    assert phone.status.user.dn == "John Dö"
    assert phone.status.connection.up
    assert phone.status.connection.cur == str(pbx.address)
    assert json.loads(phone.admin_settings) == {"a": {"value": 1}}
    await pbx.say({"mt": "UpdateOwnPresence", "presence": [{"contact": "tel:", "activity": "busy"}]})
    await until(lambda: phone.status.presence[:1] != ())
    phone.set_presence("dnd", "hush")
    phone.set_activity(inactive=True)
    await until(lambda: pbx.heard[-2:] == [
        {"mt": "SetOwnPresence", "activity": "dnd", "note": "hush"}, {"mt": "SetUserActivity", "inactive": True}
    ])  # fmt: skip


async def test_an_app_is_logged_in_to_over_the_session(pbxes: StartPbx, phones: StartPhone) -> None:
    pbx = await pbxes()
    link = phones(pbx).app_login("phone")
    heard: list[dict[str, object]] = []
    link.on_up = lambda: link.send(b'{"mt":"Hello","api":"Test"}')
    link.on_message = lambda text: heard.append(json.loads(text))
    await until(lambda: bool(heard))
    assert heard == [{"mt": "Echo", "api": "Test", "of": {"mt": "Hello", "api": "Test"}}]


async def test_who_has_no_right_to_an_app_learns_why(pbxes: StartPbx, phones: StartPhone) -> None:
    pbx = await pbxes()
    link = phones(pbx).app_login("other")
    reasons: list[str] = []
    link.on_down = reasons.append
    await until(lambda: bool(reasons))
    assert reasons[0] == r"The PBX gives no login: No\nsuch app."
    refused = phones(await pbxes(says_ok=False)).app_login("phone")
    refused.on_down = reasons.append
    await until(lambda: "The app does not accept the login." in reasons)


async def test_a_reset_brings_session_and_app_back(pbxes: StartPbx, phones: StartPhone) -> None:
    pbx = await pbxes()
    phone = phones(pbx)
    link = phone.app_login("phone")
    told: list[str] = []
    link.on_up = lambda: told.append("up")
    link.on_down = lambda _: told.append("down")
    await until(lambda: told == ["up"])
    pbx.cut()
    await until(lambda: told == ["up", "down", "up"] and phone.status.state is SessionState.UP)


async def test_a_connection_that_is_ended_says_what_it_had_to_say_and_is_forgotten(
    pbxes: StartPbx, phones: StartPhone
) -> None:
    pbx = await pbxes()
    phone = phones(pbx)
    link = phone.app_login("phone")
    await until(lambda: link.up)
    last_words = [{"mt": "Bye", "api": "Test", "n": n} for n in range(100)]
    for word in last_words:
        link.send(json.dumps(word).encode())
    await link.stop()
    await until(lambda: pbx.heard[-100:] == last_words)
    gone = weakref.ref(link)
    link = phone.app_login("other")
    gc.collect()
    assert gone() is None


async def test_listeners_that_fail_end_neither_session_nor_app(pbxes: StartPbx, phones: StartPhone) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    pbx = await pbxes()
    phone = phones(pbx)
    phone.subscribe(fail)
    phone.watch(Watched(sip="anna"), fail)
    link = phone.app_login("phone")
    link.on_down = fail
    for _ in range(2):
        await until(lambda: phone.status.state is SessionState.UP and link.up)
        await pbx.say({"mt": "UpdatePresence", "sip": "anna", "up": True})
        pbx.cut()
        await until(lambda: not link.up)
    await until(lambda: phone.status.state is SessionState.UP and link.up)


class Away(SmallPbx):
    """Answers the handshake with a redirect `to` elsewhere."""

    to = ""

    def make_app(self) -> web.Application:
        async def redirect(_: web.Request) -> web.Response:
            raise web.HTTPFound(self.to)

        app = web.Application()
        app.router.add_get("/PBX0/APPCLIENT/websocket", redirect)
        return app


async def test_a_redirect_by_http_is_not_followed(tmp_path: Path, pbxes: StartPbx, phones: StartPhone) -> None:
    pbx = await pbxes()
    away = Away(tmp_path, "away")
    away.to = pbx.address.session_url.replace("wss:", "https:")
    await away.start()
    phone = phones(away)
    await until(lambda: phone.status.state is SessionState.WAITING)
    assert phone.status.words == "127.0.0.1 is no PBX: its status is 302."
    assert not pbx.heard
    await away.stop()


async def test_watchers_outlast_a_session(pbxes: StartPbx, phones: StartPhone) -> None:
    pbx = await pbxes()
    phone = phones(pbx)
    told: list[Person] = []
    stop = phone.watch(Watched(sip="anna"), told.append)
    asked = [{"mt": "SubscribePresence", "sip": "anna"}, {"mt": "SubscribeDialog", "sip": "anna"}]
    await until(lambda: all(one in pbx.heard for one in asked))
    await pbx.say({"mt": "UpdatePresence", "sip": "anna", "up": True, "presence": [{"contact": "tel:"}]})
    await pbx.say({"mt": "DialogInfo", "sip": "anna", "callId": "1", "state": {"name": "connected"}})
    await until(lambda: [(person.up, person.busy) for person in told] == [(True, Busy.FREE), (True, Busy.BUSY)])
    phone.watch(Watched(sip="anna"), told.append)()
    assert told[1] is told[2]
    pbx.heard.clear()
    pbx.cut()
    await until(lambda: all(one in pbx.heard for one in asked))
    assert told[-1] == Person("anna")
    stop()
    ended = [{"mt": "UnsubscribePresence", "sip": "anna"}, {"mt": "UnsubscribeDialog", "sip": "anna"}]
    await until(lambda: pbx.heard[-2:] == ended)


async def test_a_wrong_password_is_told_and_not_tried_again_soon(pbxes: StartPbx, phones: StartPhone) -> None:
    pbx = await pbxes()
    phone = phones(pbx, "wrong")
    await until(lambda: phone.status.state is SessionState.REFUSED)
    assert phone.status.advice == "Check pbx.user and pbx.password."
    pbx.password = "wrong"
    phone.try_again()
    await until(lambda: phone.status.state is SessionState.UP)


async def test_a_phone_follows_to_the_users_own_pbx_and_has_it_for_secondary(
    pbxes: StartPbx, phones: StartPhone
) -> None:
    own = await pbxes()
    master = await pbxes(home=own.address)
    phone = phones(master)
    await until(lambda: phone.status.state is SessionState.UP)
    info = phone.status.connection
    assert (info.cur, info.pri, info.sec, info.standby) == (
        *map(str, (own.address, master.address, own.address)),
        False,
    )


async def test_pbxes_that_send_a_phone_round_and_round(pbxes: StartPbx, phones: StartPhone) -> None:
    one = await pbxes()
    other = await pbxes(home=one.address)
    one.home = other.address
    phone = phones(one)
    await until(lambda: phone.status.state is SessionState.REFUSED)
    assert phone.status.words == "The PBXes send the phone on and on."
    assert sum("response" in heard for heard in one.heard + other.heard) == client.MOST_REDIRECTS + 1


async def test_the_standby_takes_over_and_gives_back(pbxes: StartPbx, phones: StartPhone) -> None:
    standby = await pbxes()
    own = await pbxes(extra={"alt": f"{standby.address}"})
    phone = phones(own, in_call=True)
    link = phone.app_login("phone")
    await until(lambda: link.up)
    await own.stop()
    await until(lambda: phone.status.connection.standby and link.up and bool(standby.heard))
    assert phone.status.connection.cur == str(standby.address)
    await own.start()
    await standby.say({"mt": "StandbyBack"})
    await until(lambda: phone.status.connection.cur == str(own.address) and phone.status.connection.up and link.up)
    assert not phone.status.connection.standby


async def test_what_breaks_the_phone_at_one_pbx_leads_to_the_other(pbxes: StartPbx, phones: StartPhone) -> None:
    def fail(_: object) -> None:
        raise RuntimeError

    standby = await pbxes()
    own = await pbxes(extra={"alt": f"{standby.address}"})
    phone = phones(own, in_call=True)
    phone.learnt = fail
    words: list[str] = []
    phone.subscribe(lambda: words.append(phone.status.words))
    await until(lambda: phone.status.connection.cur == str(standby.address))
    assert "The phone cannot follow what the PBX says." in words


class Fickle(SmallPbx):
    """Takes the login, and lets go as soon as the phone goes on."""

    def _session(self, heard: dict[str, Any]) -> list[str]:
        if heard["mt"] == "SubscribeApps":
            self.cut()
            return []
        return super()._session(heard)


async def test_a_pbx_that_never_stays_is_left(tmp_path: Path, pbxes: StartPbx, phones: StartPhone) -> None:
    standby = await pbxes()
    fickle = Fickle(tmp_path, "fickle")
    fickle.extra = {"alt": f"{standby.address}"}
    await fickle.start()
    phone = phones(fickle, in_call=True)
    told: list[tuple[SessionState, str]] = []
    phone.subscribe(lambda: told.append((phone.status.state, phone.status.words)))
    await until(lambda: phone.status.connection.cur == str(standby.address))
    why = "The PBX has closed the connection."
    downs = [(state, words) for state, words in told if words or state is SessionState.CONNECTING]
    assert downs == [(SessionState.CONNECTING, why), (SessionState.WAITING, why)]
    assert phone.status.words == ""
    await fickle.stop()


async def test_a_phone_that_starts_while_the_primary_is_dead_finds_the_secondary(
    pbxes: StartPbx, phones: StartPhone
) -> None:
    standby = await pbxes()
    own = await pbxes(extra={"alt": f"{standby.address}"})
    learnt: list[Learnt] = []
    phone = phones(own)
    phone.learnt = learnt.append
    await until(lambda: phone.status.state is SessionState.UP)
    assert learnt == [Learnt(own.address, standby.address)]
    await own.stop()
    phone = phones(own, learnt=learnt[0])
    await until(lambda: phone.status.connection.standby)
    assert phone.status.connection.cur == str(standby.address)


async def test_what_a_pbx_wants_its_phones_to_run_is_shown_once_it_has_proved_itself(
    pbxes: StartPbx, phones: StartPhone
) -> None:
    pbx = await pbxes(build={"version": "16r1", "build": "1610855", "launcherUpdateBuild": "1610900"})
    phone = phones(pbx, "wrong")
    await until(lambda: phone.status.state is SessionState.REFUSED)
    assert phone.status.software == PbxSoftware()
    pbx.password = "wrong"
    phone.try_again()
    await until(lambda: phone.status.software == PbxSoftware("16r1", "1610855", "1610900"))


async def test_a_pbx_that_falls_silent_is_left(
    pbxes: StartPbx, phones: StartPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_socket, "PROBE_SECONDS", 0.4)
    monkeypatch.setattr(visit, "LOGIN_SECONDS", 0.5)
    standby = await pbxes()
    own = await pbxes(extra={"alt": f"{standby.address}"})
    phone = phones(own, in_call=True)
    await until(lambda: phone.status.state is SessionState.UP)
    own.fall_silent()
    await until(lambda: phone.status.connection.cur == str(standby.address))


async def test_a_pbx_that_takes_the_connection_and_says_nothing(
    pbxes: StartPbx, phones: StartPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "LOGIN_SECONDS", 0.2)
    phone = phones(await pbxes(silent=True))
    await until(lambda: phone.status.state is SessionState.WAITING)
    assert phone.status.words == "The PBX does not bring the login to its end."


async def test_an_app_that_says_nothing(pbxes: StartPbx, phones: StartPhone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_link, "LOGIN_SECONDS", 0.2)
    pbx = await pbxes()
    phone = phones(pbx)
    await until(lambda: phone.status.state is SessionState.UP)
    pbx.silent = True
    link = phone.app_login("phone")
    reasons: list[str] = []
    link.on_down = reasons.append
    await until(lambda: bool(reasons))
    assert reasons[0] == "The app phone does not answer the login."


async def test_a_frame_that_is_too_long_ends_the_connection(pbxes: StartPbx, phones: StartPhone) -> None:
    pbx = await pbxes()
    phone = phones(pbx)
    await until(lambda: phone.status.state is SessionState.UP)
    await pbx.say(json.dumps({"mt": "UpdateOwnPresence", "padding": "x" * web_socket.LONGEST_FRAME}))
    await until(lambda: phone.status.state is not SessionState.UP)
    assert phone.status.words == "The PBX sends a message that is too long."
    assert phone.status.advice == "Have the PBX's version looked at."


async def test_who_has_no_certificate_for_the_name_is_not_talked_to(pbxes: StartPbx, phones: StartPhone) -> None:
    pbx = await pbxes()
    phone = phones(pbx, host="localhost")
    await until(lambda: phone.status.state is SessionState.WAITING)
    assert phone.status.words == "The server's certificate is made out to another name."
    assert not pbx.heard
