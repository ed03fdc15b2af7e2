"""`ci/bench [ROW ...] [--json] [--quick]`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

from tests.bench import (
    conference,
    cpu,
    crash,
    document,
    echo,
    g722,
    lateness,
    machine,
    packets,
    pbx,
    setup,
    start,
    voice,
)
from tests.bench.row import Row, table

BUSY_LOAD = 0.7

_FULL: dict[str, Callable[[], Awaitable[list[Row]]]] = {
    "g722": lambda: g722.measure(rounds=9),
    "packets": lambda: packets.measure(rounds=9),
    "conference": lambda: conference.measure(seconds=120, rounds=3),
    "echo": lambda: echo.measure(rooms=10),
    "setup": lambda: setup.measure(calls=30),
    "cpu-per-call": lambda: cpu.measure(seconds=60, rounds=3),
    "cpu-per-srtp-call": lambda: cpu.measure_encrypted(seconds=60, rounds=3),
    "lateness": lambda: lateness.measure(packets=30_000, peer_packets=7_500, rounds=2),
    "jitter": lambda: voice.measure_jitter(seeds=10),
    "loss": lambda: voice.measure_loss(seeds=10),
    "latency": lambda: voice.measure_latency(seeds=10),
    "login": lambda: pbx.measure_login(logins=5),
    "failover": lambda: pbx.measure_failover(resets=5, silences=3),
    "reconnect": lambda: pbx.measure_reconnect(restarts=5),
    "presence-flood": lambda: pbx.measure_flood(seconds=10),
    "crash": lambda: crash.measure(crashes=10),
    "cold-start": lambda: start.measure_start(starts=15),
    "memory": start.measure_memory,
}
_QUICK: dict[str, Callable[[], Awaitable[list[Row]]]] = {
    "g722": lambda: g722.measure(rounds=1),
    "packets": lambda: packets.measure(rounds=1),
    "conference": lambda: conference.measure(seconds=5, rounds=1),
    "echo": lambda: echo.measure(rooms=2),
    "setup": lambda: setup.measure(calls=3),
    "cpu-per-call": lambda: cpu.measure(seconds=5, rounds=1),
    "cpu-per-srtp-call": lambda: cpu.measure_encrypted(seconds=5, rounds=1),
    "lateness": lambda: lateness.measure(packets=500, peer_packets=500, rounds=1),
    "jitter": lambda: voice.measure_jitter(seeds=1),
    "loss": lambda: voice.measure_loss(seeds=1),
    "latency": lambda: voice.measure_latency(seeds=1),
    "login": lambda: pbx.measure_login(logins=1),
    "failover": lambda: pbx.measure_failover(resets=1, silences=1),
    "reconnect": lambda: pbx.measure_reconnect(restarts=1),
    "presence-flood": lambda: pbx.measure_flood(seconds=10),
    "crash": lambda: crash.measure(crashes=1),
    "cold-start": lambda: start.measure_start(starts=3),
    "memory": start.measure_memory,
}


def main() -> int:
    """Measure the rows asked for, print them, and, unless it was a quick look, write docs/benchmarks.md.

    Returns 0, or 1 where a bar was not met.
    """
    arguments = _parse()
    if machine.load_average() > BUSY_LOAD:
        sys.stderr.write("This machine is busy with something else; the figures will suffer.\n")
    everything: list[Row] = []
    for name in arguments.rows or _FULL:
        sys.stderr.write(f"Measuring {name}\n")
        rows = asyncio.run(_ensure((_QUICK if arguments.quick else _FULL)[name]))
        everything += rows
        if arguments.json:
            sys.stdout.write("".join(row.as_json() + "\n" for row in rows))
            sys.stdout.flush()
        if not arguments.quick:
            document.store(name, rows)
            document.write()
    if not arguments.json:
        sys.stdout.write(table(everything) + "\n")
        sys.stdout.write("".join(sorted({f"{row.row}: {row.reason}\n" for row in everything if row.reason})))
    return 1 if any(row.met is False for row in everything) else 0


async def _ensure(measure: Callable[[], Awaitable[list[Row]]]) -> list[Row]:
    return await measure()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="ci/bench",
        description="Measure the phone beside programs that do the same. Alone on the machine, all rows take more than "
        "an hour, of which lateness takes 28 minutes.",
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"one of {', '.join(_FULL)} (none: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line instead of a table")
    parser.add_argument("--quick", action="store_true", help="a short look; docs/benchmarks.md stays as it is")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(_FULL):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(_FULL)}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
