"""Our phone is killed in a call with a phone that we did not write: that one hears a gap, and keeps its call."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from app.model import commands
from app.model.snapshot import CallState
from tests.bench.loopback import UDP, Loopback, Packet
from tests.interop.conftest import Trust, make_registrar
from tests.interop.partners import NUMBER, Partner
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ
from tests.interop.test_conference import EVERYBODY, LOOKS, OTHER_HERTZ, OTHER_NUMBER, is_settled, mixes
from tests.interop.trunk import Trunk
from tests.interop.voice import Voice
from tests.main.rig import connected, registered
from tests.main.supervisor import Supervisor
from tests.main.talker import PATIENCE, Talker
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.baresip_python_peer import BaresipPythonPeer
from tests.peers.kamailio import Kamailio
from tests.peers.peer import Answering, EventKind, Peer, Transport
from tests.peers.pjsua2_peer import Pjsua2Peer
from tests.peers.rtpengine import Value, rtpengine
from tests.peers.small_sip import SmallSip

pytestmark = [pytest.mark.interop, pytest.mark.timeout(150)]
AFTER = 3.0
"""Seconds that are talked after the crash."""
HEARD_AFTER = 1.0
"""Of them the peer must have heard; one that looks for another way by ICE is deaf for a moment."""
OUT, IN = "out", "in"
DTLS = ("[audio]", 'encryption = "required"', 'key_exchange = "dtls-sdes"')


@dataclass
class Wire:
    """RTP of one source as it passes: when, and its sequence numbers and timestamps."""

    at: list[float] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)

    @property
    def gap(self) -> int:
        """After which packet there was the longest silence."""
        return int(np.argmax(np.diff(self.at)))

    @property
    def silence(self) -> float:
        """Its seconds."""
        return self.at[self.gap + 1] - self.at[self.gap]


@contextlib.contextmanager
def listening() -> Iterator[dict[int, Wire]]:
    """To all RTP of this machine, by its SSRC."""
    wires: dict[int, Wire] = {}

    def take(packet: Packet) -> None:
        payload = packet.segment[8:]  # behind UDP's header
        rtp = packet.protocol == UDP and len(payload) >= 12 and payload[0] >> 6 == 2
        if rtp and payload[1] & 0x7F not in range(64, 96):
            sequence, timestamp, ssrc = struct.unpack_from(">HII", payload, 2)
            wire = wires.setdefault(ssrc, Wire())
            wire.at.append(packet.at_ns / 1e9)
            wire.sequences.append(sequence)
            wire.timestamps.append(timestamp)

    with Loopback(take):
        yield wires


@dataclass(frozen=True)
class Way:
    """How the call is made, and how its voice travels."""

    kind: type[Peer]
    direction: str
    transport: Transport = Transport.UDP
    suites: tuple[str, ...] = ()
    ice: bool = False
    handshake: bool = False

    def __str__(self) -> str:
        more = "ICE" if self.ice else "", "keys by DTLS" if self.handshake else ""
        return ", ".join(filter(None, (self.transport, *self.suites, *more, self.direction)))


def _configuration(kamailio: Kamailio, way: Way, trust: Trust) -> str:
    transport = way.transport
    sip = {
        "registrar": "127.0.0.1",
        "port": kamailio.tls_port if transport is Transport.TLS else kamailio.port,
        "transport": str(transport),
        "user": "27",
        "password": kamailio.password,
        "expires": 60,
    }
    if transport is Transport.TLS:
        sip["trust_file"] = str(trust.file)
    lines = ["[sip]", *(f"{key} = {json.dumps(value)}" for key, value in sip.items())]
    lines += ["[media]", f"ice = {json.dumps('on' if way.ice else 'off')}"]
    if way.handshake:
        lines += DTLS
    return "\n".join([*lines, ""])


@contextlib.asynccontextmanager
async def _pair(way: Way, folder: Path, trust: Trust) -> AsyncIterator[tuple[Talker, Partner, Kamailio]]:
    async with make_registrar(folder, trust, "MD5") as kamailio, Supervisor(folder) as supervisor:
        tls = way.transport is Transport.TLS
        domain = f"{kamailio.address}:{kamailio.tls_port if tls else kamailio.port}"
        partner = Partner(
            way.kind,
            folder,
            domain=domain,
            password=kamailio.password,
            transport=way.transport,
            answering=Answering.AUTO,
            trust=trust.file if tls else None,
            encryption=way.suites,
            ice=way.ice,
            handshake=way.handshake,
            seconds=60,
        )
        talker = Talker(folder, supervisor, _configuration(kamailio, way, trust))
        await talker.launch()
        try:
            await talker.until(registered)
            async with partner.peer:
                await partner.peer.register()
                yield talker, partner, kamailio
        finally:
            await talker.end()


async def _call(talker: Talker, partner: Partner, kamailio: Kamailio, way: Way) -> None:
    if way.direction == OUT:
        await talker.dial(NUMBER)
    else:
        port = kamailio.tls_port if way.transport is Transport.TLS else kamailio.port
        await partner.peer.call(f"sip:27@{kamailio.address}:{port}")
        await talker.until(lambda s: any(call.state is CallState.INCOMING for call in s.calls))
        await talker.do(lambda id_: commands.Answer(id_))
    await partner.peer.expect(EventKind.ESTABLISHED, within=PATIENCE)
    await talker.until(connected)


@pytest.mark.parametrize(
    "way",
    [
        Way(Pjsua2Peer, IN, Transport.TLS, ("AES_CM_128_HMAC_SHA1_80",)),
        Way(BaresipPeer, OUT, ice=True),
        Way(BaresipPeer, OUT, handshake=True),
    ],
    ids=["pjsua2-sdes", "baresip-ice", "baresip-dtls"],
)
async def test_a_call_outlives_our_process(way: Way, tmp_path: Path, trust: Trust, row: Row) -> None:
    row.of(way.kind.name, f"our process is killed in a call and the next takes it up, {way}")
    with listening() as wires:
        async with _pair(way, tmp_path, trust) as (talker, partner, kamailio):
            await _call(talker, partner, kamailio, way)
            await talker.hears(PEER_HERTZ)
            source = await talker.source()
            await _found(talker, way, 1)
            if way.handshake:
                await talker.keys_are_kept()
            await talker.supervisor.until(lambda: not way.ice or route_is_kept(talker))
            seconds = await talker.crash()
            await _found(talker, way, 2)
            await talker.hears(PEER_HERTZ)
            await asyncio.sleep(AFTER)
            await talker.do(lambda id_: commands.HangUp(id_))
            await partner.peer.expect(EventKind.CLOSED, within=PATIENCE)
    wire = wires[source]
    _check_stream(wire)
    assert partner.heard_at_last(AFTER) > HEARD_AFTER, talker.process.said
    row.measured(f"no RTP for {wire.silence:.2f} s, taken up after {seconds:.2f} s")


async def test_a_far_end_that_hung_up_meanwhile_has_hung_up(tmp_path: Path, trust: Trust, row: Row) -> None:
    way = Way(Pjsua2Peer, IN, Transport.TLS)
    row.of("pjsua2", "it hangs up a call over TLS while our process is dead: the next ends the call")
    async with _pair(way, tmp_path, trust) as (talker, partner, kamailio):
        await _call(talker, partner, kamailio, way)
        await talker.source()
        await talker.end()
        await partner.peer.hang_up()
        await partner.peer.expect(EventKind.CLOSED, within=PATIENCE)
        talker.supervisor.read()
        await talker.launch()
        (record,) = (await talker.until(lambda s: bool(s.history))).history
    assert record.answered
    row.measured(f"the list says {record.seconds:.0f} s")


async def test_a_conference_outlives_our_process_and_so_do_its_recordings(
    tmp_path: Path, trust: Trust, row: Row
) -> None:
    row.of("kamailio", "our process is killed in a recorded conference with pjsua2 and baresip-python")
    async with make_registrar(tmp_path, trust, "MD5") as kamailio, Supervisor(tmp_path) as supervisor:
        domain, password = f"{kamailio.address}:{kamailio.port}", kamailio.password
        one = Partner(Pjsua2Peer, tmp_path, domain=domain, password=password, seconds=60)
        other = Partner(
            BaresipPythonPeer,
            tmp_path,
            domain=domain,
            password=password,
            number=OTHER_NUMBER,
            hertz=OTHER_HERTZ,
            seconds=60,
        )
        way = Way(Pjsua2Peer, OUT)
        recording = '[recording]\nurl = "http://127.0.0.1:9/"\n'
        talker = Talker(tmp_path, supervisor, _configuration(kamailio, way, trust) + recording)
        await talker.launch()
        try:
            await talker.until(registered)
            async with one.peer, other.peer:
                await asyncio.gather(one.peer.register(), other.peer.register())
                await talker.dial(one.number)
                await talker.until(lambda s: is_settled(s, CallState.CONNECTED))
                await talker.dial(other.number)
                await talker.until(lambda s: is_settled(s, CallState.HELD, CallState.CONNECTED))
                await talker.do(lambda id_: commands.Join(id_))
                await talker.until(lambda s: is_settled(s, CallState.CONNECTED, CallState.CONNECTED))
                await talker.hears_together((PEER_HERTZ, OTHER_HERTZ))
                await supervisor.until(lambda: conference_is_kept(talker))
                seconds = await talker.crash()
                await talker.hears_together((PEER_HERTZ, OTHER_HERTZ))
                await talker.until(lambda s: s.conference is not None and s.conference.attended)
                await asyncio.sleep(AFTER)
                await talker.do(lambda id_: commands.HangUp(id_, whole=True))
                await asyncio.gather(*(each.peer.expect(EventKind.CLOSED, within=PATIENCE) for each in (one, other)))
                await talker.until(lambda s: not any(call.recording.running for call in s.calls))
        finally:
            await talker.end()
    of_one, of_other = one.heard_together(EVERYBODY, AFTER), other.heard_together(EVERYBODY, AFTER)
    assert of_one[frozenset({PHONE_HERTZ, OTHER_HERTZ})] >= LOOKS, of_one
    assert of_other[frozenset({PHONE_HERTZ, PEER_HERTZ})] >= LOOKS, of_other
    names = sorted(path.name.split("-")[:3:2] for path in (talker.process.state / "recordings").iterdir())
    assert sorted(serial for _, serial in names) == ["1", "2", "3", "4"]
    assert [len(list(group)) for _, group in itertools.groupby(names, key=lambda name: name[0])] == [2, 2]
    row.measured(f"taken up after {seconds:.2f} s; pjsua2 heard {mixes(of_one)}, baresip-python {mixes(of_other)}")


def route_is_kept(talker: Talker) -> bool:
    kept = talker.kept()
    return kept is not None and any(voice.ways is not None and voice.ways.route for voice in kept.media.voices)


def conference_is_kept(talker: Talker) -> bool:
    kept = talker.kept()
    return kept is not None and all(call.in_conference for call in kept.calls.calls)


async def _found(talker: Talker, way: Way, times: int) -> None:
    """Wait until ICE has chosen its way so often, where there is ICE."""
    if way.ice:
        said = talker.process
        await talker.supervisor.until(lambda: said.said.count("ICE chose") >= times, PATIENCE)


def _check_stream(wire: Wire) -> None:
    """One stream with a silence in it: no number is missing, and none comes twice."""
    steps = set(np.diff(np.array(wire.sequences)).tolist())
    assert steps <= {1, -65535}, steps
    assert set((np.diff(np.array(wire.timestamps)) % (1 << 32) < 60 * 48000).tolist()) == {True}
    units = (wire.timestamps[wire.gap + 1] - wire.timestamps[wire.gap]) % (1 << 32)
    assert units / 8000 == pytest.approx(wire.silence, abs=0.5)


class Handshakes:
    """Those that cross the loopback interface, told apart by what their servers say first (RFC 5246, 7.4.1.3)."""

    def __init__(self) -> None:
        self.greetings: set[bytes] = set()

    def take(self, packet: Packet) -> None:
        """One packet, seen by a thread."""
        record = packet.segment[8:]
        if packet.protocol == UDP and record[:1] == b"\x16" and record[1:2] == b"\xfe" and record[13:14] == b"\x02":
            self.greetings.add(bytes(record[27:59]))


async def test_a_far_end_shakes_hands_again(tmp_path: Path, row: Row) -> None:
    row.of("rtpengine", "our process is killed in a call with keys by DTLS: the next agrees on others")
    near: dict[str, Value] = {"ICE": "remove", "transport_protocol": "UDP/TLS/RTP/SAVP"}
    seen = Handshakes()
    with Loopback(seen.take):
        async with rtpengine() as proxy, SmallSip("far") as sip, Voice() as voice, Supervisor(tmp_path) as supervisor:
            far = Trunk(proxy, voice, near)
            lines = ["[sip]", 'registrar = "127.0.0.1"', f"port = {sip.port}", 'user = "27"', *DTLS]
            talker = Talker(tmp_path, supervisor, "\n".join([*lines, ""]))
            await talker.launch()
            try:
                await talker.until(registered)
                await talker.dial("far")
                await sip.be_called(far.answer)
                await talker.hears(PEER_HERTZ)
                await talker.source()
                await talker.keys_are_kept()
                before = len(seen.greetings)
                crash = asyncio.create_task(talker.crash())
                await sip.be_called(far.answer)
                await crash
                await supervisor.until(lambda: len(seen.greetings) > before)
                await talker.hears(PEER_HERTZ)
                heard = voice.received
                await supervisor.until(lambda: voice.received > heard + 25)
            finally:
                await talker.end()
    assert before > 0
    row.measured(f"{len(seen.greetings) - before} more handshakes, sound both ways")
