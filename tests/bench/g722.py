"""Row `g722`: time to encode and to decode, beside spandsp's; measured by native/tests/bench_g722.c."""

from __future__ import annotations

import asyncio
import json
import statistics

from tests.bench.c_program import build
from tests.bench.row import Row, at_most

BAR = "ours: at most spandsp's"
_WHATS = ("encode", "decode")


async def measure(rounds: int) -> list[Row]:
    """Run the C program `rounds` times; it alternates the two codecs itself."""
    program, reason = await build("bench_g722")
    times: dict[str, dict[str, list[float]]] = {what: {"ours": [], "spandsp": []} for what in _WHATS}
    for _ in range(rounds if program else 0):
        process = await asyncio.create_subprocess_exec(str(program), stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        if process.returncode:
            reason = f"bench_g722 ended with {process.returncode}"
            break
        result = json.loads(output)
        for what in _WHATS:
            times[what]["ours"].append(result[f"{what}_ns"] / 1000)
            times[what]["spandsp"].append(result[f"{what}_spandsp_ns"] / 1000)
    return [_row(what, times[what], rounds, reason) for what in _WHATS]


def _row(what: str, times: dict[str, list[float]], rounds: int, reason: str) -> Row:
    ours = statistics.median(times["ours"]) if times["ours"] and not reason else None
    peer = statistics.median(times["spandsp"]) if times["spandsp"] and not reason else None
    return Row(
        row="g722",
        what=f"{what} 20 ms, median",
        unit="us",
        ours=ours,
        peer=peer,
        peer_name="spandsp",
        bar=BAR,
        met=at_most(ours, peer, 1.0),
        n=rounds,
        reason=reason,
        details={"ours us": times["ours"], "peer us": times["spandsp"]},
    )
