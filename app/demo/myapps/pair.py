"""A master and its standby with the users they share, a slave that some of them are at home at, and Echo to call."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Iterable

from app.demo.myapps.calls import CallServer
from app.demo.myapps.echo import ECHO_NAME, ECHO_NUMBER, Echo
from app.demo.myapps.guesses import NO_ANSWER_SECONDS, RECONNECT_SECONDS
from app.demo.myapps.installation import Installation, User
from app.demo.myapps.pbx import InnovaphonePbx
from app.settings.secret import Secret

MASTER, STANDBY, SLAVE = "master", "standby", "slave"


class Pair:
    """The PBXes; ports are master's and standby's, plain and with TLS (without `tls` the latter stay unused).

    The slave's are chosen. Whoever is at home there (`User.home`, `Installation.move`) is sent there by the others; the
    master stands in for it. The times are those of the call server.
    """

    def __init__(
        self,
        users: Iterable[User],
        address: str,
        http_ports: tuple[int, int] = (0, 0),
        https_ports: tuple[int, int] = (0, 0),
        tls: ssl.SSLContext | None = None,
        *,
        reconnect_seconds: float = RECONNECT_SECONDS,
        no_answer_seconds: float = NO_ANSWER_SECONDS,
    ) -> None:
        nobody_knows = Secret(secrets.token_urlsafe(18))
        echo = User(ECHO_NAME, ECHO_NUMBER, "Echo", nobody_knows)
        self.installation = Installation((*users, echo))
        self.calls = CallServer(
            self.installation, reconnect_seconds=reconnect_seconds, no_answer_seconds=no_answer_seconds
        )
        self.master, self.standby, self.slave = (
            InnovaphonePbx(
                name, address, http, https, self.installation, calls=self.calls, tls=tls, standby_for=stands_in_for
            )
            for name, http, https, stands_in_for in (
                (MASTER, http_ports[0], https_ports[0], ""),
                (STANDBY, http_ports[1], https_ports[1], MASTER),
                (SLAVE, 0, 0, ""),
            )
        )
        self.echo = Echo(self.installation.subscribers[ECHO_NAME], MASTER, address, self.calls)

    @property
    def all(self) -> tuple[InnovaphonePbx, ...]:
        """The master first."""
        return self.master, self.standby, self.slave

    async def start(self) -> None:
        """Start those that do not run. Raises OSError when a port is taken."""
        for pbx in self.all:
            if not pbx.reachable:
                await pbx.start()

    async def stop(self) -> None:
        """Stop those that run, and close those that only seem to."""
        for pbx in reversed(self.all):
            await (pbx.stop() if pbx.reachable else pbx.kill())
        self.echo.close()

    async def kill(self) -> None:
        """As if the power had failed everywhere."""
        for pbx in reversed(self.all):
            await pbx.kill()
