"""Whoever follows the network goes on following it, whatever becomes of one change."""

from __future__ import annotations

from typing import cast

import pytest

from app.main.ice_servers import IceServerLookup
from app.main.line_keeper import LineKeeper
from app.main.network_watch import NetworkWatch
from app.main.pbx_keeper import PbxKeeper
from app.media.room import MediaRoom
from hal.network import Address
from hal.sim.network import SimulatedNetwork
from tests.media.live import until


class Followers:
    """Line, PBX, media and servers at once, which take note and may break."""

    def __init__(self, broken: str) -> None:
        self.told: list[str] = []
        self._broken = broken

    def look_again(self) -> None:
        self.told.append("servers")

    def try_again(self) -> None:
        self.told.append("PBX")

    async def network_changed(self) -> None:
        self._tell("line")

    def addresses_changed(self) -> None:
        self._tell("media")

    def _tell(self, who: str) -> None:
        self.told.append(who)
        if who == self._broken:
            raise RuntimeError(f"the {who} is broken")


@pytest.mark.parametrize("broken", ["", "line", "media"])
async def test_each_change_reaches_everybody(broken: str) -> None:
    network = SimulatedNetwork()
    followers = Followers(broken)
    watch = NetworkWatch(
        network,
        cast("LineKeeper", followers),
        cast("PbxKeeper", followers),
        cast("MediaRoom", followers),
        cast("IceServerLookup", followers),
    )
    for number in (1, 2):
        network.change(Address("eth0", f"192.0.2.{number}", 24))
        await until(lambda: len(followers.told) == 4 * number)  # noqa: B023 - waited for at once
    network.change()
    await until(lambda: len(followers.told) == 12)
    network.change(Address("eth0", "192.0.2.2", 24))
    await until(lambda: len(followers.told) == 16)
    assert followers.told == ["servers", "PBX", "line", "media"] * 4
    await watch.stop()
