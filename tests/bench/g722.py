"""Row `g722`: time to encode and to decode, beside spandsp's; measured by native/tests/bench_g722.c."""

from __future__ import annotations

import asyncio
import json
import statistics
from pathlib import Path

from tests.bench.row import Row, at_most
from tests.peers.peer import REPOSITORY

BAR = "ours: at most spandsp's"
_WHATS = ("encode", "decode")


async def measure(rounds: int) -> list[Row]:
    """Run the C program `rounds` times; it alternates the two codecs itself."""
    program, reason = await _build()
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


async def _build() -> tuple[Path | None, str]:
    """The program, or None and why not."""
    process = await asyncio.create_subprocess_exec(
        *("make", "-s", "-C", "native/tests", "bench"),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode:
        return None, f"the C benchmarks do not build: {errors.decode(errors='replace')[-300:].strip()}"
    for line in output.decode().split():
        if line.endswith("/bench_g722"):
            return (REPOSITORY / "native/tests" / line).resolve(), ""
    return None, "native/tests/bench_g722.c is missing"


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
