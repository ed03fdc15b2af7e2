"""Encrypted calls with phones we did not write, in each suite; what is refused, and what is thrown at them."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import pytest

from app.media.encryption import OFFERED
from app.model.cause import Cause
from app.model.crypto import CryptoSuite
from app.model.snapshot import CallState
from native import SrtpSuite
from tests.interop.conftest import Trust
from tests.interop.pair import IN, OUT, Pair, registered_pair
from tests.interop.partners import NUMBER
from tests.interop.row import Row
from tests.interop.script import Script, reply, sdp
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.interop.stage import Stage, calling
from tests.interop.voice import rtp
from tests.native.srtp_oracle import Protector
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.baresip_python_peer import BaresipPythonPeer
from tests.peers.peer import EventKind, Peer, Transport
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = pytest.mark.interop

FAVOURITE = "its favourite suite"
HEARD_SECONDS = 0.2

SUITES = [
    pytest.param(Pjsua2Peer, "AES_CM_128_HMAC_SHA1_80", (OUT, IN), id="pjsua2-aes128-80"),
    pytest.param(Pjsua2Peer, "AES_CM_128_HMAC_SHA1_32", (IN,), id="pjsua2-aes128-32"),
    pytest.param(Pjsua2Peer, "AES_256_CM_HMAC_SHA1_80", (OUT,), id="pjsua2-aes256-80"),
    pytest.param(Pjsua2Peer, "AES_256_CM_HMAC_SHA1_32", (IN,), id="pjsua2-aes256-32"),
    pytest.param(BaresipPythonPeer, FAVOURITE, (OUT, IN), id="baresip-python"),
    pytest.param(BaresipPeer, FAVOURITE, (OUT, IN), id="baresip"),
]
ANY = ("AES_CM_128_HMAC_SHA1_80",)
FEW = 3
"""Packets that a peer may send before it has its keys; Debian's baresip sends one."""
SUITE = SrtpSuite.AES_CM_128_HMAC_SHA1_80
KEY = bytes(range(SUITE.key_size))
OFFERED_TAG = 1 + OFFERED.index(CryptoSuite.AES_CM_128_HMAC_SHA1_80)


async def encrypted_call(pair: Pair, direction: str, row: Row) -> None:
    """A call with sound both ways, shown as encrypted while it is on."""
    await pair.call(direction)
    pair.phone.say(PHONE_HERTZ)
    await pair.phone.hears(PEER_HERTZ)
    await pair.phone.talks_on(25)
    (call,) = pair.phone.snapshot.calls
    assert call.encrypted
    statistics = pair.phone.statistics
    assert statistics.secured
    assert statistics.srtp_refused < FEW
    row.measured(f"{direction}: {pair.phone.suite}, {statistics.packets_received} packets in")


@pytest.mark.parametrize(("kind", "suite", "directions"), SUITES)
async def test_each_suite(
    kind: type[Peer], suite: str, directions: tuple[str, ...], tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of(kind.name, f"encryption required, TLS: calls {' and '.join(directions)} with {suite}")
    tls = Transport.TLS
    async with registered_pair(kind, tmp_path, trust, transport=tls, encryption="required", suites=(suite,)) as both:
        pair, _ = both
        for direction in directions:
            await encrypted_call(pair, direction, row)
            assert suite in (FAVOURITE, pair.phone.suite)
            await pair.finish(direction)
    assert pair.partner.heard_the_phone() >= HEARD_SECONDS


@pytest.mark.parametrize("kind", [Pjsua2Peer, BaresipPythonPeer], ids=lambda kind: str(kind.name))
async def test_a_hold_of_an_encrypted_call(kind: type[Peer], tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(kind.name, "encrypted call over TLS: held and taken back by the phone, then by the peer")
    tls = Transport.TLS
    async with registered_pair(kind, tmp_path, trust, transport=tls, encryption="required", suites=ANY) as (pair, _):
        await encrypted_call(pair, OUT, row)
        await pair.phone.hold()
        await pair.peer.expect(EventKind.REMOTE_HOLD)
        await pair.phone.retrieve()
        await pair.peer.expect(EventKind.REMOTE_RESUME)
        await pair.phone.hears(PEER_HERTZ)
        await pair.peer.hold()
        await pair.phone.until(lambda s: s.calls[0].remote_held)
        await pair.peer.resume()
        await pair.phone.until(lambda s: not s.calls[0].remote_held)
        await pair.phone.hears(PEER_HERTZ)
        statistics = await pair.phone.talks_on(25)
        assert pair.phone.snapshot.calls[0].encrypted
        row.measured(f"{statistics.srtp_refused} packets refused")
        await pair.finish(OUT)


async def test_keys_that_anybody_can_read(tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of("pjsua2", "encryption required, UDP: a call out is encrypted, but no lock is shown")
    async with registered_pair(Pjsua2Peer, tmp_path, trust, encryption="required", suites=ANY) as (pair, _):
        await pair.call(OUT)
        await pair.phone.hears(PEER_HERTZ)
        assert (await pair.phone.counts(lambda s: s.packets_received > 10)).secured
        assert not pair.phone.snapshot.calls[0].encrypted
        row.measured(pair.phone.suite)
        await pair.finish(OUT)


@pytest.mark.parametrize("kind", [Pjsua2Peer, BaresipPythonPeer], ids=lambda kind: str(kind.name))
async def test_a_peer_that_does_not_encrypt(kind: type[Peer], tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(kind.name, "encryption required by the phone alone: calls out and in do not come about")
    async with registered_pair(kind, tmp_path, trust, encryption="required") as (pair, _):
        await pair.phone.dial(NUMBER)
        ended = await pair.phone.call_is(CallState.ENDED)
        row.measured(f"the phone says: {ended.notice}")
        await pair.phone.hang_up()
        await pair.phone.until(lambda s: not s.calls)
        await pair.peer.call(pair.phone_uri)
        closed = await pair.peer.expect(EventKind.CLOSED)
        assert "488" in closed.text
        shown = await pair.phone.ended_with(Cause.INCOMPATIBLE_DESTINATION)
        row.measured(f"the peer is told: {closed.text}; the phone says: {shown.notice}")


@pytest.mark.parametrize("suites", [(), ANY], ids=["plain", "encrypted"])
async def test_encryption_where_both_can(suites: tuple[str, ...], tmp_path: Path, trust: Trust, row: Row) -> None:
    able = "can encrypt" if suites else "cannot"
    row.of("baresip-python", f"encryption optional, TLS: call in from a peer that {able}")
    tls = Transport.TLS
    async with registered_pair(BaresipPythonPeer, tmp_path, trust, transport=tls, suites=suites) as (pair, _):
        await pair.call(IN)
        await pair.phone.hears(PEER_HERTZ)
        assert pair.phone.snapshot.calls[0].encrypted is bool(suites)
        row.measured(pair.phone.suite)
        await pair.finish(IN)


@pytest.mark.parametrize("kind", [Pjsua2Peer, BaresipPythonPeer, BaresipPeer], ids=lambda kind: str(kind.name))
async def test_a_peer_that_insists_on_encryption(kind: type[Peer], tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(kind.name, "encryption optional, TLS: a call out to a peer that takes none without keys")
    tls = Transport.TLS
    async with registered_pair(kind, tmp_path, trust, transport=tls, suites=ANY) as (pair, _):
        await encrypted_call(pair, OUT, row)
        await pair.finish(OUT)
    assert pair.partner.heard_the_phone() >= HEARD_SECONDS


def _later(stage: Stage, ahead: int) -> bytes:
    """A plain packet of the voice's own source that would come next but `ahead`."""
    sequence, timestamp, ssrc = struct.unpack(">HII", stage.voice.sent[-1][2:12])
    return rtp(sequence + ahead, timestamp + 160 * ahead, ssrc, bytes(160))


async def test_what_is_thrown_at_an_encrypted_call(tmp_path: Path, row: Row) -> None:
    row.of("sockets", "SRTP from the right address: wrong key, plain, cut, damaged, wrong roll-over counter, replayed")
    crypto = f"{OFFERED_TAG} {SUITE.name} inline:{base64.b64encode(KEY).decode()}"
    script = Script(waits=True).expect("INVITE").send(reply(200, "OK", body=sdp(crypto=crypto)), again=True)
    far, stranger = Protector(SUITE, KEY), Protector(SUITE, bytes(SUITE.key_size))
    async with calling(script.expect("ACK").until_bye(), tmp_path, "required") as stage:
        stage.voice.protect = far.protect
        await stage.phone.dial("sipp")
        await stage.heard()
        before = await stage.phone.counts(lambda s: s.packets_received > 30)
        forged = [_later(stage, 100 + number) for number in range(10)]
        forged += [stranger.protect(_later(stage, 200 + number)) for number in range(10)]
        forged += [far.protect(_later(stage, 300 + number))[: 12 + 10 * number] for number in range(10)]
        forged += [far.protect(_later(stage, 400 + number))[:-1] + b"x" for number in range(10)]
        forged += [far.protect(_later(stage, 500 + number), roc=1) for number in range(10)]
        for data in forged + stage.voice.sent[:20]:
            stage.voice.throw(data)
        after = await stage.phone.counts(lambda s: s.srtp_replayed - before.srtp_replayed >= 20)
        refused = after.srtp_refused - before.srtp_refused
        assert refused in range(len(forged) - 2, len(forged) + 1)  # a changed octet may be the right one
        row.measured(f"{refused} of {len(forged)} refused, {after.srtp_replayed} replayed")
        await stage.ended()
