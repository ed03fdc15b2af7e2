"""Calls that the user has sent elsewhere by an innovaphone PBX: whole phones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.main.line_setup import LINE
from app.model import commands
from app.model.commands import AnyCommand
from app.model.services import Diversion, DiversionKind
from app.model.snapshot import CallState, Snapshot
from tests.scenarios.office import Line, Office


def _divert(number: str) -> Callable[[int], AnyCommand]:
    return lambda id_: commands.Divert(id_, line=LINE, kind=DiversionKind.ALWAYS, number=number)


def _diverted(*numbers: str) -> Callable[[Snapshot], bool]:
    wanted = tuple(Diversion(DiversionKind.ALWAYS, number) for number in numbers)
    return lambda s: s.lines[0].services.diversions == wanted


async def test_a_diversion_is_set_followed_and_taken_back(tmp_path: Path) -> None:
    async with Office(tmp_path, Line.PBXSIGNAL) as office:
        await office.come(["anna", "ben", "clara"])
        anna, ben, clara = (office.people[name].live for name in ("anna", "ben", "clara"))
        await anna.do(_divert("23"))
        await anna.until(_diverted("23"))
        await ben.dial("21")
        await clara.call_is(CallState.INCOMING)
        assert not anna.snapshot.calls
        await ben.hang_up()
        await anna.do(_divert(""))
        await anna.until(_diverted())
        await ben.dial("21")
        await anna.call_is(CallState.INCOMING)


async def test_a_call_that_rings_is_sent_on_by_hand(tmp_path: Path) -> None:
    async with Office(tmp_path, Line.PBXSIGNAL) as office:
        await office.come(["anna", "ben", "clara"])
        anna, ben, clara = (office.people[name] for name in ("anna", "ben", "clara"))
        await ben.live.dial("21")
        await anna.live.call_is(CallState.INCOMING)
        await anna.live.do(lambda id_: commands.Deflect(id_, number="23"))
        await clara.live.call_is(CallState.INCOMING)
        await anna.live.ended_with(16)
        await clara.live.answer()
        await ben.live.call_is(CallState.CONNECTED)
        await ben.hears(clara, 40)
