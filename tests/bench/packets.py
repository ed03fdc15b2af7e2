"""Row `packets`: SRTP from socket to jitter buffer, beside a bare loop; measured by native/tests/bench_packets.c."""

from __future__ import annotations

import asyncio
import json
import statistics

from tests.bench.c_program import build
from tests.bench.row import Row, at_most

SHARE = 1.5
BAR = f"ours: at most {SHARE:g} times the bare loop's"
_WHATS = {"one": "one packet a call, median", "many": "sixteen packets a call, median"}


async def measure(rounds: int) -> list[Row]:
    """Run the C program `rounds` times; it alternates the two loops itself."""
    program, reason = await build("bench_packets")
    times: dict[str, dict[str, list[float]]] = {what: {"ours": [], "bare": []} for what in _WHATS}
    for _ in range(rounds if program else 0):
        process = await asyncio.create_subprocess_exec(str(program), stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        if process.returncode:
            reason = f"bench_packets ended with {process.returncode}"
            break
        result = json.loads(output)
        for what in _WHATS:
            times[what]["ours"].append(result[f"{what}_ns"] / 1000)
            times[what]["bare"].append(result[f"{what}_bare_ns"] / 1000)
    return [_row(what, times[what], rounds, reason) for what in _WHATS]


def _row(what: str, times: dict[str, list[float]], rounds: int, reason: str) -> Row:
    ours = statistics.median(times["ours"]) if times["ours"] and not reason else None
    peer = statistics.median(times["bare"]) if times["bare"] and not reason else None
    return Row(
        row="packets",
        what=_WHATS[what],
        unit="us",
        ours=ours,
        peer=peer,
        peer_name="recvmmsg and srtp_unprotect",
        bar=BAR,
        met=at_most(ours, peer, SHARE),
        n=rounds,
        reason=reason,
        details={"ours us": times["ours"], "peer us": times["bare"]},
    )
