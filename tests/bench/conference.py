"""Row `conference`: a tick's cost with eight parties of mixed codecs; measured by native/tests/bench_conference.c."""

from __future__ import annotations

import statistics

from tests.bench.c_program import Figures, run
from tests.bench.row import Row

TICK_US = 10_000
BAR = f"ours: max < {TICK_US / 1000:g} ms, every packet heard"
_PROTECTIONS = {"clear": "RTP", "srtp": "SRTP"}
_FIGURES = {"mean_us": "mean", "p50_us": "p50", "p99_us": "p99", "max_us": "max"}


async def measure(seconds: int, rounds: int) -> list[Row]:
    """Run the C program `rounds` times for each protection, in turns."""
    found, reason = await run("bench_conference", rounds, [(str(seconds), protection) for protection in _PROTECTIONS])
    return [
        row
        for protection, results in zip(_PROTECTIONS, found, strict=True)
        for row in _rows(protection, results, seconds * 100, reason)
    ]


def _rows(protection: str, results: list[Figures], ticks: int, reason: str) -> list[Row]:
    """The medians of the rounds, but of the maxima the largest; the floor goes with the mean."""
    return [_row(protection, name, results, ticks, reason) for name in _FIGURES]


def _row(protection: str, name: str, results: list[Figures], ticks: int, reason: str) -> Row:
    usable = results if not reason else []
    heard = all(result["packets"] == result["packets_sent"] for result in usable)
    values = [result[name] for result in usable]
    ours = (max(values) if name == "max_us" else statistics.median(values)) if values else None
    floor = statistics.median(result["codecs_us"] for result in usable) if usable and name == "mean_us" else None
    return Row(
        row="conference",
        what=f"tick, 8 parties, {_PROTECTIONS[protection]}, {_FIGURES[name]}",
        unit="us",
        ours=ours,
        peer=floor,
        peer_name="the codecs alone" if name == "mean_us" else "",
        bar=BAR if name == "max_us" else "",
        met=None if ours is None or name != "max_us" else ours < TICK_US and heard,
        n=ticks * len(values),
        reason=reason,
        details={"rounds": usable},
    )
