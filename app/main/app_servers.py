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
AT_ONCE = 2
"""Names looked up for all channels together: each takes a thread of the pool that signalling looks its own up with, and
keeps it, where no DNS server answers, for longer than any channel waits."""


class AppServers:
    """Looks names up for all apps. Belongs to the loop."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._under_way: set[asyncio.Task[tuple[Address, ...]]] = set()

    async def look_up(self, asked: tuple[tuple[ServerUrl, IceServer], ...]) -> IceServers:
        """All STUN servers, and the first TURN server that is found. Never raises."""
        usable = tuple((url, server) for url, server in asked if _is_spoken(url))
        hosts = tuple(dict.fromkeys(url.host for url, _ in usable))
        found = dict(zip(hosts, await asyncio.gather(*map(self._addresses, hosts)), strict=True))
        stun: list[Address] = []
        turn: TurnServer | None = None
        for url, server in usable:
            addresses = [address._replace(port=url.port) for address in found[url.host]]
            if url.scheme is Scheme.STUN:
                stun += addresses
            elif turn is None and addresses:
                turn = TurnServer(addresses[0], server.username, server.credential)
        return IceServers(tuple(dict.fromkeys(stun)), turn)

    async def _addresses(self, host: str) -> tuple[Address, ...]:
        try:
            return await asyncio.wait_for(self._in_turn(host), LOOK_UP_SECONDS)
        except TimeoutError:
            log.warning("%s was not found in time; a channel goes on without it", host)
            return ()

    async def _in_turn(self, host: str) -> tuple[Address, ...]:
        """Whoever waits may give up, but a turn lasts as long as its thread is busy, which nobody can end."""
        await self._turns.acquire()
        work = asyncio.create_task(addresses_of(host))
        self._under_way.add(work)
        work.add_done_callback(self._done)
        return await asyncio.shield(work)

    def _done(self, work: asyncio.Task[tuple[Address, ...]]) -> None:
        self._under_way.discard(work)
        self._turns.release()


def _is_spoken(url: ServerUrl) -> bool:
    spoken = url.scheme in (Scheme.STUN, Scheme.TURN) and url.transport == "udp"
    if not spoken:
        log.info("a channel's %s server over %s is passed over: only UDP is spoken to it", url.scheme, url.transport)
    return spoken
