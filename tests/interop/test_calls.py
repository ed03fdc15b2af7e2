"""Calls between the phone and phones we did not write: every codec and transport, both ways, with sound and digits."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.interop.conftest import Trust, make_registrar
from tests.interop.pair import IN, OUT, direct_pair, registered_pair
from tests.interop.partners import LABELS, PARTNERS
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ
from tests.peers.ours import Ours
from tests.peers.peer import AudioCodec, EventKind, Peer, PeerConfig, Transport
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = pytest.mark.interop

CODECS = [
    pytest.param(kind, codec, id=f"{kind.name}-{codec}")
    for kind in PARTNERS
    for codec in AudioCodec
    if codec in kind.codecs
]
KINDS = [pytest.param(kind, id=kind.name) for kind in PARTNERS]
HEARD_SECONDS = 0.2
"""Of the phone's tone, pure, around digits that interrupt it."""


@pytest.mark.parametrize("direction", [OUT, IN])
@pytest.mark.parametrize(("kind", "codec"), CODECS)
async def test_each_codec(
    kind: type[Peer], codec: AudioCodec, direction: str, tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(kind.name, f"call {direction} with {codec}: sound and digits both ways, the caller hangs up")
    async with registered_pair(kind, tmp_path, trust, codec=codec) as (pair, _):
        await pair.call(direction)
        await pair.talk(row)
        assert pair.phone.quality().codec == LABELS[codec]
        await pair.finish(direction)
    assert pair.partner.heard_the_phone() >= HEARD_SECONDS


@pytest.mark.parametrize("transport", [Transport.TCP, Transport.TLS])
@pytest.mark.parametrize("kind", KINDS)
async def test_each_stream_transport(
    kind: type[Peer], transport: Transport, tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(kind.name, f"calls out and in over {transport.upper()}, the called side hangs up")
    async with registered_pair(kind, tmp_path, trust, transport=transport) as (pair, _):
        for direction, ends in ((OUT, IN), (IN, OUT)):
            setup = await pair.call(direction)
            await pair.phone.hears(PEER_HERTZ)
            await pair.finish(ends)
            row.measured(f"{direction} in {setup:.0f} ms")


@pytest.mark.parametrize("kind", KINDS)
async def test_without_a_server(kind: type[Peer], tmp_path: Path, row: Row) -> None:
    row.of(kind.name, "call in with no server between, over UDP; the phone hangs up")
    async with direct_pair(kind, tmp_path) as pair:
        setup = await pair.call(IN)
        await pair.phone.hears(PEER_HERTZ)
        await pair.finish(OUT)
        row.measured(f"in {setup:.0f} ms")


async def test_as_a_process_of_its_own(tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of("kamailio", "`ip270 run` as a process, over TLS: registers, calls pjsua2 and is called by it")
    async with make_registrar(tmp_path, trust, "MD5") as kamailio:
        domain = f"{kamailio.address}:{kamailio.tls_port}"
        config = PeerConfig(
            user="27", password=kamailio.password, domain=domain, transport=Transport.TLS, trust=trust.file
        )
        partner = Pjsua2Peer(dataclasses.replace(config, user="28"))
        async with Ours(config, kiosk=False) as phone, partner as peer:
            await phone.register(within=10)
            await peer.register()
            for caller, called, number in ((phone, peer, "28"), (peer, phone, "27")):
                await caller.call(f"sip:{number}@{domain}")
                await called.expect(EventKind.INCOMING)
                await called.expect(EventKind.ESTABLISHED)
                await caller.expect(EventKind.ESTABLISHED)
                await caller.hang_up()
                await called.expect(EventKind.CLOSED)
                await caller.expect(EventKind.CLOSED)
