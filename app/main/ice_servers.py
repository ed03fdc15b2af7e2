"""The servers that ICE asks, by their numeric addresses: looked up ahead, so that no call waits for DNS."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

from app.media.ice.gathering import IceServers, TurnServer, TurnTransport
from app.media.ice.stun import Address
from app.model.flags import LogFlag
from app.settings.layers import Layers
from app.settings.store import SettingsStore

log = logging.getLogger(LogFlag.MAIN)

DEFAULT_PORT = 3478
DEFAULT_TLS_PORT = 5349
AGAIN_SECONDS = 600.0
"""Names may come to mean other addresses."""


class IceServerLookup:
    """Keeps `current` true. Belongs to the loop."""

    def __init__(self, settings: SettingsStore) -> None:
        self.current = IceServers()
        self._settings = settings
        self._news = asyncio.Event()
        self._forget: Callable[[], None] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look up, and again when the settings or the network change."""
        self._forget = self._settings.subscribe("media", lambda _: self.look_again())
        self._task = asyncio.create_task(self._keep(), name="ICE servers")

    def look_again(self) -> None:
        """Something changed that names may hang on."""
        self._news.set()

    async def stop(self) -> None:
        """Stop looking."""
        if self._forget is not None:
            self._forget()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _keep(self) -> None:
        while True:
            self._news.clear()
            self.current = await _servers(self._settings.current)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), AGAIN_SECONDS)


async def _servers(settings: Layers) -> IceServers:
    if settings.text("media.ice") != "on":
        return IceServers()
    stun = await addresses_of(settings.text("media.stun_server"))
    return IceServers(stun, await _lender(settings))


async def _lender(settings: Layers) -> TurnServer | None:
    text, transport = settings.text("media.turn_server"), TurnTransport(settings.text("media.turn_transport"))
    found = await addresses_of(text, DEFAULT_TLS_PORT if transport is TurnTransport.TLS else DEFAULT_PORT)
    if not found:
        return None
    user, password = settings.text("media.turn_user"), settings.secret("media.turn_password")
    return TurnServer(found[0], user, password, transport, _place(text)[0], settings.text("media.turn_trust_file"))


def _place(text: str) -> tuple[str, str]:
    """The host of `host`, `host:port` or `[address]:port`, and the port or nothing."""
    host, _, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "")
    return host.strip("[]"), port


async def addresses_of(text: str, default_port: int = DEFAULT_PORT) -> tuple[Address, ...]:
    """One address of each family that `host`, `host:port` or `[address]:port` has; none where it cannot be found."""
    if not text:
        return ()
    host, port = _place(text)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, int(port or default_port), type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:  # a name with an empty or overlong label is no text for IDNA
        log.warning("%s cannot be found: %s; calls go on without it", text, error)
        return ()
    by_family: dict[int, Address] = {}
    for family, _, _, _, place in found:  # the best first (RFC 6724)
        by_family.setdefault(family, Address(str(place[0]), int(place[1])))
    return tuple(by_family.values())
