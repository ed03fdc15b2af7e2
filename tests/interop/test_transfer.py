"""Calls passed on by REFER, and taken over by Replaces, with phones we did not write."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.model import commands
from app.model.cause import Cause
from app.model.ids import LegId
from app.model.services import TransferState
from app.model.signalling import CallOptions, Connected, Registration, Released
from app.model.snapshot import CallState, Snapshot
from app.settings.secret import Secret
from tests.interop.conftest import Trust, make_registrar
from tests.interop.line import WatchedLine
from tests.interop.partners import Partner
from tests.interop.phone import PhoneUnderTest
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ
from tests.interop.test_sipp_line import config, description, heard
from tests.peers.baresip_python_peer import BaresipPythonPeer
from tests.peers.peer import Answering, EventKind, Peer, PeerConfig
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = pytest.mark.interop

OTHER_HERTZ = 1500
ORDERS = [
    pytest.param(Pjsua2Peer, BaresipPythonPeer, id="pjsua2-baresip"),
    pytest.param(BaresipPythonPeer, Pjsua2Peer, id="baresip-pjsua2"),
]
WITHIN = 20.0


class Trio:
    """The phone (27), `one` (28) and `other` (29) at one Kamailio."""

    def __init__(self, phone: PhoneUnderTest, one: Partner, other: Partner, domain: str) -> None:
        self.phone = phone
        self.one = one.peer
        self.other = other.peer
        self.domain = domain

    def uri(self, number: str) -> str:
        return f"sip:{number}@{self.domain}"

    async def phone_calls_one(self) -> None:
        await self.phone.dial("28")
        await self.one.expect(EventKind.ESTABLISHED, within=WITHIN)
        await self.phone.until(settled)

    async def phone_calls_other(self) -> None:
        await self.phone.dial("29")
        await self.other.expect(EventKind.ESTABLISHED, within=WITHIN)
        await self.phone.until(settled)

    async def one_calls_phone(self) -> None:
        await self.one.call(self.uri("27"))
        await self.phone.call_is(CallState.INCOMING)
        await self.phone.answer()
        await self.one.expect(EventKind.ESTABLISHED, within=WITHIN)
        await self.phone.until(settled)

    async def one_calls_other(self) -> None:
        await self.one.call(self.uri("29"))
        await self.brought_together()

    async def brought_together(self) -> None:
        """`one` and `other` talk."""
        await self.other.expect(EventKind.ESTABLISHED, within=WITHIN)
        await self.one.expect(EventKind.ESTABLISHED, within=WITHIN)

    async def phone_is_with_other(self) -> Snapshot:
        snapshot = await self.phone.until(lambda s: [c.party.number for c in s.calls] == ["29"] and settled(s))
        await self.phone.hears(OTHER_HERTZ)
        return snapshot


def settled(snapshot: Snapshot) -> bool:
    return not any(call.changing for call in snapshot.calls)


@contextlib.asynccontextmanager
async def trio(folder: Path, trust: Trust, first: type[Peer], second: type[Peer]) -> AsyncIterator[Trio]:
    async with make_registrar(folder, trust, "MD5") as kamailio:
        domain, password = f"{kamailio.address}:{kamailio.port}", kamailio.password
        one = Partner(first, folder, domain=domain, password=password)
        other = Partner(second, folder, domain=domain, password=password, number="29", hertz=OTHER_HERTZ)
        async with PhoneUnderTest(folder, kamailio.port, password=password) as phone, one.peer, other.peer:
            await phone.registered()
            await asyncio.gather(one.peer.register(), other.peer.register())
            yield Trio(phone, one, other, domain)


@pytest.mark.parametrize(("first", "second"), ORDERS)
async def test_the_phone_passes_a_call_on_to_a_number(
    first: type[Peer], second: type[Peer], tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(first.name, f"passed on by the phone to {second.name} by REFER")
    async with trio(tmp_path, trust, first, second) as three:
        await three.phone_calls_one()
        await three.phone.do(lambda id_: commands.Transfer(id_, number="29"))
        await three.brought_together()
        await three.phone.no_call()
        assert three.phone.snapshot.calls[0].notice == "Transferred to 29"
        await three.one.expect(EventKind.CLOSED)
        await three.other.hang_up()
        await three.one.expect(EventKind.CLOSED)


@pytest.mark.parametrize("first", [Pjsua2Peer, BaresipPythonPeer])
async def test_a_transfer_that_fails_gives_the_call_back(
    first: type[Peer], tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(first.name, "passed on by the phone to a number there is none of: the call comes back with words")
    async with trio(tmp_path, trust, first, Pjsua2Peer) as three:
        await three.phone_calls_one()
        await three.phone.do(lambda id_: commands.Transfer(id_, number="4711"))
        snapshot = await three.phone.until(lambda s: s.transfer is not None and bool(s.transfer.notice))
        assert snapshot.transfer is not None
        assert snapshot.transfer.state is TransferState.CHOOSING
        await three.phone.do(lambda id_: commands.CancelTransfer(id_))
        await three.phone.call_is(CallState.CONNECTED)
        await three.phone.hears(PEER_HERTZ)
        await three.phone.hang_up()
        await three.phone.no_call()


@pytest.mark.parametrize(("first", "second"), ORDERS)
async def test_the_phone_brings_two_calls_together(
    first: type[Peer], second: type[Peer], tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(first.name, f"brought together with {second.name} by the phone, by REFER with Replaces")
    async with trio(tmp_path, trust, first, second) as three:
        await three.phone_calls_one()
        await three.phone.do(lambda id_: commands.BeginTransfer(id_))
        await three.phone.call_is(CallState.HELD)
        await three.phone_calls_other()
        await three.phone.do(lambda id_: commands.CompleteTransfer(id_))
        await three.brought_together()
        await three.phone.no_call()
        await three.one.expect(EventKind.CLOSED)
        await three.other.expect(EventKind.CLOSED)
        await three.other.hang_up()
        await three.one.expect(EventKind.CLOSED)


async def test_the_phone_sends_a_caller_elsewhere(tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of("pjsua2", "calls the phone and is sent on to baresip-python by 302")
    async with trio(tmp_path, trust, Pjsua2Peer, BaresipPythonPeer) as three:
        await three.one.call(three.uri("27"))
        await three.phone.call_is(CallState.INCOMING)
        await three.phone.do(lambda id_: commands.Deflect(id_, number="29"))
        await three.brought_together()
        await three.phone.no_call()
        await three.one.hang_up()
        await three.other.expect(EventKind.CLOSED)


@pytest.mark.parametrize(("first", "second"), ORDERS)
async def test_the_phone_is_passed_on(
    first: type[Peer], second: type[Peer], tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(first.name, f"passes the phone on to {second.name} by REFER")
    async with trio(tmp_path, trust, first, second) as three:
        await three.one_calls_phone()
        await three.one.transfer(three.uri("29"))
        await three.other.expect(EventKind.ESTABLISHED, within=WITHIN)
        await three.one.expect(EventKind.CLOSED, within=WITHIN)
        await three.phone_is_with_other()
        await three.phone.hang_up()
        await three.other.expect(EventKind.CLOSED)


@pytest.mark.parametrize(("first", "second"), ORDERS)
async def test_the_phone_takes_somebody_s_place(
    first: type[Peer], second: type[Peer], tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(first.name, f"calls the phone and {second.name} and brings them together: the phone calls with Replaces")
    async with trio(tmp_path, trust, first, second) as three:
        await three.one_calls_phone()
        await three.one.hold()
        await three.one_calls_other()
        await three.one.join()
        await three.other.expect(EventKind.ESTABLISHED, within=WITHIN)
        await three.phone_is_with_other()
        await three.phone.hang_up()
        await three.phone.no_call()


@pytest.mark.parametrize(("first", "second"), ORDERS)
async def test_somebody_takes_the_phone_s_call_over(
    first: type[Peer], second: type[Peer], tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(first.name, f"calls {second.name} and the phone and brings them together: {second.name} calls with Replaces")
    async with trio(tmp_path, trust, first, second) as three:
        await three.one_calls_other()
        await three.one.hold()
        await three.one_calls_phone()
        (before,) = (call.id for call in three.phone.snapshot.calls)
        await three.one.join()
        await three.other.expect(EventKind.ESTABLISHED, within=WITHIN)
        snapshot = await three.phone_is_with_other()
        assert [(call.id, call.state) for call in snapshot.calls] == [(before, CallState.CONNECTED)]
        await three.phone.hang_up()
        await three.phone.no_call()


async def test_a_call_made_anew_does_not_ring_again(tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of("pjsua2", "called once more by the line, with Replaces: the new call takes the place of the old by itself")
    async with make_registrar(tmp_path, trust, "MD5") as kamailio:
        domain = f"{kamailio.address}:{kamailio.port}"
        own = dataclasses.replace(config(kamailio.port), password=Secret(kamailio.password))
        theirs = PeerConfig(user="28", password=kamailio.password, domain=domain, answering=Answering.MANUAL)
        async with Pjsua2Peer(theirs) as peer, WatchedLine(own) as line:
            await line.until(Registration.UP)
            await peer.register()
            old, new = LegId("old"), LegId("new")
            line.line.setup(old, "28", description(), CallOptions())
            await peer.expect(EventKind.INCOMING, within=WITHIN)
            await peer.answer()
            await heard(line, Connected)
            line.line.setup(new, "28", description(7002), CallOptions(replaces=old))
            assert (await heard(line, Connected, 2)).leg == new
            assert (await heard(line, Released)).leg == old
            line.line.disconnect(new, Cause.NORMAL_CLEARING)
            await peer.expect(EventKind.CLOSED, within=WITHIN)
