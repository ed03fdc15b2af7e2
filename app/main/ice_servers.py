"""The servers that ICE asks, by their numeric addresses: looked up ahead, so that no call waits for DNS."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from app.media.ice.gathering import IceServers, TurnServer, TurnTransport
from app.media.ice.stun import Address
from app.model.flags import LogFlag
from app.model.plain_text import plain
from app.settings.layers import Layers
from app.settings.secret import Secret
from app.settings.store import SettingsStore

log = logging.getLogger(LogFlag.MAIN)

DEFAULT_PORT = 3478
DEFAULT_TLS_PORT = 5349
AGAIN_SECONDS = 600.0
"""Names may come to mean other addresses."""


LENT_MAX = 4
"""So many of each kind that a PBX names are looked up."""


@dataclass(frozen=True)
class LentServers:
    """Servers that the PBX names: `host`, `host:port` or `[address]:port` each; the first that is found counts."""

    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))


class IceServerLookup:
    """Keeps `current` true. The PBX's servers stand in for those that no setting names. Belongs to the loop."""

    def __init__(self, settings: SettingsStore) -> None:
        self.current = IceServers()
        self._settings = settings
        self._lent = LentServers()
        self._news = asyncio.Event()
        self._forget: Callable[[], None] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look up, and again when the settings or the network change."""
        self._forget = self._settings.subscribe("media", lambda _: self.look_again())
        self._task = asyncio.create_task(self._keep(), name="ICE servers")

    def borrow(self, lent: LentServers | None) -> None:
        """The PBX lets us use these, or has none."""
        lent = lent or LentServers()
        if lent != self._lent:
            self._lent = lent
            self.look_again()

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
            self.current = await _servers(self._settings.current, self._lent)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), AGAIN_SECONDS)


async def _servers(settings: Layers, lent: LentServers) -> IceServers:
    if settings.text("media.ice") != "on":
        return IceServers()
    stun_server, turn_server = settings.text("media.stun_server"), settings.text("media.turn_server")
    stun = await addresses_of(stun_server) if stun_server else (await _first(lent.stun))[1]
    return IceServers(stun, await _lender(settings, turn_server) if turn_server else await _lent_lender(lent))


async def _lender(settings: Layers, text: str) -> TurnServer | None:
    transport = TurnTransport(settings.text("media.turn_transport"))
    found = await addresses_of(text, DEFAULT_TLS_PORT if transport is TurnTransport.TLS else DEFAULT_PORT)
    if not found:
        return None
    user, password = settings.text("media.turn_user"), settings.secret("media.turn_password")
    return TurnServer(found[0], user, password, transport, _place(text)[0], settings.text("media.turn_trust_file"))


async def _lent_lender(lent: LentServers) -> TurnServer | None:
    place, found = await _first(lent.turn)
    return TurnServer(found[0], lent.user, lent.password, name=_place(place)[0]) if found else None


async def _first(places: tuple[str, ...]) -> tuple[str, tuple[Address, ...]]:
    """The first place that is found, and its addresses."""
    for place in places[:LENT_MAX]:
        found = await addresses_of(place)
        if found:
            return place, found
    return "", ()


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
    except (OSError, ValueError, OverflowError) as error:  # also no port; a label that is no text for IDNA
        log.warning("%s cannot be found: %s; calls go on without it", plain(text), plain(str(error)))
        return ()
    by_family: dict[int, Address] = {}
    for family, _, _, _, place in found:  # the best first (RFC 6724)
        by_family.setdefault(family, Address(str(place[0]), int(place[1])))
    return tuple(by_family.values())
