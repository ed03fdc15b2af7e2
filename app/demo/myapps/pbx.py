"""A PBX of an installation: its sockets, and the ways in which it can come, go and fall silent."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque

from aiohttp import web

from app.demo.myapps.calls import CallServer
from app.demo.myapps.client import ClientTalk
from app.demo.myapps.installation import Installation, Subscriber
from app.demo.myapps.link import MOST_COMPLAINTS, Link
from app.demo.myapps.messages import RedirectFacts
from app.demo.myapps.oauth2 import LoginPages
from app.demo.myapps.objects import ObjectTalk

MODULE = "PBX0"
_CLIENT = re.compile(rf"/{MODULE}/(APPCLIENT(/[0-9a-fA-F]+)?|WEBSOCKET)/websocket")
_OBJECTS = f"/{MODULE}/APPS/"
MOST_CONNECTIONS = 256


class InnovaphonePbx:
    """A PBX that phones log in and register at, on the loop that starts it.

    Ports that are 0 are chosen at the first start and kept. With `tls` it listens on `https_port` too. The
    installation's first PBX is the master; `standby_for` names the one that this PBX stands in for.
    """

    def __init__(
        self,
        name: str,
        address: str,
        http_port: int,
        https_port: int,
        installation: Installation,
        *,
        calls: CallServer,
        tls: ssl.SSLContext | None = None,
        standby_for: str = "",
    ) -> None:
        self.name = name
        self.address = address
        self.http_port = http_port
        self.https_port = https_port
        self.installation = installation
        self.calls = calls
        self.standby_for = standby_for
        self.complaints: deque[str] = deque(maxlen=MOST_COMPLAINTS)
        """What clients did that the documents do not allow, the newest last."""
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self._listening: list[asyncio.Server] = []
        self.login_pages = LoginPages(installation, f"/{MODULE}/OAUTH2/")
        self._links: dict[Link, ClientTalk | ObjectTalk] = {}
        self._cut_off = False
        installation.nodes[name] = self

    @property
    def reachable(self) -> bool:
        """It runs, and its packets arrive."""
        return self._runner is not None and not self._cut_off

    async def start(self) -> None:
        """Listen, and call home those who have gone to the standby. Raises OSError when a port is taken."""
        application = web.Application()
        application.router.add_get("/{path:.*}", self._handle)
        application.router.add_post(self.login_pages.path("{state}"), self.login_pages.submit)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        self._cut_off = False
        self.http_port = await self._listen(self._runner, self.http_port, None)
        if self._tls is not None:
            self.https_port = await self._listen(self._runner, self.https_port, self._tls)
        for node in self.installation.nodes.values():
            node.call_home()

    async def stop(self) -> None:
        """Tell every client, then close everything."""
        for link, talk in tuple(self._links.items()):
            if isinstance(talk, ClientTalk):
                talk.disconnect()
            else:
                link.close()
        await self._close()

    async def kill(self, *, remembers: bool = True) -> None:
        """As if the power had failed: connections are reset, and calls of this PBX lost.

        Calls whose phones take them up again are kept for a time. One that does not remember has lost all of them.
        """
        self.calls.forget(self.name, remembers=remembers)
        for link in tuple(self._links):
            link.kill()
        await self._close()

    def cut_off(self) -> None:
        """As if the cable were pulled: connections stay, but nothing is read or sent any more."""
        self._cut_off = True
        loop = asyncio.get_running_loop()
        for server in self._listening:
            for listener in server.sockets:
                loop.remove_reader(listener.fileno())
        for link in self._links:
            link.cut_off()

    # --- for the conversations ------------------------------------------------------------------------------

    @property
    def host(self) -> str:
        """Where clients find it over TLS, or without TLS when it has none."""
        return f"{self.address}:{self.https_port if self._tls else self.http_port}/{MODULE}"

    @property
    def web_address(self) -> str:
        """Where its pages are."""
        return f"{'https' if self._tls else 'http'}://{self.host.removesuffix('/' + MODULE)}"

    def other_place(self, subscriber: Subscriber) -> RedirectFacts | None:
        """A standby sends to its active PBX, a slave to the master, the master to the user's slave, if they run."""
        other = self._node(self.standby_for or self._next(subscriber))
        if other is None or other is self or not other.reachable:
            return None
        return RedirectFacts(other.address, other.http_port, other.https_port, MODULE)

    def alternatives(self) -> dict[str, str | bool]:
        """Where a client turns to when this PBX is gone: its standby, or for a slave the master."""
        master = self._master
        standby = next((one for one in self._nodes if one.standby_for == self.name), None)
        other = standby or (master if not self.standby_for and master is not self else None)
        facts: dict[str, str | bool] = {"master": master.host}
        if other is not None:
            facts["alt"] = f"{other.address}:{other.https_port}/{MODULE}"
            facts["alt_http"] = f"{other.address}:{other.http_port}/{MODULE}"
            facts["alt_master"] = other is master
        return facts

    def call_home(self) -> None:
        """Send every client away whose own PBX runs again."""
        for talk in tuple(self._links.values()):
            if isinstance(talk, ClientTalk) and talk.subscriber and self.other_place(talk.subscriber):
                talk.go_home()

    def _next(self, subscriber: Subscriber) -> str:
        home = subscriber.user.home or self._master.name
        return home if self.name in (home, self._master.name) else self._master.name

    @property
    def _nodes(self) -> list[InnovaphonePbx]:
        return [one for one in self.installation.nodes.values() if isinstance(one, InnovaphonePbx)]

    @property
    def _master(self) -> InnovaphonePbx:
        return self._nodes[0]

    def _node(self, name: str) -> InnovaphonePbx | None:
        return next((one for one in self._nodes if one.name == name), None)

    # --- sockets --------------------------------------------------------------------------------------------

    async def _listen(self, runner: web.AppRunner, port: int, tls: ssl.SSLContext | None) -> int:
        assert runner.server is not None  # noqa: S101 - setup has made it
        loop = asyncio.get_running_loop()
        server = await loop.create_server(runner.server, self.address, port, ssl=tls, reuse_address=True)
        self._listening.append(server)
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    async def _close(self) -> None:
        for server in self._listening:
            server.close()
        self._listening.clear()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith(self.login_pages.path("")):
            return self.login_pages.show(request)
        if request.headers.get("Upgrade", "").lower() != "websocket" or len(self._links) >= MOST_CONNECTIONS:
            raise web.HTTPNotFound
        link = Link(request, self.complaints.append)
        if _CLIENT.fullmatch(request.path):
            self._links[link] = ClientTalk(link, self)
        elif request.path.startswith(_OBJECTS):
            self._links[link] = ObjectTalk(link, self)
        else:
            raise web.HTTPNotFound
        try:
            return await link.run(self._links[link])
        finally:
            del self._links[link]
