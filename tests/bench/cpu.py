"""Rows `cpu-per-call` and `cpu-per-srtp-call`: what one PCMU call at 20 ms costs, in CPU and in wake-ups.

Whole process trees are counted. An encrypted call is AES_CM_128_HMAC_SHA1_80 both ways, with keys by SDES; aiortc,
which has neither SDES nor SIP, agrees on its keys by DTLS with a second process of its own before it is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from tests.bench.aiortc_call import aiortc_call
from tests.bench.contender import BARESIP, BARESIP_PYTHON, OURS, PEERS, Contender, in_call
from tests.bench.process_tree import resident_megabytes, usage
from tests.bench.row import Row, at_most
from tests.peers.peer import PeerError

SHARE = 0.5
BAR = "ours: at most half of the peer's"
SRTP_BAR = "ours: at most the peer's"
SETTLE_SECONDS = 3.0


@dataclasses.dataclass(frozen=True)
class _Held:
    """A call that is on: the root of the process tree to be measured, and how often it sent, asked once at the end."""

    pid: int
    packets_per_second: Callable[[], Awaitable[float]]


@dataclasses.dataclass(frozen=True)
class _Entry:
    """One that is measured, and how it is brought into a call. Without a `bar` it only stands beside the others."""

    name: str
    hold: Callable[[], contextlib.AbstractAsyncContextManager[_Held]]
    bar: str = ""
    share: float = 1.0


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
    ours = _Entry(OURS.name, functools.partial(_sip_call, OURS))
    peers = [
        _Entry(peer.name, functools.partial(_sip_call, peer), "" if peer is BARESIP else BAR, SHARE) for peer in PEERS
    ]
    return await _compare("cpu-per-call", ours, peers, seconds, rounds)


async def measure_encrypted(seconds: float, rounds: int) -> list[Row]:
    """The same with SRTP both ways."""
    ours = _Entry(OURS.name, functools.partial(_sip_call, OURS, encrypted=True))
    baresip = functools.partial(_sip_call, BARESIP_PYTHON, encrypted=True)
    peers = [_Entry(BARESIP_PYTHON.name, baresip, SRTP_BAR), _Entry("aiortc", _aiortc_call, SRTP_BAR)]
    return await _compare("cpu-per-srtp-call", ours, peers, seconds, rounds)


async def _compare(name: str, ours: _Entry, peers: list[_Entry], seconds: float, rounds: int) -> list[Row]:
    found = {entry.name: _Found() for entry in (ours, *peers)}
    for _ in range(rounds):
        for entry in (ours, *peers):
            so_far = found[entry.name]
            if not so_far.reason:
                try:
                    so_far.runs.append(await _run(entry, seconds))
                except (PeerError, TimeoutError) as error:
                    so_far.reason = f"{entry.name}: {error}"
    return [
        _row(name, found[ours.name], found[peer.name], peer, field, what, unit, rounds)
        for field, what, unit in (
            ("cpu_percent", "CPU", "% of a core"),
            ("switches_per_second", "voluntary context switches", "1/s"),
        )
        for peer in peers
    ]


@contextlib.asynccontextmanager
async def _sip_call(contender: Contender, *, encrypted: bool = False) -> AsyncIterator[_Held]:
    async with in_call(contender, encrypted=encrypted) as (peer, far_end):

        async def packets_per_second() -> float:
            arrival_ns = (await far_end.finish()).arrival_ns
            count = len(arrival_ns)
            return count / ((arrival_ns[-1] - arrival_ns[0]) / 1e9) if count > 1 else float(count)

        yield _Held(peer.pid, packets_per_second)


@contextlib.asynccontextmanager
async def _aiortc_call() -> AsyncIterator[_Held]:
    async with aiortc_call() as call:
        loop = asyncio.get_running_loop()
        began, before = loop.time(), await call.packets_received()

        async def packets_per_second() -> float:
            return (await call.packets_received() - before) / (loop.time() - began)

        yield _Held(call.pid, packets_per_second)


async def _run(entry: _Entry, seconds: float) -> _Run:
    async with entry.hold() as call:
        await asyncio.sleep(SETTLE_SECONDS)
        loop = asyncio.get_running_loop()
        began, before = loop.time(), usage(call.pid)
        await asyncio.sleep(seconds)
        after, took = usage(call.pid), loop.time() - began
        megabytes = resident_megabytes(call.pid)
        packets_per_second = await call.packets_per_second()
    return _Run(
        cpu_percent=after.cpu_seconds_since(before) / took * 100,
        switches_per_second=after.switches_since(before) / took,
        ticks_percent=(after.tick_seconds - before.tick_seconds) / took * 100,
        megabytes=megabytes,
        packets_per_second=packets_per_second,
    )


def _row(name: str, ours: _Found, theirs: _Found, peer: _Entry, field: str, what: str, unit: str, rounds: int) -> Row:
    value, other = ours.median(field), theirs.median(field)
    return Row(
        row=name,
        what=what,
        unit=unit,
        ours=value,
        peer=other,
        peer_name=peer.name,
        bar=peer.bar,
        met=at_most(value, other, peer.share) if peer.bar else None,
        n=rounds,
        reason="; ".join(filter(None, (ours.reason, theirs.reason))),
        details={"ours": ours.details(), "peer": theirs.details()},
    )
