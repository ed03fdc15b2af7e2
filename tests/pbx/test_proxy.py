"""The PBX behind an HTTP proxy that others wrote, with both TLS profiles all the way through it."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from app.model.pbx import SessionState
from app.pbx.client import PbxClient, PbxConfig
from app.pbx.errors import Unreachable
from app.pbx.myapps_login import Account
from app.pbx.server_string import PbxAddress, ServerString
from app.pbx.web_socket import Network, Proxy
from app.security.tls import TlsProfile, client_context, server_context
from app.settings.secret import Secret
from tests.pbx.small_pbx import PASSWORD, SmallPbx, authority, trust, until
from tests.peers import tinyproxy as peer
from tests.peers.tinyproxy import Tinyproxy, tinyproxy


class Pbx(SmallPbx):
    """Notes what a web socket was asked for with; an `old` one knows no TLS above 1.1."""

    old = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.headers: list[str] = []

    def context(self) -> ssl.SSLContext:
        if not self.old:
            return super().context()
        context = server_context(authority.issue(("127.0.0.1",)).write(self.folder, "old"), TlsProfile.LEGACY)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context

    async def note(self, request: web.Request) -> None:
        self.headers += [name.lower() for name in request.headers]

    def make_app(self) -> web.Application:
        app = super().make_app()
        app.on_response_prepare.append(lambda request, _: self.note(request))
        return app


@pytest.fixture
async def proxy() -> AsyncIterator[Tinyproxy]:
    async with tinyproxy() as started:
        yield started


@pytest.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[Pbx]:
    made = Pbx(tmp_path)
    yield made
    await made.stop()


def way(proxy: Tinyproxy, user: str = peer.USER, password: str = peer.PASSWORD) -> Proxy:
    return Proxy(proxy.place, user, Secret(password))


async def refusal(url: str, context: ssl.SSLContext, through: Proxy) -> Unreachable:
    """Why no web socket came about."""
    network = Network(context, through)
    try:
        with pytest.raises(Unreachable) as caught:
            await network.open(url)
    finally:
        await network.close()
    assert caught.value.advice
    return caught.value


async def test_a_phone_logs_in_through_a_proxy_that_knows_it(tmp_path: Path, proxy: Tinyproxy, pbx: Pbx) -> None:
    await pbx.start()
    account = Account("jdo", Secret(PASSWORD), user_agent="phone")
    phone = PbxClient(
        PbxConfig(ServerString(pbx.address), account, client_context(trust(tmp_path)), way(proxy)), lambda: False
    )
    try:
        await until(lambda: phone.status.state is SessionState.UP)
        assert proxy.asked_for(f"127.0.0.1:{pbx.port}") == 1
        link = phone.app_login("phone")
        await until(lambda: any(heard["mt"] == "AppLogin" for heard in pbx.heard))
        await link.stop()
        assert proxy.asked_for(f"127.0.0.1:{pbx.port}") == 2
    finally:
        await phone.stop()
    assert "sec-websocket-key" in pbx.headers
    assert not {"proxy-authorization", "authorization"} & set(pbx.headers)


@pytest.mark.parametrize(("user", "password"), [("", ""), (peer.USER, "wrong"), ("somebody", peer.PASSWORD)])
async def test_a_proxy_that_does_not_know_the_phone_is_said(
    tmp_path: Path, proxy: Tinyproxy, pbx: Pbx, user: str, password: str
) -> None:
    await pbx.start()
    through = way(proxy, user, password)
    said = await refusal(pbx.address.session_url, client_context(trust(tmp_path)), through)
    assert str(said) == "The proxy does not accept the name and password."
    assert "pbx.proxy_password" in said.advice
    assert not pbx.headers


async def test_a_pbx_that_the_proxy_cannot_reach_is_said(tmp_path: Path, proxy: Tinyproxy, pbx: Pbx) -> None:
    await pbx.start()
    await pbx.stop()
    said = await refusal(pbx.address.session_url, client_context(trust(tmp_path)), way(proxy))
    assert "The proxy does not connect to 127.0.0.1" in str(said)


async def test_a_proxy_that_is_not_there_is_said(tmp_path: Path, pbx: Pbx) -> None:
    await pbx.start()
    async with tinyproxy() as gone:
        through = way(gone)
    said = await refusal(pbx.address.session_url, client_context(trust(tmp_path)), through)
    assert str(said) == "The proxy cannot be reached."


async def test_a_proxy_does_not_stand_for_the_pbxs_certificate(tmp_path: Path, proxy: Tinyproxy, pbx: Pbx) -> None:
    await pbx.start()
    named = PbxAddress("localhost", pbx.port)
    said = await refusal(named.session_url, client_context(trust(tmp_path)), way(proxy))
    assert "another name" in str(said)
    said = await refusal(pbx.address.session_url, client_context(None), way(proxy))
    assert "authority" in str(said)
    assert not pbx.headers


async def test_an_old_pbx_takes_the_legacy_profile(tmp_path: Path, proxy: Tinyproxy, pbx: Pbx) -> None:
    pbx.old = True
    await pbx.start()
    trusted = trust(tmp_path)
    said = await refusal(pbx.address.session_url, client_context(trusted), way(proxy))
    assert "legacy" in said.advice
    network = Network(client_context(trusted, TlsProfile.LEGACY), way(proxy))
    try:
        async with await network.open(pbx.address.session_url) as socket:
            socket.send('{"mt":"LoginInfo"}')
            assert b"LoginInfoResult" in await socket.receive()
    finally:
        await network.close()
