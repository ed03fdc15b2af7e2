"""Whoever follows the network goes on following it, whatever becomes of one change."""

from __future__ import annotations

from collections.abc import Collection
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

    async def network_changed(self) -> None:
        self._tell("line")

    def addresses_changed(self) -> None:
        self._tell("media")

    def _tell(self, who: str) -> None:
        self.told.append(who)
        if who == self._broken:
            raise RuntimeError(f"the {who} is broken")


class Pbx:
    """Takes note of which addresses are gone."""

    def __init__(self, told: list[str]) -> None:
        self.told = told
        self.gone: list[set[str]] = []

    def network_changed(self, gone: Collection[str]) -> None:
        self.told.append("PBX")
        self.gone.append(set(gone))


@pytest.mark.parametrize("broken", ["", "line", "media"])
async def test_each_change_reaches_everybody(broken: str) -> None:
    network = SimulatedNetwork()
    followers = Followers(broken)
    pbx = Pbx(followers.told)
    watch = NetworkWatch(
        network,
        cast("LineKeeper", followers),
        cast("PbxKeeper", pbx),
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
    assert pbx.gone == [set(), {"192.0.2.1"}, {"192.0.2.2"}, set()]
    await watch.stop()


async def test_an_address_that_is_back_at_once_is_not_gone() -> None:
    network = SimulatedNetwork(Address("eth0", "192.0.2.1", 24))
    followers = Followers("")
    pbx = Pbx(followers.told)
    watch = NetworkWatch(
        network,
        cast("LineKeeper", followers),
        cast("PbxKeeper", pbx),
        cast("MediaRoom", followers),
        cast("IceServerLookup", followers),
    )
    network.change()
    network.change(Address("eth0", "192.0.2.1", 24))
    await until(lambda: len(followers.told) == 4)
    assert pbx.gone == [set()]
    await watch.stop()
