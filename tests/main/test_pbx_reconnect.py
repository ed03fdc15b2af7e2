"""The PBX goes in a call and comes back, or another takes its place: whole phones, whose voice never stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.model.snapshot import CallState, Snapshot
from tests.scenarios.office import InnovaphonePair, Line, Office, Person

PATIENCE = 40.0
"""Seconds in which phones find their PBX again, on a slow machine."""


def _pair(office: Office) -> InnovaphonePair:
    assert office.innovaphone is not None
    return office.innovaphone


async def _kill(office: Office, *, remembers: bool) -> None:
    for pbx in (_pair(office).pair.standby, _pair(office).pair.master):
        await pbx.kill(remembers=remembers)


async def _talk(caller: Person, called: Person) -> None:
    await caller.live.dial(called.number)
    await called.live.call_is(CallState.INCOMING)
    await called.live.answer()
    for one, other in ((caller, called), (called, caller)):
        await one.live.call_is(CallState.CONNECTED)
        await one.hears(other, PATIENCE)


def _lost(snapshot: Snapshot) -> bool:
    return bool(snapshot.calls) and all(call.reconnecting for call in snapshot.calls)


def _back(snapshot: Snapshot) -> bool:
    return bool(snapshot.calls) and not any(call.reconnecting for call in snapshot.calls)


@pytest.mark.parametrize("remembers", [True, False], ids=["remembers", "forgets"])
async def test_a_call_outlives_its_pbx(tmp_path: Path, *, remembers: bool) -> None:
    async with Office(tmp_path, Line.PBXSIGNAL) as office:
        await office.come(["anna", "ben"])
        anna, ben = office.people["anna"], office.people["ben"]
        await _talk(anna, ben)
        sources = {person.name: person.live.statistics.ssrc for person in (anna, ben)}
        await _kill(office, remembers=remembers)
        for person in (anna, ben):
            await person.live.until(_lost, PATIENCE)
            await person.live.talks_on(within=PATIENCE)
        await anna.hears(ben, PATIENCE)
        await office.pbx.start()
        for person in (anna, ben):
            await person.live.until(_back, PATIENCE)
            await person.live.talks_on(within=PATIENCE)
        for one, other in ((anna, ben), (ben, anna)):
            await one.hears(other, PATIENCE)
            assert one.live.statistics.lost == 0
            assert one.live.statistics.ssrc == sources[one.name]
        await ben.live.hang_up()
        await anna.live.ended_with(16, PATIENCE)
