"""Who watches somebody hears of his calls."""

from __future__ import annotations

from app.demo.myapps.pbx import InnovaphonePbx
from tests.demo.myapps.raw_client import connected, phone
from tests.demo.myapps.test_calls import call


async def test_a_call_is_told_from_its_ringing_to_its_end(pbx: InnovaphonePbx) -> None:
    async with (
        phone(pbx.http_port, "anna", "pw-anna") as anna,
        phone(pbx.http_port, "ben", "pw-ben") as ben,
        connected(pbx.http_port) as watcher,
    ):
        await watcher.log_in("clara", "pw-clara")
        await watcher.send("SubscribeDialog", num="22")
        await watcher.send("SubscribeDialog", sip="nobody")
        theirs = await call(anna, 1, ben, num="22")
        rings = await watcher.next(mt="DialogInfo", sip="ben")
        assert rings["state"] == {"name": "alerting"}
        assert rings["remote"] == {"sip": "anna", "dn": "Anna", "num": "21"}
        talks = await watcher.next(mt="DialogInfo", callId=rings["callId"])
        assert talks["state"] == {"name": "connected"}
        await ben.signal(theirs, "rel")
        assert (await watcher.next(mt="DialogInfo", callId=rings["callId"]))["deleted"] is True
        await watcher.send("UnsubscribeDialog", num="22")
        await watcher.send("SubscribeDialog", sip="anna")
        await call(anna, 2, ben, num="22")
        assert (await watcher.next(mt="DialogInfo"))["state"] == {"name": "alerting", "outgoing": True}
        assert not pbx.complaints
