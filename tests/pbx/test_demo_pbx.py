"""The running client against a PBX that was written without looking at it: a master with its standby."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.demo.myapps.installation import User
from app.demo.myapps.pair import Pair
from app.demo.myapps.pbx import InnovaphonePbx
from app.model.pbx import SessionState
from app.pbx import web_socket
from app.pbx.app_link import AppLink
from app.pbx.client import PbxClient, PbxConfig
from app.pbx.myapps_login import Account
from app.pbx.server_string import PbxAddress, ServerString
from app.security.certificates import Authority
from app.security.tls import client_context, server_context
from app.settings.secret import Secret
from tests.pbx.small_pbx import until

TRUSTED = "trusted.pem"


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    authority = Authority("demo")
    (tmp_path / TRUSTED).write_bytes(authority.pem)
    tls = server_context(authority.issue(("127.0.0.1",)).write(tmp_path, "pbx"))
    pair = Pair((User("anna", "21", "Anna", Secret("pw-anna")),), "127.0.0.1", tls=tls)
    await pair.start()
    yield pair
    await pair.kill()
    pair.echo.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed soon. To be asked for before the phone."""
    monkeypatch.setattr(web_socket, "PROBE_SECONDS", 1.0)
    monkeypatch.setattr(web_socket, "CONNECT_SECONDS", 1.0)


@pytest.fixture
async def phone(pair: Pair, tmp_path: Path) -> AsyncIterator[PbxClient]:
    """Anna's."""
    server = ServerString(PbxAddress("127.0.0.1", pair.master.https_port))
    account = Account("anna", Secret("pw-anna"), user_agent="phone")
    phone = PbxClient(PbxConfig(server, account, client_context(tmp_path / TRUSTED)), lambda: True)
    yield phone
    await phone.stop()


def at(phone: PbxClient, link: AppLink, pbx: InnovaphonePbx) -> Callable[[], bool]:
    place = f"127.0.0.1:{pbx.https_port}/PBX0"
    return lambda: phone.status.state is SessionState.UP and phone.status.connection.cur == place and link.up


async def test_session_and_app_move_to_the_standby_and_home_again(pair: Pair, phone: PbxClient) -> None:
    link = phone.app_login("phone")
    await until(at(phone, link, pair.master))
    assert phone.status.user is not None
    assert phone.status.user.num == "21"
    assert phone.status.connection.sec == f"127.0.0.1:{pair.standby.https_port}/PBX0"
    await pair.master.kill()
    await until(at(phone, link, pair.standby))
    assert phone.status.connection.standby
    await pair.master.start()
    await until(at(phone, link, pair.master), 30)
    assert not phone.status.connection.standby
    assert not pair.master.complaints
    assert not pair.standby.complaints


@pytest.mark.usefixtures("quick")
async def test_a_master_that_is_cut_off_is_left(pair: Pair, phone: PbxClient) -> None:
    link = phone.app_login("phone")
    await until(at(phone, link, pair.master))
    pair.master.cut_off()
    await until(at(phone, link, pair.standby))


async def test_client_settings_that_change_in_a_session_arrive(pair: Pair, phone: PbxClient) -> None:
    await until(lambda: phone.status.state is SessionState.UP)
    pair.installation.set_settings("anna", {"offline": (600_000, True)})
    await until(lambda: json.loads(phone.admin_settings) == {"offline": {"value": 600_000, "force": True}})
    assert not pair.master.complaints
