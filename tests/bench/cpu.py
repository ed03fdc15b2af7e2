"""Row `cpu-per-call`: what one PCMU call at 20 ms costs, in CPU and in wake-ups, by whole process trees."""

from __future__ import annotations

import asyncio
import dataclasses
import statistics
from typing import Any

from tests.bench.contender import BARESIP, OURS, PEERS, Contender, in_call
from tests.bench.process_tree import resident_megabytes, usage
from tests.bench.row import Row, at_most
from tests.peers.peer import PeerError

SHARE = 0.5
BAR = "ours: at most half of the peer's"
SETTLE_SECONDS = 3.0


@dataclasses.dataclass(frozen=True)
class _Run:
    """One measured stretch of a call; `ticks_percent` is the kernel's coarser count of the same CPU time."""

    cpu_percent: float
    switches_per_second: float
    ticks_percent: float
    megabytes: float
    packets_per_second: float


@dataclasses.dataclass
class _Found:
    runs: list[_Run] = dataclasses.field(default_factory=list)
    reason: str = ""

    def median(self, field: str) -> float | None:
        if self.reason or not self.runs:
            return None
        return float(statistics.median(getattr(run, field) for run in self.runs))

    def details(self) -> dict[str, Any]:
        return {} if self.reason else {"runs": [dataclasses.asdict(run) for run in self.runs]}


async def measure(seconds: float, rounds: int) -> list[Row]:
    """Let every contender hold a call for `seconds`, in turn, `rounds` times over."""
    found = {contender: _Found() for contender in (OURS, *PEERS)}
    for _ in range(rounds):
        for contender, so_far in found.items():
            if not so_far.reason:
                try:
                    so_far.runs.append(await _run(contender, seconds))
                except (PeerError, TimeoutError) as error:
                    so_far.reason = f"{contender.name}: {error}"
    return [
        _row(found[OURS], found[peer], peer, field, what, unit, rounds)
        for field, what, unit in (
            ("cpu_percent", "CPU", "% of a core"),
            ("switches_per_second", "voluntary context switches", "1/s"),
        )
        for peer in PEERS
    ]


async def _run(contender: Contender, seconds: float) -> _Run:
    async with in_call(contender) as (peer, far_end):
        await asyncio.sleep(SETTLE_SECONDS)
        loop = asyncio.get_running_loop()
        began, before = loop.time(), usage(peer.pid)
        await asyncio.sleep(seconds)
        after, took = usage(peer.pid), loop.time() - began
        megabytes = resident_megabytes(peer.pid)
        heard = await far_end.finish()
    sent = len(heard.arrival_ns)
    spent = (heard.arrival_ns[-1] - heard.arrival_ns[0]) / 1e9 if sent > 1 else 1.0
    return _Run(
        cpu_percent=after.cpu_seconds_since(before) / took * 100,
        switches_per_second=after.switches_since(before) / took,
        ticks_percent=(after.tick_seconds - before.tick_seconds) / took * 100,
        megabytes=megabytes,
        packets_per_second=sent / spent,
    )


def _row(ours: _Found, theirs: _Found, peer: Contender, field: str, what: str, unit: str, rounds: int) -> Row:
    value, other = ours.median(field), theirs.median(field)
    beside = peer is BARESIP
    return Row(
        row="cpu-per-call",
        what=what,
        unit=unit,
        ours=value,
        peer=other,
        peer_name=peer.name,
        bar="" if beside else BAR,
        met=None if beside else at_most(value, other, SHARE),
        n=rounds,
        reason="; ".join(filter(None, (ours.reason, theirs.reason))),
        details={"ours": ours.details(), "peer": theirs.details()},
    )
