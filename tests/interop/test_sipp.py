"""The awkward side of SIP, played by SIPp while a call runs: late, doubled, re-ordered, crossing and lost messages."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.model.cause import Cause
from app.model.snapshot import CallState
from tests.interop.row import Row
from tests.interop.script import OK, Script, reply, request, sdp
from tests.interop.sounds import PEER_HERTZ
from tests.interop.stage import called_by, calling, is_answer_to
from tests.peers.kamailio import Kamailio
from tests.peers.sipp_peer import Sipp, SippConfig

pytestmark = pytest.mark.interop

CALLED = "sip:[service]@[remote_ip]:[remote_port]"


def call() -> Script:
    """A call that SIPp makes, as far as the ACK."""
    return Script().send(request("INVITE", 1, body=sdp()), again=True).ringing().expect(200).send(request("ACK", 1))


# --- SIPp calls -----------------------------------------------------------------------------------------------


async def test_an_invite_without_an_offer(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "INVITE without an offer: the phone offers in its 200, the answer comes in the ACK")
    script = Script().send(request("INVITE", 1), again=True).ringing()
    script.expect(200, check=("body", "m=audio [1-9]")).send(request("ACK", 1, body=sdp()))
    async with called_by(script.until_bye(), tmp_path, registrar) as stage:
        await stage.answered()
        await stage.ended()
    row.measured("sound both ways")


async def test_every_message_comes_twice(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "every message doubled, both ways: INVITE, ACK, OPTIONS, BYE and their answers")
    script = call().send(request("OPTIONS", 2)).expect(200)
    # SIPp knows only the copy that follows its original at once, and would end the call at any other.
    async with called_by(script.until_bye(), tmp_path, registrar, patient=True) as stage:
        stage.wire.alter = lambda data: [data, data]
        await stage.answered()
        await stage.phone_answered("OPTIONS")
        assert len(stage.phone.snapshot.calls) == 1
        await stage.ended()
        assert len(stage.phone.snapshot.history) == 1
        row.measured("one call")


async def test_requests_come_in_the_wrong_order(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "requests re-ordered: a late CSeq is refused with 500 and the call goes on")
    script = call().send(request("OPTIONS", 5)).expect(200).send(request("OPTIONS", 3)).expect(500)
    script.send(request("INVITE", 4, body=sdp("sendonly", 2))).expect(100, optional=True).expect(500)
    script.send(request("ACK", 4))
    async with called_by(script.until_bye(), tmp_path, registrar) as stage:
        await stage.answered()
        await stage.phone.until_true(lambda: stage.phone.sip_counters.get("out of order") == 2)
        assert not stage.phone.snapshot.calls[0].remote_held
        await stage.ended()
        row.measured("2 counted as out of order")


async def test_the_ack_is_lost(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "two ACKs lost: the phone sends its 200 again until one comes")
    async with called_by(call().until_bye(), tmp_path, registrar) as stage:
        stage.wire.alter = lambda data: [] if data.startswith(b"ACK") and stage.wire.count("ACK") <= 2 else [data]
        await stage.answered()
        await stage.phone.until_true(lambda: stage.wire.count("ACK") == 3)
        await stage.ended()
        answers = [data for data in stage.wire.received if is_answer_to(data, "INVITE")]
        assert len(answers) == stage.wire.count("ACK") == 3
        row.measured("200 sent three times")


async def test_held_by_update(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "held and taken back by UPDATE, and an UPDATE without an offer")
    script = call().pause(700).send(request("UPDATE", 2, body=sdp("sendonly", 2)))
    script.expect(200, check=("body", "a=recvonly")).pause(400)
    script.send(request("UPDATE", 3, body=sdp("sendrecv", 3))).expect(200, check=("body", "a=sendrecv"))
    script.send(request("UPDATE", 4)).expect(200)
    async with called_by(script.until_bye(), tmp_path, registrar) as stage:
        await stage.answered()
        await stage.phone.until(lambda s: any(c.remote_held for c in s.calls))
        await stage.phone.until(lambda s: not any(c.remote_held for c in s.calls))
        await stage.phone_answered("UPDATE", 3)
        await stage.ended()


async def test_held_in_the_old_style(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "held by a re-INVITE with the address 0.0.0.0 (RFC 2543), and taken back")
    silent = sdp(version=2).replace("[media_address]", "0.0.0.0")
    script = call().pause(700).send(request("INVITE", 2, body=silent)).expect(100, optional=True)
    script.expect(200, check=("body", "a=(recvonly|inactive)")).send(request("ACK", 2)).pause(400)
    script.send(request("INVITE", 3, body=sdp(version=3))).expect(100, optional=True).expect(200)
    script.send(request("ACK", 3))
    async with called_by(script.until_bye(), tmp_path, registrar) as stage:
        await stage.answered()
        await stage.phone.until(lambda s: any(c.remote_held for c in s.calls))
        await stage.phone.until(lambda s: not any(c.remote_held for c in s.calls))
        await stage.phone.until_true(lambda: stage.wire.count("ACK") == 3)
        await stage.ended()


async def test_digits_by_info(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "no telephone events agreed: digits by INFO, both ways")
    plain = "\n".join(line for line in sdp().splitlines() if "telephone-event" not in line).replace(" 101", "")
    script = Script().send(request("INVITE", 1, body=plain), again=True).ringing().expect(200)
    script.send(request("ACK", 1)).expect("INFO", check=("body", "Signal ?= ?7")).send(OK)
    relay = request("INFO", 2, body="Signal=5\nDuration=160\n", content_type="application/dtmf-relay")
    script.send(relay).expect(200)
    async with called_by(script.until_bye(), tmp_path, registrar) as stage:
        await stage.answered()
        await stage.phone.send_digits("7")
        await stage.phone_answered("INFO")
        await stage.ended()


async def test_an_invite_without_an_offer_in_a_call(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "re-INVITE without an offer in a call")
    script = call().pause(500).send(request("INVITE", 2)).expect(100, optional=True)
    script.expect(200, check=("body", "m=audio [1-9]")).send(request("ACK", 2, body=sdp(version=2)))
    async with called_by(script.until_bye(), tmp_path, registrar) as stage:
        await stage.answered()
        await stage.phone.until_true(lambda: stage.wire.count("ACK") == 2)
        await stage.ended()


async def test_both_sides_offer_at_once(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "re-INVITEs cross: both are refused with 491, the phone tries again within two seconds")
    script = call().expect("INVITE", check=("body", "a=sendonly"), keep=True)
    script.send(request("INVITE", 2, body=sdp(version=2))).expect(491).send(request("ACK", 2))
    script.send(reply(491, "Request Pending", tag="", kept=True)).expect("ACK")
    script.expect("INVITE", check=("body", "a=sendonly"))
    script.send(reply(200, "OK", body=sdp("recvonly", 2), tag="")).expect("ACK")
    async with called_by(script.until_bye(), tmp_path, registrar) as stage:
        await stage.answered()
        await stage.phone.hold()
        held = CallState.HELD
        await stage.phone.until(lambda s: any(c.state is held and not c.changing for c in s.calls), within=15)
        await stage.phone.hang_up()
        await stage.phone.no_call()


async def test_a_cancel_comes_after_the_answer(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "the caller's CANCEL crosses the phone's 200: the call is on until BYE")
    script = Script().send(request("INVITE", 1, body=sdp(), branch="z9hG4bK-[call_id]-1"), again=True).ringing()
    script.expect(200)
    script.send(request("CANCEL", 1, branch="z9hG4bK-[call_id]-1", target=CALLED)).expect(200)
    script.send(request("ACK", 1))
    async with called_by(script.until_bye(), tmp_path, registrar) as stage:
        await stage.answered()
        await stage.phone_answered("CANCEL")
        await stage.ended()


async def test_a_route_is_recorded(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "two proxies record their route: the phone's BYE takes it, in order")
    own = "<sip:[local_ip]:[contact_port];lr;first=yes>"
    routes = f"Record-Route: {own}, <sip:198.51.100.7;lr>"
    script = Script().send(request("INVITE", 1, routes, body=sdp()), again=True).ringing()
    script.expect(200, check=("msg", "Record-Route:.*first=yes.*198.51.100.7")).send(request("ACK", 1))
    script.expect("BYE", check=("msg", "Route:.*first=yes.*198.51.100.7")).send(OK)
    async with called_by(script, tmp_path, registrar) as stage:
        await stage.answered()
        await stage.phone.hang_up()
        await stage.phone.no_call()


async def test_a_third_call_finds_the_phone_busy(tmp_path: Path, registrar: Kamailio, row: Row) -> None:
    row.of("sipp", "a third call while the phone has two: 486, and missed")
    async with called_by(call().until_bye(), tmp_path, registrar) as stage:
        await stage.answered()
        config = SippConfig(
            "uac_cancel.xml", remote=f"127.0.0.1:{stage.phone.port}", user="27", calls=1, duration_ms=1500
        )
        async with Sipp(config) as second:
            await stage.phone.until(lambda s: any(c.waiting for c in s.calls))
            refused = SippConfig("uac_refused.xml", remote=f"127.0.0.1:{stage.phone.port}", user="27", calls=1)
            async with Sipp(refused) as third:
                await third.wait(5)
            await second.wait(5)
        await stage.phone.until(lambda s: len(s.calls) == 1)
        await stage.ended()
        assert stage.phone.snapshot.missed == 2


# --- the phone calls ------------------------------------------------------------------------------------------


async def test_early_media(tmp_path: Path, row: Row) -> None:
    row.of("sipp", "183 with a session: the announcement is heard before the answer, the microphone stays closed")
    script = Script(waits=True).expect("INVITE").send(reply(183, "Session Progress", body=sdp()))
    script.send(reply(200, "OK", body=sdp()), again=True).expect("ACK").until_bye()
    async with calling(script, tmp_path) as stage:
        stage.wire.alter = lambda data: [] if is_answer_to(data, "INVITE") else [data]
        await stage.phone.dial("sipp")
        await stage.phone.until_true(lambda: stage.voice.received > 0)
        stage.voice.speak_to(stage.phone.rtp_port)
        await stage.phone.hears(PEER_HERTZ)
        assert stage.phone.snapshot.calls[0].state is not CallState.CONNECTED
        assert not stage.phone.snapshot.audio.microphone_open
        stage.wire.alter = lambda data: [data]
        await stage.phone.call_is(CallState.CONNECTED)
        await stage.phone.until(lambda s: s.audio.microphone_open)
        await stage.ended()


async def test_the_answer_is_repeated_and_overtakes(tmp_path: Path, row: Row) -> None:
    row.of("sipp", "200 comes three times and the 180 after it: each 200 is acknowledged, the rest ignored")
    script = Script(waits=True).expect("INVITE").send(reply(180, "Ringing")).send(reply(200, "OK", body=sdp()))
    script.expect("ACK").until_bye()
    ringing: list[bytes] = []

    def overtake(data: bytes) -> list[bytes]:
        if data.startswith(b"SIP/2.0 180"):
            ringing.append(data)
            return []
        return [data, data, *ringing, data] if is_answer_to(data, "INVITE") else [data]

    async with calling(script, tmp_path) as stage:
        stage.wire.alter = overtake
        await stage.phone.dial("sipp")
        await stage.heard()
        assert ringing
        assert stage.wire.count("ACK") == 3
        await stage.ended()
    row.measured("3 ACKs")


async def test_every_message_is_lost_once(tmp_path: Path, row: Row) -> None:
    row.of("sipp", "the first copy of every message lost, both ways, while the phone sets a call up and ends it")
    script = Script(waits=True).expect("INVITE").send(reply(180, "Ringing"))
    script.send(reply(200, "OK", body=sdp()), again=True).expect("ACK").until_bye().pause(1500)
    seen: set[bytes] = set()

    def lose_once(data: bytes) -> list[bytes]:
        known = data in seen
        seen.add(data)
        return [data] if known else []

    async with calling(script, tmp_path) as stage:
        stage.wire.alter = lose_once
        await stage.phone.dial("sipp")
        await stage.heard()
        await stage.ended()
        await stage.phone.until_true(lambda: any(is_answer_to(data, "BYE") for data in stage.wire.received[:-1]))
        await asyncio.sleep(0.6)
        stage.wire.alter = lambda data: [data]
        assert len(seen) == 6  # INVITE, 180, 200, ACK, BYE, 200


async def test_the_answer_crosses_our_cancel(tmp_path: Path, row: Row) -> None:
    row.of("sipp", "the callee's 200 crosses the phone's CANCEL: acknowledged, and ended by BYE")
    script = Script(waits=True).expect("INVITE", keep=True).send(reply(180, "Ringing")).expect("CANCEL")
    script.send(OK).send(reply(200, "OK", body=sdp(), kept=True)).expect("ACK").until_bye()
    async with calling(script, tmp_path) as stage:
        await stage.phone.dial("sipp")
        await stage.phone.call_is(CallState.RINGBACK)
        await stage.phone.hang_up()
        await asyncio.sleep(0.3)
        assert not stage.phone.snapshot.calls


async def test_a_call_is_sent_elsewhere(tmp_path: Path, row: Row) -> None:
    row.of("sipp", "302 Moved Temporarily: the phone calls the contact liked best")
    contacts = "Contact: <sip:second@[local_ip]:[local_port]>;q=0.5, <sip:first@[local_ip]:[local_port]>;q=0.9"
    script = Script(waits=True).expect("INVITE").send(reply(302, "Moved Temporarily", contact=contacts))
    script.expect("ACK").expect("INVITE", check=("msg", "INVITE sip:first@")).send(
        reply(200, "OK", body=sdp()), again=True
    )
    script.expect("ACK").until_bye()
    async with calling(script, tmp_path) as stage:
        await stage.phone.dial("sipp")
        await stage.phone.call_is(CallState.CONNECTED)
        await stage.phone.hang_up()
        await stage.phone.no_call()


async def test_a_storm_of_challenges(tmp_path: Path, row: Row) -> None:
    row.of("sipp", "each INVITE challenged anew with a stale nonce: the phone gives up after five")
    script = Script(waits=True)
    for number in range(5):
        challenge = f'WWW-Authenticate: Digest realm="storm", nonce="{number}", stale=true, algorithm=MD5, qop="auth"'
        script.expect("INVITE").send(reply(401, "Unauthorized", challenge)).expect("ACK")
    async with calling(script, tmp_path) as stage:
        await stage.phone.dial("sipp")
        ended = await stage.phone.call_is(CallState.ENDED)
        row.measured(f"“{ended.notice}”")
        assert ended.cause == Cause.CALL_REJECTED
