"""A phone that is killed in a call over PbxSignal: the next process takes the call up by its name."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.model import commands
from app.model.snapshot import CallState
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.live_phone import LivePhone
from tests.main.rig import connected, registered
from tests.main.supervisor import Supervisor
from tests.main.talker import PATIENCE, Talker
from tests.scenarios.office import InnovaphonePair

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("calls", [True, False], ids=["caller", "called"])
async def test_a_call_outlives_our_process(tmp_path: Path, *, calls: bool) -> None:
    pbx = InnovaphonePair(tmp_path)
    await pbx.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(pbx.stop)
        supervisor = await stack.enter_async_context(Supervisor(tmp_path))
        anna = Talker(tmp_path, supervisor, pbx.configuration("anna"))
        ben = await stack.enter_async_context(LivePhone(tmp_path / "ben", pbx.configuration("ben")))
        stack.push_async_callback(anna.end)
        await anna.launch()
        await anna.until(registered)
        await ben.registered(PATIENCE)
        if calls:
            await anna.dial("22")
            await ben.call_is(CallState.INCOMING, PATIENCE)
            await ben.answer()
        else:
            await ben.dial("21")
            await anna.until(lambda s: any(call.state is CallState.INCOMING for call in s.calls))
            await anna.do(lambda id_: commands.Answer(id_))
        await ben.call_is(CallState.CONNECTED, PATIENCE)
        before = await anna.until(connected)
        ben.say(PEER_HERTZ)
        await ben.hears(PHONE_HERTZ, PATIENCE)
        source = await anna.source()
        await anna.crash()
        ben.say(PEER_HERTZ)
        await ben.hears(PHONE_HERTZ, PATIENCE)
        await anna.hears(PEER_HERTZ)
        assert ben.statistics.ssrc == source
        assert ben.statistics.lost == 0
        after = await anna.until(connected)
        assert after.calls[0].connected_at == before.calls[0].connected_at
        assert after.calls[0].guid == before.calls[0].guid
        await ben.hang_up()
        await anna.until(lambda s: not connected(s))
