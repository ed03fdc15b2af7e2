"""Our phone is killed in a call with a phone that we did not write: that one hears a gap, and keeps its call."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import struct
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from app.model import commands
from app.model.snapshot import CallState, Snapshot
from tests.interop.conftest import Trust, make_registrar
from tests.interop.partners import NUMBER, Partner
from tests.interop.row import Row
from tests.interop.sounds import PEER_HERTZ, PHONE_RATE, has_tone
from tests.main.rig import PhoneProcess, connected, registered
from tests.main.supervisor import Supervisor
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.kamailio import Kamailio
from tests.peers.peer import Answering, EventKind, Peer, Transport
from tests.peers.pjsua2_peer import Pjsua2Peer

pytestmark = [pytest.mark.interop, pytest.mark.timeout(150)]
PATIENCE = 40.0
BEFORE = 2.0
"""Seconds that are talked before the crash."""
AFTER = 3.0
LISTENED = PHONE_RATE * 2 // 5
OUT, IN = "out", "in"


@dataclass
class Wire:
    """RTP of one source on this machine's loopback, as it passes: when, and its sequence numbers and timestamps."""

    ssrc: int = 0
    at: list[float] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)

    def take(self, payload: bytes) -> None:
        """A datagram."""
        if len(payload) >= 12 and payload[0] >> 6 == 2 and payload[1] & 0x7F not in range(64, 96):
            sequence, timestamp, ssrc = struct.unpack_from(">HII", payload, 2)
            if ssrc == self.ssrc:
                self.at.append(time.monotonic())
                self.sequences.append(sequence)
                self.timestamps.append(timestamp)

    @property
    def longest_gap(self) -> float:
        """Seconds between two packets."""
        return float(np.diff(self.at).max())


@contextlib.contextmanager
def listening() -> Iterator[Wire]:
    """To all UDP of this machine."""
    wire = Wire()

    def read() -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(50):
                wire.take(tap.recv(2048)[28:])  # behind the headers of IP and UDP

    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as tap:
        tap.settimeout(0)
        loop.add_reader(tap, read)
        try:
            yield wire
        finally:
            loop.remove_reader(tap)


class Talker:
    """Our phone as a process that whistles."""

    def __init__(self, folder: Path, supervisor: Supervisor, kamailio: Kamailio, transport: Transport, trust: Trust):
        self.ear = folder / "ear.raw"
        self.supervisor = supervisor
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
        self.process = PhoneProcess(folder / "phone", "\n".join(lines) + "\n")

    async def launch(self) -> None:
        """Start it with what the one before has left."""
        program = ("-m", "tests.interop.talking_phone", str(self.ear))
        await self.supervisor.launch(self.process, program=program)

    async def until(self, true: object) -> Snapshot:
        """Wait for a snapshot of which this is true."""
        assert callable(true)
        surface = self.process.surface
        assert await surface.until(true, PATIENCE), f"{surface.describe()}\n{self.process.said}"
        assert surface.snapshot is not None
        return surface.snapshot

    async def hears(self, hertz: int) -> None:
        """Wait until it hears nothing but this pitch, from now on."""
        begin = self.ear.stat().st_size
        end = time.monotonic() + PATIENCE
        while True:
            heard = np.frombuffer(self.ear.read_bytes()[begin:], np.int16)[-LISTENED:]
            if len(heard) == LISTENED and has_tone(heard, hertz, PHONE_RATE):
                return
            assert time.monotonic() < end, f"no {hertz} Hz\n{self.process.said}"
            await asyncio.sleep(0.05)


def _taken_up(snapshot: Snapshot) -> bool:
    return registered(snapshot) and connected(snapshot) and not any(call.reconnecting for call in snapshot.calls)


@contextlib.asynccontextmanager
async def _pair(
    kind: type[Peer], folder: Path, trust: Trust, transport: Transport, suites: tuple[str, ...]
) -> AsyncIterator[tuple[Talker, Partner, Kamailio]]:
    async with make_registrar(folder, trust, "MD5") as kamailio, Supervisor(folder) as supervisor:
        tls = transport is Transport.TLS
        domain = f"{kamailio.address}:{kamailio.tls_port if tls else kamailio.port}"
        partner = Partner(
            kind,
            folder,
            domain=domain,
            password=kamailio.password,
            transport=transport,
            answering=Answering.AUTO,
            trust=trust.file if tls else None,
            encryption=suites,
            seconds=60,
        )
        talker = Talker(folder, supervisor, kamailio, transport, trust)
        await talker.launch()
        try:
            await talker.process.connect()
            await talker.until(registered)
            async with partner.peer:
                await partner.peer.register()
                yield talker, partner, kamailio
        finally:
            if talker.process.alive:
                await talker.process.end(signal.SIGKILL)


async def _call(talker: Talker, partner: Partner, kamailio: Kamailio, direction: str, transport: Transport) -> None:
    surface = talker.process.surface
    if direction == OUT:
        assert (await surface.command(lambda id_: commands.Dial(id_, number=NUMBER))).accepted
    else:
        port = kamailio.tls_port if transport is Transport.TLS else kamailio.port
        await partner.peer.call(f"sip:27@{kamailio.address}:{port}")
        await talker.until(lambda s: any(call.state is CallState.INCOMING for call in s.calls))
        assert (await surface.command(lambda id_: commands.Answer(id_))).accepted
    await partner.peer.expect(EventKind.ESTABLISHED, within=PATIENCE)
    await talker.until(connected)


@pytest.mark.parametrize(
    ("kind", "direction", "transport", "suites"),
    [
        (Pjsua2Peer, OUT, Transport.UDP, ()),
        (BaresipPeer, IN, Transport.UDP, ()),
        (Pjsua2Peer, IN, Transport.TLS, ("AES_CM_128_HMAC_SHA1_80",)),
    ],
    ids=["pjsua2", "baresip", "pjsua2-sdes"],
)
async def test_a_call_outlives_our_process(
    kind: type[Peer],
    direction: str,
    transport: Transport,
    suites: tuple[str, ...],
    tmp_path: Path,
    trust: Trust,
    row: Row,
) -> None:
    encrypted = f", {suites[0]}" if suites else ""
    row.of(kind.name, f"our process is killed in a call and the next takes it up, {transport}{encrypted}, {direction}")
    with listening() as wire:
        async with _pair(kind, tmp_path, trust, transport, suites) as (talker, partner, kamailio):
            await _call(talker, partner, kamailio, direction, transport)
            began = time.monotonic()
            await talker.hears(PEER_HERTZ)
            await talker.supervisor.until(lambda: any(name.startswith("rtp-") for name in talker.supervisor.names))
            (name,) = (name for name in talker.supervisor.names if name.startswith("rtp-"))
            wire.ssrc = int(name.removeprefix("rtp-"), 16)
            await asyncio.sleep(BEFORE)
            await talker.process.end(signal.SIGKILL)
            crashed = time.monotonic()
            talker.supervisor.read()
            await talker.launch()
            await talker.process.connect()
            snapshot = await talker.until(_taken_up)
            taken_up = time.monotonic() - crashed
            assert [call.state for call in snapshot.calls] == [CallState.CONNECTED]
            await talker.hears(PEER_HERTZ)
            await asyncio.sleep(AFTER)
            assert (await talker.process.surface.command(lambda id_: commands.HangUp(id_))).accepted
            await partner.peer.expect(EventKind.CLOSED, within=PATIENCE)
    assert partner.heard_the_phone() > crashed - began + AFTER / 2, talker.process.said
    _check_stream(wire)
    row.measured(f"no RTP for {wire.longest_gap:.2f} s, taken up after {taken_up:.2f} s")


def _check_stream(wire: Wire) -> None:
    """One stream with a silence in it: no number is missing, and none comes twice."""
    steps = set(np.diff(np.array(wire.sequences)).tolist())
    assert steps <= {1, -65535}, steps
    assert set((np.diff(np.array(wire.timestamps)) % (1 << 32) < 60 * 48000).tolist()) == {True}
    gap = int(np.argmax(np.diff(wire.at)))
    units = (wire.timestamps[gap + 1] - wire.timestamps[gap]) % (1 << 32)
    assert units / 8000 == pytest.approx(wire.at[gap + 1] - wire.at[gap], abs=0.3)
