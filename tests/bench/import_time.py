"""`python -m tests.bench.import_time [MODULE ...]`: where a process's start goes, as CPU time of loading, by part.

CPython's own `-X importtime` counts the wall's time, which on a machine that does something else says little. Of
several runs each module's least is taken.
"""

from __future__ import annotations

import collections
import json
import subprocess
import sys

RUNS = 5
SHOWN = 12
PROCESSES = ("app.main.run", "app.kiosk.process")
_OURS = ("app", "hal")

# `_load_unlocked` runs once for each module that is loaded, inside that of the module which wants it.
_LOADER = """
import importlib, json, sys, time
bootstrap = importlib._bootstrap
load, inner, found = bootstrap._load_unlocked, [], {}
def timed(spec):
    began = time.thread_time()
    inner.append(0.0)
    try:
        return load(spec)
    finally:
        spent = time.thread_time() - began
        found[spec.name] = spent - inner.pop()
        if inner:
            inner[-1] += spent
bootstrap._load_unlocked = timed
importlib.import_module(sys.argv[1])
print(json.dumps(found))
"""


def by_part(module: str) -> dict[str, tuple[float, int]]:
    """Milliseconds and number of modules of each library, and of each room of ours, that `module` loads."""
    least: dict[str, float] = {}
    for _ in range(RUNS):
        told = subprocess.run([sys.executable, "-c", _LOADER, module], capture_output=True, check=True, text=True)
        for name, seconds in json.loads(told.stdout.splitlines()[-1]).items():
            least[name] = min(seconds, least.get(name, seconds))
    spent: dict[str, float] = collections.defaultdict(float)
    count: collections.Counter[str] = collections.Counter()
    for name, seconds in least.items():
        first, *rest = name.split(".")
        part = f"{first}.{rest[0]}" if first in _OURS and rest else first
        spent[part] += seconds * 1000
        count[part] += 1
    return {part: (spent[part], count[part]) for part in sorted(spent, key=spent.__getitem__, reverse=True)}


def main() -> None:
    """Print a table for each process."""
    for module in sys.argv[1:] or PROCESSES:
        parts = by_part(module)
        whole = sum(milliseconds for milliseconds, _ in parts.values())
        rest = whole - sum(milliseconds for milliseconds, _ in list(parts.values())[:SHOWN])
        print(f"\n| {module} | modules | ms |\n|---|---|---|")
        for part, (milliseconds, modules) in list(parts.items())[:SHOWN]:
            print(f"| {part} | {modules} | {milliseconds:.0f} |")
        print(f"| everything else | {sum(n for _, n in list(parts.values())[SHOWN:])} | {rest:.0f} |")
        print(f"| **all** | {sum(n for _, n in parts.values())} | {whole:.0f} |")


if __name__ == "__main__":
    main()
