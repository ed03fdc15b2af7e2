"""Own addresses that change while calls are on: the line moves first, then the voice of each call."""

from __future__ import annotations

import asyncio
import logging

from app.main.ice_servers import IceServerLookup
from app.main.line_keeper import LineKeeper
from app.main.pbx_keeper import PbxKeeper
from app.media.room import MediaRoom
from app.model.flags import LogFlag
from hal.network import Address, Network

log = logging.getLogger(LogFlag.MAIN)


class NetworkWatch:
    """Follows the network's changes. Belongs to the loop."""

    def __init__(
        self, network: Network, line: LineKeeper, pbx: PbxKeeper, media: MediaRoom, servers: IceServerLookup
    ) -> None:
        self._servers = servers
        self._line = line
        self._pbx = pbx
        self._media = media
        self._own: frozenset[str] = reachable(network.addresses())
        self._gone: frozenset[str] = frozenset()
        """Since the followers were told last."""
        self._news = asyncio.Event()
        self._forget = network.subscribe(self._changed)
        self._task = asyncio.create_task(self._follow(), name="network watch")

    async def stop(self) -> None:
        """Stop following."""
        self._forget()
        self._task.cancel()
        await asyncio.wait([self._task])

    def _changed(self, addresses: tuple[Address, ...]) -> None:
        own = reachable(addresses)
        if own != self._own:
            log.info("own addresses: %s", ", ".join(sorted(own)) or "none")
            self._gone = (self._gone | self._own) - own
            self._own = own
            self._news.set()

    async def _follow(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            self._servers.look_again()
            gone, self._gone = self._gone, frozenset()
            self._pbx.network_changed(gone)
            try:
                await self._line.network_changed()
            except Exception:  # no reason to leave the voice behind, nor to miss the next change
                log.exception("the line cannot follow the change of addresses")
            try:
                self._media.addresses_changed()
            except Exception:
                log.exception("the calls' voices cannot follow the change of addresses")


def reachable(addresses: tuple[Address, ...]) -> frozenset[str]:
    """Those that others can reach us by."""
    return frozenset(one.address for one in addresses if one.reachable)
