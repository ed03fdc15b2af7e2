"""A PBX with one user and one app, small enough to do what no honest PBX does. It makes its digests by itself."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from app.pbx.server_string import PbxAddress
from app.security.certificates import Authority
from app.security.tls import server_context

PASSWORD = "secret"
CHALLENGE = "d96860923b454461"
APP_PASSWORD = "the app's"
INFO = '{"appobj":"phone", "cn":"Dö/1"}'
"""With a blank: nobody may write it anew."""
USER = {"domain": "example.com", "sip": "jdo", "guid": "0" * 32, "dn": "John Dö", "num": "27", "email": ""}

authority = Authority("test PBX")


def sha(*parts: str) -> str:
    return hashlib.sha256(":".join(parts).encode()).hexdigest()


def trust(folder: Path) -> Path:
    """The file of authorities that vouches for every small PBX."""
    file = folder / "trusted.pem"
    file.write_bytes(authority.pem)
    return file


class SmallPbx:
    """Listens at 127.0.0.1. `home` sends whoever logs in there; a `silent` one takes connections and says nothing."""

    def __init__(self, folder: Path, name: str = "pbx") -> None:
        self.folder = folder
        self.name = name
        self.password = PASSWORD
        self.home: PbxAddress | None = None
        self.extra: dict[str, Any] = {}
        self.build: dict[str, str] = {}
        self.silent = False
        self.says_ok = True
        self.heard: list[dict[str, Any]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> PbxAddress:
        return PbxAddress("127.0.0.1", self.port)

    def context(self) -> ssl.SSLContext:
        return server_context(authority.issue(("127.0.0.1",)).write(self.folder, self.name))

    def make_app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/PBX0/APPCLIENT/websocket", functools.partial(self._serve, self._session))
        app.router.add_get("/PBX0/APPS/websocket", functools.partial(self._serve, self._app))
        return app

    async def start(self) -> SmallPbx:
        self._runner = web.AppRunner(self.make_app(), shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self.context(), reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """Go away, all connections with it."""
        runner, self._runner = self._runner, None
        self.cut()
        if runner is not None:
            await runner.cleanup()

    def cut(self) -> None:
        """Reset all connections."""
        for socket in self.sockets:
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()
        self.sockets.clear()

    def fall_silent(self) -> None:
        """Answer nothing any more, on no connection."""
        self.silent = True
        for socket in self.sockets:
            socket._autoping = False

    async def say(self, message: dict[str, Any] | str) -> None:
        """To everybody."""
        for socket in self.sockets:
            await socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def _serve(self, answer: Callable[[dict[str, Any]], list[str]], request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=not self.silent)
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is not WSMsgType.TEXT or self.silent:
                continue
            heard = json.loads(message.data)
            self.heard.append(heard)
            for text in answer(heard):
                await socket.send_str(text)
        return socket

    def _session(self, heard: dict[str, Any]) -> list[str]:
        answers: dict[str, Callable[[dict[str, Any]], str]] = {
            "LoginInfo": lambda _: json.dumps({"mt": "LoginInfoResult", "user": {"digest": True}, "session": {}}),
            "Login": self._login,
            "SubscribeApps": lambda _: json.dumps({"mt": "UpdateApps", "apps": [{"name": "phone"}]}),
            "AppGetLogin": self._app_login,
            "CheckBuild": lambda _: json.dumps({"mt": "CheckBuildResult", **self.build}),
            "Logout": lambda _: json.dumps({"mt": "LogoutResult"}),
        }
        return [answers[heard["mt"]](heard)] if heard["mt"] in answers else []

    def _login(self, heard: dict[str, Any]) -> str:
        if "response" not in heard:
            return json.dumps({"mt": "Authenticate", "type": heard["type"], "method": "digest",
                               "domain": "example.com", "challenge": CHALLENGE})  # fmt: skip
        nonce, username = heard["nonce"], heard["username"]
        head = ("innovaphoneAppClient:user", "example.com", username, self.password, nonce, CHALLENGE)
        if heard["response"] != sha(*head):
            return json.dumps({"mt": "LoginResult", "error": 2, "errorText": "Authentication failed"})
        rest = (username, self.password, nonce, CHALLENGE)
        if self.home is not None:
            info = json.dumps({"host": self.home.host, "https": self.home.port, "mod": self.home.module})
            digest = sha("innovaphoneAppClient:redirect", *rest, info)
            return f'{{"mt":"Redirect","info":{info},"digest":"{digest}"}}'
        info = json.dumps({"user": USER, "settings": {"a": {"value": 1}}, **self.extra}, ensure_ascii=False)
        digest = sha("innovaphoneAppClient:loginresult:example.com", *rest, info)
        return f'{{"mt":"LoginResult","info":{info},"digest":"{digest}"}}'

    def _app_login(self, heard: dict[str, Any]) -> str:
        if heard["app"] != "phone":
            return json.dumps({"mt": "AppGetLoginResult", "src": heard["src"], "error": 1, "errorText": "No\nsuch app"})
        fields = {"mt": "AppGetLoginResult", "src": heard["src"], "app": "phone", "domain": "example.com",
                  "sip": "jdo", "guid": "0" * 32, "dn": "John Dö", "pbxObj": "phone", "salt": "s"}  # fmt: skip
        digest = sha("phone", "example.com", "jdo", "0" * 32, "John Dö", INFO, heard["challenge"], APP_PASSWORD)
        return f'{json.dumps(fields)[:-1]},"digest":"{digest}","info":{INFO}}}'

    def _app(self, heard: dict[str, Any]) -> list[str]:
        if heard["mt"] == "AppChallenge":
            return [json.dumps({"mt": "AppChallengeResult", "challenge": CHALLENGE})]
        if heard["mt"] == "AppLogin":
            head = [heard.get(name, "") for name in ("app", "domain", "sip", "guid", "dn")]
            right = heard["digest"] == sha(*head, INFO, CHALLENGE, APP_PASSWORD)
            right = right and heard["pbxObj"] == "phone" and self.says_ok
            return [json.dumps({"mt": "AppLoginResult", **({"ok": True} if right else {})})]
        return [json.dumps({"mt": "Echo", "api": "Test", "of": heard})]


async def until(what: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something to be so."""
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110 - what is waited for is no event
            await asyncio.sleep(0.01)
