"""A phone that ends says good-bye over its session with the PBX, before that ends too."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.main.line_keeper import LineKeeper
from app.model.cause import Cause
from app.model.snapshot import CallState
from tests.live_phone import LivePhone
from tests.scenarios.office import InnovaphonePair

PATIENCE = 30.0


async def test_whoever_is_talked_to_hears_of_the_end_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word the PBX would keep the call for a phone that may come back. The line takes its time."""
    stop = LineKeeper.stop

    async def stop_slowly(line: LineKeeper) -> None:
        await asyncio.sleep(0.2)
        await stop(line)

    monkeypatch.setattr(LineKeeper, "stop", stop_slowly)
    pbx = InnovaphonePair(tmp_path)
    await pbx.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(pbx.stop)
        ben = await stack.enter_async_context(LivePhone(tmp_path / "ben", pbx.configuration("ben")))
        async with LivePhone(tmp_path / "anna", pbx.configuration("anna")) as anna:
            for phone in (anna, ben):
                await phone.registered(PATIENCE)
            await anna.dial("22")
            await ben.call_is(CallState.INCOMING, PATIENCE)
            await ben.answer()
            await anna.call_is(CallState.CONNECTED, PATIENCE)
        await ben.ended_with(Cause.NORMAL_CLEARING, PATIENCE)
