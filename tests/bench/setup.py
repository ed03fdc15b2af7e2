"""Row `setup`: from INVITE to ACK on the wire, against one common SIPp."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
import statistics

from tests.bench.contender import BARESIP, BARESIP_PYTHON, OURS, PATIENCE, PJSUA2, Contender, answerer, registered
from tests.bench.far_end import FarEnd
from tests.bench.loopback import UDP, Loopback, Packet
from tests.bench.row import Row, at_most
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.peer import EventKind, Peer, PeerError
from tests.peers.sipp_peer import Sipp

BAR = "ours: at most the peer's"
TALK_SECONDS = 0.3
GAP_SECONDS = 0.2
_PEERS = (BARESIP_PYTHON, PJSUA2, Contender(BARESIP.name, BaresipPeer))
"""Debian's baresip with little to load when a call is answered."""
_CALL_ID = re.compile(rb"^(?:Call-ID|i)\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Capture(Loopback):
    """SIP that crosses the loopback interface to and from one UDP port, with the kernel's times."""

    def __init__(self, port: int) -> None:
        super().__init__(self._look)
        self.messages: list[tuple[int, bytes, bytes]] = []
        """Time in nanoseconds, method or status, Call-ID."""
        self._port = port

    def times_ms(self, begins: bytes) -> list[float]:
        """From the first message of that method or status to the ACK, for every call that got so far."""
        begun: dict[bytes, int] = {}
        times = []
        for at, what, call_id in self.messages:
            if what == begins:
                begun.setdefault(call_id, at)
            elif what == b"ACK" and call_id in begun:
                times.append((at - begun.pop(call_id)) / 1e6)
        return times

    def _look(self, packet: Packet) -> None:
        payload = packet.segment[8:]
        call_id = _CALL_ID.search(payload) if packet.protocol == UDP else None
        if call_id is not None and self._port in (packet.source, packet.destination):
            what = payload.removeprefix(b"SIP/2.0 ").partition(b" ")[0]
            self.messages.append((packet.at_ns, what, call_id[1]))


@dataclasses.dataclass
class _Found:
    times_ms: list[float] = dataclasses.field(default_factory=list)
    answer_to_ack_ms: list[float] = dataclasses.field(default_factory=list)
    reason: str = ""

    @property
    def median(self) -> float | None:
        """Of all but the first call, which warms caches."""
        return statistics.median(self.times_ms[1:]) if len(self.times_ms) > 1 and not self.reason else None

    def details(self) -> dict[str, list[float]]:
        return {"INVITE to ACK, ms": self.times_ms, "200 to ACK, ms": self.answer_to_ack_ms}


async def measure(calls: int) -> list[Row]:
    """Let all contenders call in turn, each `calls` times and once more to warm up."""
    found = {contender: _Found() for contender in (OURS, *_PEERS)}
    async with FarEnd() as far_end, answerer(("127.0.0.1", far_end.port)) as sipp, contextlib.AsyncExitStack() as stack:
        peers: dict[Contender, Peer] = {}
        for contender, so_far in found.items():
            try:
                peers[contender] = await stack.enter_async_context(registered(contender, sipp))
            except (PeerError, TimeoutError) as error:
                so_far.reason = f"{contender.name}: {error}"
        for _ in range(calls + 1):
            for contender, peer in peers.items():
                if not found[contender].reason:
                    await _call(contender, peer, sipp, found[contender])
    return [_row(found[OURS], found[peer], peer, calls) for peer in _PEERS]


async def _call(contender: Contender, peer: Peer, sipp: Sipp, found: _Found) -> None:
    try:
        with Capture(sipp.config.port) as capture:
            await peer.call(sipp.uri)
            await peer.expect(EventKind.ESTABLISHED, within=PATIENCE)
            await asyncio.sleep(TALK_SECONDS)
            await peer.hang_up()
            await peer.expect(EventKind.CLOSED, within=PATIENCE)
            await asyncio.sleep(GAP_SECONDS)
    except PeerError as error:
        found.reason = f"{contender.name}: {error}"
    found.times_ms += capture.times_ms(b"INVITE")
    found.answer_to_ack_ms += capture.times_ms(b"200")


def _row(ours: _Found, theirs: _Found, peer: Contender, calls: int) -> Row:
    judged = peer is BARESIP_PYTHON
    return Row(
        row="setup",
        what="INVITE to ACK, median",
        unit="ms",
        ours=ours.median,
        peer=theirs.median,
        peer_name=peer.name,
        bar=BAR if judged else "",
        met=at_most(ours.median, theirs.median, 1.0) if judged else None,
        n=calls,
        reason="; ".join(filter(None, (ours.reason, theirs.reason))),
        details={"ours": ours.details(), "peer": theirs.details()},
    )
