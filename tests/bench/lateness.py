"""Row `lateness`: how late RTP leaves while the machine and the interpreter are busy.

Beside each phone run a screen that redraws 30 times a second (ours: its own kiosk), a thread of the phone's
process that holds the interpreter's lock, and a busy process for each core. cyclictest is the floor: what the
kernel gives a real-time thread that does nothing but wake up.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.contender import BARESIP, BARESIP_PYTHON, OURS, PJSUA2, Contender, in_call
from tests.bench.departure import WARM_UP, Departures, departures, join
from tests.bench.load import busy_cores, redrawing_screen
from tests.bench.process_tree import policies
from tests.bench.row import Row
from tests.peers.ours import Ours
from tests.peers.peer import PeerError

BAR_MS = 1.0
BAR = "ours: p99.9 < 1 ms with SCHED_FIFO, none lost"
PACKET_SECONDS = 0.02
_CONTENDERS = (
    OURS,
    BARESIP_PYTHON,
    BARESIP_PYTHON.real_time(),
    PJSUA2,
    PJSUA2.real_time(),
    BARESIP,
    BARESIP.real_time(),
)
_FLOOR = "cyclictest -p 60"


@dataclasses.dataclass
class _Found:
    """What is known of one contender so far."""

    parts: list[Departures] = dataclasses.field(default_factory=list)
    policies: dict[str, int] = dataclasses.field(default_factory=dict)
    reason: str = ""


async def measure(packets: int, peer_packets: int, rounds: int) -> list[Row]:
    """Run every contender in turn, `rounds` times over, until ours has sent `packets` and each peer `peer_packets`.

    The peers' figures are so much larger than the bar that fewer packets tell them well enough.
    """
    found = {contender: _Found() for contender in _CONTENDERS}
    floor: list[dict[str, Any]] = []
    share = peer_packets // rounds
    for _ in range(rounds):
        for contender, so_far in found.items():
            if so_far.reason:
                continue
            try:
                await _run(contender, packets // rounds if contender is OURS else share, so_far)
            except (PeerError, TimeoutError) as error:
                so_far.reason = f"{contender.name}: {error}"
        floor.append(await _cyclictest(share))
    return _rows(found, floor, packets)


async def _run(contender: Contender, packets: int, found: _Found) -> None:
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(busy_cores())
        if contender is not OURS:
            await stack.enter_async_context(redrawing_screen())
        peer, far_end = await stack.enter_async_context(in_call(contender, spinning=True))
        if isinstance(peer, Ours):
            await stack.enter_async_context(peer.redrawing())
        await asyncio.sleep((packets + WARM_UP) * PACKET_SECONDS)
        found.policies = policies(peer.pid)
        found.parts.append(departures(await far_end.finish()))


async def _cyclictest(loops: int) -> dict[str, Any]:
    """Latencies of a SCHED_FIFO 60 thread that wakes every 20 ms, in milliseconds, under the same load."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cyclictest.json"
        command = ["cyclictest", "-q", "-m", "-t1", "-p60", "-i20000", f"-l{loops}", "-h100000", f"--json={file}"]
        async with busy_cores(), redrawing_screen():
            process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
            if await process.wait():
                return {}
        histogram: dict[str, int] = json.loads(file.read_text())["thread"]["0"]["histogram"]
        latencies = [int(us) / 1000 for us, count in histogram.items() for _ in range(count)]
        return {"p50": _share(latencies, 50), "p99": _share(latencies, 99), "p99.9": _share(latencies, 99.9)}


def _share(latencies: list[float], percent: float) -> float:
    return sorted(latencies)[min(len(latencies) - 1, int(len(latencies) * percent / 100))]


def _rows(found: dict[Contender, _Found], floor: list[dict[str, Any]], packets: int) -> list[Row]:
    ours = found[OURS]
    value, details = _summary(ours)
    real_time = any(name.startswith("fifo") for name in ours.policies)
    lost = sum(part.lost for part in ours.parts)
    met = None if value is None else value < BAR_MS and lost == 0 and real_time
    rows = []
    for contender in _CONTENDERS[1:]:
        peer, peer_details = _summary(found[contender])
        reason = "; ".join(filter(None, (ours.reason, found[contender].reason)))
        both = {"ours": details, "peer": peer_details}
        rows.append(Row("lateness", "p99.9", "ms", value, peer, contender.name, BAR, met, packets, reason, both))
    floors = [run["p99.9"] for run in floor if run]
    lowest = statistics.median(floors) if floors else None
    reason = "; ".join(filter(None, (ours.reason, "" if floors else "cyclictest could not run")))
    both = {"ours": details, "peer": {"runs": floor}}
    return [*rows, Row("lateness", "p99.9", "ms", value, lowest, _FLOOR, BAR, met, packets, reason, both)]


def _summary(found: _Found) -> tuple[float | None, dict[str, Any]]:
    """The 99.9th percentile of all runs together, and the rest."""
    if found.reason or not found.parts:
        return None, {}
    whole = join(found.parts)
    if not len(whole.error_ms):
        found.reason = "it sent no PCMU"
        return None, {}
    details: dict[str, Any] = {
        "packets": len(whole.error_ms),
        "lost": whole.lost,
        "duplicate": whole.duplicate,
        "p50": whole.percentile(50),
        "p99": whole.percentile(99),
        "max": float(whole.error_ms.max()),
        "p99.9 of each run": [part.percentile(99.9) for part in found.parts],
        "threads by policy": found.policies,
    }
    return whole.percentile(99.9), details
