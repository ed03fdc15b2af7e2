"""The C programs among the benchmarks: built as the phone is, run in rounds, their figures read."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.row import Row, at_most
from tests.peers.peer import REPOSITORY

Figures = dict[str, float]
"""What one run printed, a JSON object."""


async def build(name: str) -> tuple[Path | None, str]:
    """The program of native/tests/`name`.c, or None and why not."""
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
        if line.endswith(f"/{name}"):
            return (REPOSITORY / "native/tests" / line).resolve(), ""
    return None, f"native/tests/{name}.c is missing"


async def run(name: str, rounds: int, variants: Sequence[Sequence[str]] = ((),)) -> tuple[list[list[Figures]], str]:
    """The figures of each variant, a variant being the program's arguments; in each round all of them take their turn.

    The text is empty, or says why the figures end early.
    """
    found: list[list[Figures]] = [[] for _ in variants]
    program, reason = await build(name)
    if program is None:
        return found, reason
    for _ in range(rounds):
        for arguments, figures in zip(variants, found, strict=True):
            process = await asyncio.create_subprocess_exec(program, *arguments, stdout=asyncio.subprocess.PIPE)
            output, _ = await process.communicate()
            if process.returncode:
                return found, f"{name} ended with {process.returncode}"
            figures.append(json.loads(output))
    return found, ""


async def times_beside(
    peer: str, row: str, rounds: int, whats: Mapping[str, str], *, peer_name: str, bar: str, share: float
) -> list[Row]:
    """The median times of native/tests/bench_`row`.c, which alternates ours and `peer`'s itself.

    It prints `WHAT_ns` and `WHAT_PEER_ns` for each of `whats`, which gives their words; ours may take `share` times
    the peer's.
    """
    (found,), reason = await run(f"bench_{row}", rounds)
    rows = []
    for what, words in whats.items():
        ours, theirs = ([figures[key] / 1000 for figures in found] for key in (f"{what}_ns", f"{what}_{peer}_ns"))
        median = None if reason else statistics.median(ours)
        peer_median = None if reason else statistics.median(theirs)
        rows.append(
            Row(
                row=row,
                what=words,
                unit="us",
                ours=median,
                peer=peer_median,
                peer_name=peer_name,
                bar=bar,
                met=at_most(median, peer_median, share),
                n=rounds,
                reason=reason,
                details={"ours us": ours, "peer us": theirs},
            )
        )
    return rows
