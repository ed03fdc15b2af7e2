"""The PBX goes in a call and comes back, or another takes its place: whole phones, whose voice never stops."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import pytest

from app.demo.myapps.objects import Registration
from app.demo.myapps.pbx import InnovaphonePbx
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


def _registrations(office: Office, name: str) -> list[Registration]:
    """Those of somebody's phone."""
    stations = _pair(office).pair.calls._switchboard.stations(name)
    return [station for station in stations if isinstance(station, Registration)]


def _cut(office: Office, name: str) -> None:
    """Break the connection of somebody's phone that calls go through."""
    for registration in _registrations(office, name):
        registration._link.kill()


async def _at(office: Office, pbx: InnovaphonePbx, *people: Person) -> None:
    """Wait until these are registered at that PBX, and their calls are as good as before."""

    def there() -> bool:
        return all([one.pbx for one in _registrations(office, person.name)] == [pbx.name] for person in people)

    await people[0].live.until_true(there, PATIENCE)
    await _all(people, _back)


@contextlib.asynccontextmanager
async def _office(folder: Path, *names: str) -> AsyncIterator[tuple[Office, list[Person]]]:
    """An office at an innovaphone PBX, and those who have come."""
    async with Office(folder, Line.PBXSIGNAL) as office:
        await office.come(list(names))
        yield office, [office.people[name] for name in names]


async def _ring(caller: Person, called: Person) -> None:
    await caller.live.dial(called.number)
    await called.live.call_is(CallState.INCOMING)
    await caller.live.call_is(CallState.RINGBACK)


async def _talk(caller: Person, called: Person) -> None:
    await caller.live.dial(called.number)
    await called.live.call_is(CallState.INCOMING)
    await called.live.answer()
    for person in (caller, called):
        await person.live.call_is(CallState.CONNECTED)
    await _hear_each_other(caller, called)


async def _hear_each_other(one: Person, other: Person) -> None:
    await one.hears(other, PATIENCE)
    await other.hears(one, PATIENCE)


async def _all(people: Iterable[Person], true: Callable[[Snapshot], bool]) -> None:
    for person in people:
        await person.live.until(true, PATIENCE)


def _lost(snapshot: Snapshot) -> bool:
    return bool(snapshot.calls) and all(call.reconnecting for call in snapshot.calls)


def _back(snapshot: Snapshot) -> bool:
    return bool(snapshot.calls) and not any(call.reconnecting for call in snapshot.calls)


async def test_a_call_outlives_a_pbx_that_forgets_it(tmp_path: Path) -> None:
    async with _office(tmp_path, "anna", "ben") as (office, (anna, ben)):
        await _talk(anna, ben)
        sources = {person.name: person.live.statistics.ssrc for person in (anna, ben)}
        await _kill(office, remembers=False)
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


async def test_held_calls_and_the_one_that_is_on_come_back_together(tmp_path: Path) -> None:
    async with _office(tmp_path, "anna", "ben", "clara") as (office, (anna, ben, clara)):
        await _talk(ben, anna)
        await _talk(anna, clara)
        await _kill(office, remembers=False)
        await _all((anna, ben, clara), _lost)
        await anna.hears(clara, PATIENCE)
        await office.pbx.start()
        await _all((anna, ben, clara), _back)
        assert [call.state for call in anna.live.snapshot.calls] == [CallState.HELD, CallState.CONNECTED]
        assert ben.live.snapshot.calls[0].remote_held
        await anna.hears(clara, PATIENCE)
        await clara.live.hang_up()
        await anna.live.until(lambda s: any(call.state is CallState.ENDED for call in s.calls), PATIENCE)
        await anna.live.retrieve()
        await ben.hears(anna, PATIENCE)
        await anna.hears(ben, PATIENCE)


@pytest.mark.parametrize("remembers", [True, False], ids=["remembers", "forgets"])
async def test_a_call_that_rings_goes_on_ringing(tmp_path: Path, *, remembers: bool) -> None:
    async with _office(tmp_path, "anna", "ben") as (office, (anna, ben)):
        await _ring(anna, ben)
        await _kill(office, remembers=remembers)
        await _all((anna, ben), _lost)
        await office.pbx.start()
        await _all((anna, ben), _back)
        assert [call.state for call in ben.live.snapshot.calls] == [CallState.INCOMING]
        await ben.live.answer()
        for one, other in ((anna, ben), (ben, anna)):
            await one.live.call_is(CallState.CONNECTED, PATIENCE)
            await one.hears(other, PATIENCE)


async def test_a_call_that_is_answered_meanwhile_is_connected_when_the_pbx_is_back(tmp_path: Path) -> None:
    async with _office(tmp_path, "anna", "ben") as (office, (anna, ben)):
        await _ring(anna, ben)
        await _kill(office, remembers=False)
        await ben.live.until(_lost, PATIENCE)
        await ben.live.answer()
        await office.pbx.start()
        for one, other in ((anna, ben), (ben, anna)):
            await one.live.until(_back, PATIENCE)
            await one.live.call_is(CallState.CONNECTED, PATIENCE)
            await one.hears(other, PATIENCE)


async def test_a_call_goes_on_at_the_standby_and_comes_home_again(tmp_path: Path) -> None:
    async with _office(tmp_path, "anna", "ben") as (office, (anna, ben)):
        await _talk(anna, ben)
        pair = _pair(office).pair
        await pair.master.kill(remembers=False)
        await _at(office, pair.standby, anna, ben)
        await anna.hears(ben, PATIENCE)
        await pair.master.start()
        await _at(office, pair.master, anna, ben)
        await ben.hears(anna, PATIENCE)
        await anna.live.hang_up()
        await ben.live.ended_with(16, PATIENCE)


async def test_one_phone_that_is_cut_off_comes_back_to_the_other(tmp_path: Path) -> None:
    async with _office(tmp_path, "anna", "ben") as (office, (anna, ben)):
        await _talk(anna, ben)
        for cut_off in (ben, anna):
            _cut(office, cut_off.name)
            await anna.live.until_true(lambda: not _registrations(office, "anna") or not _registrations(office, "ben"))
            await _at(office, _pair(office).pair.master, cut_off)
            await _hear_each_other(anna, ben)
        await anna.live.hang_up()
        await ben.live.ended_with(16, PATIENCE)


async def test_a_call_that_is_ended_while_it_is_lost_ends_at_the_other_phone_too(tmp_path: Path) -> None:
    async with _office(tmp_path, "anna", "ben") as (office, (anna, ben)):
        await _talk(anna, ben)
        _cut(office, "ben")
        await ben.live.until(_lost, PATIENCE)
        await ben.live.hang_up()
        await anna.live.ended_with(16, PATIENCE)
