"""Calls whose voice finds its way by ICE, with phones we did not write: both with it, and one without."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.model.snapshot import CallState
from tests.interop.cabled_call import cabled_call
from tests.interop.conftest import Trust
from tests.interop.pair import IN, OUT, Pair, registered_pair
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.baresip_python_peer import BaresipPythonPeer
from tests.peers.peer import Peer
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = pytest.mark.interop

PEERS = [Pjsua2Peer, BaresipPeer]
"""Those with ICE: pjsua2 nominates aggressively and tells its choice by a re-INVITE, baresip nominates regularly."""
HEARD_SECONDS = 0.2


async def talk(pair: Pair, direction: str) -> None:
    await pair.call(direction)
    pair.phone.say(PHONE_HERTZ)
    await pair.phone.hears(PEER_HERTZ)
    await pair.phone.talks_on(25)


@pytest.mark.parametrize("kind", PEERS)
async def test_both_have_ice(kind: type[Peer], tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(kind.name, "ICE on both sides: calls out and in")
    async with registered_pair(kind, tmp_path, trust, ice=(True, True)) as (pair, _):
        for direction in (OUT, IN):
            await talk(pair, direction)
            # Voice is sent to where it comes from until ICE has chosen, so that it may be heard before.
            await pair.phone.until_true(lambda: pair.phone.route is not None)
            route = pair.phone.route
            assert route is not None
            row.measured(f"{direction}: {route.local} to {route.rtp.host}:{route.rtp.port}")
            await pair.finish(direction)
    assert pair.partner.heard_the_phone() >= HEARD_SECONDS


@pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
async def test_a_call_over_a_cable(tmp_path: Path, row: Row) -> None:
    """baresip 4 has one address and takes no call whose voice is elsewhere: here it and the registrar's have one."""
    row.of(BaresipPythonPeer.name, "ICE on both sides: a call in, over a cable between two machines")
    async with cabled_call(BaresipPythonPeer, tmp_path, ice=True) as (_, phone):
        route = phone.route
        assert route is not None
        row.measured(f"{route.local} to {route.rtp.host}:{route.rtp.port}")


# Debian's baresip sends nothing to who answers its ICE without.
@pytest.mark.parametrize(("kind", "ice"), [(Pjsua2Peer, (True, False)), (Pjsua2Peer, (False, True))])
async def test_one_has_ice(kind: type[Peer], ice: tuple[bool, bool], tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(kind.name, f"ICE on {'our' if ice[0] else 'its'} side only: calls out and in")
    async with registered_pair(kind, tmp_path, trust, ice=ice) as (pair, _):
        for direction in (OUT, IN):
            await talk(pair, direction)
            assert pair.phone.route is None
            await pair.finish(direction)
    assert pair.partner.heard_the_phone() >= HEARD_SECONDS


async def test_hold_keeps_the_way(tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(Pjsua2Peer.name, "ICE on both sides: held and taken back")
    async with registered_pair(Pjsua2Peer, tmp_path, trust, ice=(True, True)) as (pair, _):
        await talk(pair, OUT)
        route = pair.phone.route
        await pair.phone.hold()
        await pair.phone.call_is(CallState.HELD)
        await pair.phone.retrieve()
        await pair.phone.call_is(CallState.CONNECTED)
        await pair.phone.hears(PEER_HERTZ)
        assert route is not None
        assert pair.phone.route == route
        await pair.finish(OUT)
