"""What two people do besides talking: hold, refuse, give up, let ring. With phones we did not write, at Kamailio."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest

from app.model.cause import Cause
from app.model.signalling import Registration
from app.model.snapshot import CallState
from tests.interop.conftest import Trust
from tests.interop.pair import IN, OUT, registered_pair
from tests.interop.partners import NUMBER, PARTNERS
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.peer import Answering, EventKind, Peer, Transport
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = pytest.mark.interop

SILENT_DBOV = -80.0
KINDS = [pytest.param(kind, id=kind.name) for kind in PARTNERS]


@pytest.mark.parametrize("direction", [OUT, IN])
@pytest.mark.parametrize("kind", KINDS)
async def test_the_phone_holds_and_takes_back(
    kind: type[Peer], direction: str, tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(kind.name, f"call {direction}, held and taken back by the phone")
    async with registered_pair(kind, tmp_path, trust) as (pair, _):
        phone, peer = pair.phone, pair.peer
        await pair.call(direction)
        phone.say(PHONE_HERTZ)
        await phone.hears(PEER_HERTZ)
        await asyncio.sleep(0.3)
        await phone.hold()
        await phone.call_is(CallState.HELD)
        assert not (await phone.until(lambda s: not s.audio.microphone_open)).audio.microphone_open
        if kind is not BaresipPeer:  # which does not tell, and records no more from now on
            await peer.expect(EventKind.REMOTE_HOLD)
        await phone.counts(lambda statistics: statistics.level_out_dbov < SILENT_DBOV)
        await phone.retrieve()
        await phone.call_is(CallState.CONNECTED)
        await phone.hears(PEER_HERTZ)
        await phone.talks_on()
        await asyncio.sleep(0.4)
        await pair.finish(OUT)
    assert pair.partner.heard_the_phone() >= 0.2
    row.measured("silence sent while held; sound both ways after it")


@pytest.mark.parametrize("kind", KINDS)
async def test_the_peer_holds_and_takes_back(kind: type[Peer], tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(kind.name, "held and taken back by the peer")
    async with registered_pair(kind, tmp_path, trust) as (pair, _):
        phone, peer = pair.phone, pair.peer
        await pair.call(OUT)
        await phone.hears(PEER_HERTZ)
        await peer.hold()
        await phone.until(lambda s: any(call.remote_held for call in s.calls))
        assert (await phone.call_is(CallState.CONNECTED)).notice == ""
        await asyncio.sleep(0.4)  # the peer has to see our answer before it may offer again
        await peer.resume()
        await phone.until(lambda s: not any(call.remote_held for call in s.calls))
        await phone.hears(PEER_HERTZ)
        await phone.talks_on()
        await pair.finish(IN)
    row.measured("shown as held meanwhile; sound again after it")


@pytest.mark.parametrize("kind", KINDS)
async def test_both_hold_one_after_the_other(kind: type[Peer], tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(kind.name, "held by the phone, then by the peer too, then taken back by both")
    async with registered_pair(kind, tmp_path, trust) as (pair, _):
        phone, peer = pair.phone, pair.peer
        await pair.call(IN)
        await phone.hears(PEER_HERTZ)
        await phone.hold()
        await phone.until(lambda s: any(call.state is CallState.HELD and not call.changing for call in s.calls))
        await asyncio.sleep(0.4)
        await peer.hold()
        await asyncio.sleep(0.4)
        await phone.retrieve()
        await phone.call_is(CallState.CONNECTED)
        await asyncio.sleep(0.4)
        await peer.resume()
        await phone.until(lambda s: not any(call.remote_held for call in s.calls))
        await phone.hears(PEER_HERTZ)
        await phone.talks_on()
        await pair.finish(IN)


@pytest.mark.parametrize("kind", KINDS)
async def test_calls_are_refused(kind: type[Peer], tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(kind.name, "a call refused by the peer, and one by the phone")
    async with registered_pair(kind, tmp_path, trust, answering=Answering.MANUAL) as (pair, _):
        phone, peer = pair.phone, pair.peer
        await phone.dial(NUMBER)
        await peer.expect(EventKind.INCOMING)
        await peer.reject()
        await phone.ended_with(Cause.USER_BUSY)
        await phone.hang_up()
        await phone.until(lambda s: not s.calls)
        peer.forget()
        await peer.call(pair.phone_uri)
        await phone.call_is(CallState.INCOMING)
        await phone.reject()
        closed = await peer.expect(EventKind.CLOSED)
        await phone.until(lambda s: not s.calls)
        row.measured(f"phone: “Busy”; peer: “{closed.text}”")


@pytest.mark.parametrize("kind", KINDS)
async def test_calls_are_given_up(kind: type[Peer], tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(kind.name, "a call given up by the phone while it rings, and one by the peer: unanswered, and missed")
    async with registered_pair(kind, tmp_path, trust, answering=Answering.MANUAL) as (pair, _):
        phone, peer = pair.phone, pair.peer
        await phone.dial(NUMBER)
        await peer.expect(EventKind.INCOMING)
        await phone.call_is(CallState.RINGBACK)
        await phone.hang_up()
        await peer.expect(EventKind.CLOSED)
        snapshot = await phone.until(lambda s: not s.calls and len(s.history) == 1)
        assert not snapshot.history[0].answered
        peer.forget()
        await peer.call(pair.phone_uri)
        await phone.call_is(CallState.INCOMING)
        await peer.hang_up()
        snapshot = await phone.until(lambda s: not s.calls and s.missed == 1)
        assert snapshot.history[0].missed
        assert snapshot.history[0].party.number == NUMBER
        assert phone.sip_counters == {}


async def test_nobody_answers(tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of("kamailio", "a call nobody answers, given up by the proxy with 408")
    async with registered_pair(Pjsua2Peer, tmp_path, trust, answering=Answering.MANUAL, ring_seconds=1) as (pair, _):
        await pair.phone.dial(NUMBER)
        await pair.phone.call_is(CallState.RINGBACK)
        ended = await pair.phone.ended_with(Cause.NO_ANSWER)
        row.measured(f"“{ended.notice}”")


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.TLS])
async def test_the_proxy_is_restarted_in_a_call(transport: Transport, tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of("kamailio", f"killed in a call over {transport.upper()}, and started again two seconds later")
    async with registered_pair(Pjsua2Peer, tmp_path, trust, transport=transport) as (pair, kamailio):
        phone = pair.phone
        await pair.call(OUT)
        await phone.hears(PEER_HERTZ)
        await kamailio.stop(signal.SIGKILL)
        snapshot = await phone.until(lambda s: s.lines[0].registration is Registration.DOWN)
        line = snapshot.lines[0]
        assert line.reason
        await phone.talks_on(packets=50)
        await phone.hears(PEER_HERTZ)
        await kamailio.start()
        began = time.monotonic()
        await phone.registered(within=12)
        took = time.monotonic() - began
        statistics = await phone.talks_on()
        assert statistics.lost == 0
        await phone.hang_up()
        await phone.no_call()
        row.measured(f"“{line.reason}”; voice went on, none lost; registered again after {took:.1f} s")


async def test_the_proxy_is_restarted_in_a_call_over_udp(tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of("kamailio", "killed in a call over UDP, and started again a second later")
    async with registered_pair(Pjsua2Peer, tmp_path, trust) as (pair, kamailio):
        await pair.call(OUT)
        await pair.phone.hears(PEER_HERTZ)
        await kamailio.stop(signal.SIGKILL)
        statistics = await pair.phone.talks_on(packets=50)
        assert statistics.lost == 0
        await kamailio.start()
        await pair.finish(OUT)
        row.measured("voice went on, none lost; the phone's BYE went through the new one")
