"""The STUN and TURN servers that an app names for its channel, by their numeric addresses."""

from __future__ import annotations

import asyncio
import logging

from app.main.ice_servers import addresses_of
from app.media.ice.gathering import IceServers, TurnServer
from app.media.ice.stun import Address
from app.media.server_urls import Scheme, ServerUrl
from app.model.flags import LogFlag
from app.surface.apps.media_messages import IceServer

log = logging.getLogger(LogFlag.MAIN)

LOOK_UP_SECONDS = 2.0
"""No channel waits longer for names to be found; it then does without them."""


async def look_up(asked: tuple[tuple[ServerUrl, IceServer], ...]) -> IceServers:
    """All STUN servers, and the first TURN server that is found. Never raises."""
    usable = tuple((url, server) for url, server in asked if _is_spoken(url))
    found = await asyncio.gather(*(_addresses(url) for url, _ in usable))
    stun: list[Address] = []
    turn: TurnServer | None = None
    for (url, server), addresses in zip(usable, found, strict=True):
        if url.scheme is Scheme.STUN:
            stun += addresses
        elif turn is None and addresses:
            turn = TurnServer(addresses[0], server.username, server.credential)
    return IceServers(tuple(dict.fromkeys(stun)), turn)


def _is_spoken(url: ServerUrl) -> bool:
    spoken = url.scheme in (Scheme.STUN, Scheme.TURN) and url.transport == "udp"
    if not spoken:
        log.info("a channel's %s server over %s is passed over: only UDP is spoken to it", url.scheme, url.transport)
    return spoken


async def _addresses(url: ServerUrl) -> tuple[Address, ...]:
    host = f"[{url.host}]" if ":" in url.host else url.host
    try:
        return await asyncio.wait_for(addresses_of(f"{host}:{url.port}"), LOOK_UP_SECONDS)
    except TimeoutError:
        log.warning("%s was not found in time; a channel goes on without it", url.host)
        return ()
