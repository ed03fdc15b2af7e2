"""What a process and its descendants cost, from /proc."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_POLICIES = {os.SCHED_OTHER: "other", os.SCHED_FIFO: "fifo", os.SCHED_RR: "rr", os.SCHED_BATCH: "batch"}


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a process tree has used since it began, thread by thread.

    `cpu_ns` and `switches` (voluntary context switches: each is a wait that ended in a wake-up) are keyed by
    thread; `tick_seconds` is user and system time by the coarser count that also holds threads that are gone.
    """

    cpu_ns: dict[int, int]
    switches: dict[int, int]
    tick_seconds: float

    def cpu_seconds_since(self, before: Usage) -> float:
        """CPU seconds of all threads between two looks."""
        return sum(now - before.cpu_ns.get(thread, 0) for thread, now in self.cpu_ns.items()) / 1e9

    def switches_since(self, before: Usage) -> int:
        """Voluntary context switches of all threads between two looks."""
        return sum(now - before.switches.get(thread, 0) for thread, now in self.switches.items())


def tree(root: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(entry / "stat")):
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def usage(root: int) -> Usage:
    """What the process tree has used so far."""
    cpu_ns: dict[int, int] = {}
    switches: dict[int, int] = {}
    ticks = 0
    for pid in tree(root):
        if stat := _read(Path(f"/proc/{pid}/stat")):
            ticks += sum(map(int, stat.rpartition(")")[2].split()[11:13]))
        for task in _tasks(pid):
            thread = int(task.name)
            if schedstat := _read(task / "schedstat"):
                cpu_ns[thread] = int(schedstat.split()[0])
            for line in _read(task / "status").splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    switches[thread] = int(line.split()[1])
    return Usage(cpu_ns, switches, ticks / _TICK)


def policies(root: int) -> dict[str, int]:
    """How many threads of the tree run under each scheduling policy, as `fifo 60`, `other 0`."""
    found: dict[str, int] = {}
    for pid in tree(root):
        for task in _tasks(pid):
            thread = int(task.name)
            try:
                policy = _POLICIES.get(os.sched_getscheduler(thread), "unknown")
                name = f"{policy} {os.sched_getparam(thread).sched_priority}"
            except ProcessLookupError:
                continue
            found[name] = found.get(name, 0) + 1
    return found


def udp_ports(root: int) -> frozenset[int]:
    """The UDP ports on which the tree listens."""
    held = set()
    for pid in tree(root):
        for entry in _files(pid):
            with contextlib.suppress(OSError):
                held.add(str(entry.readlink()))
    tables = (_read(Path(f"/proc/net/{name}")).splitlines()[1:] for name in ("udp", "udp6"))
    rows = [line.split() for table in tables for line in table]
    return frozenset(int(row[1].rpartition(":")[2], 16) for row in rows if f"socket:[{row[9]}]" in held)


def resident_megabytes(root: int) -> float:
    """The memory of the tree, shared pages counted once for each process."""
    kilobytes = 0
    for pid in tree(root):
        for line in _read(Path(f"/proc/{pid}/status")).splitlines():
            if line.startswith("VmRSS:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def _tasks(pid: int) -> list[Path]:
    return _entries(Path(f"/proc/{pid}/task"))


def _files(pid: int) -> list[Path]:
    return _entries(Path(f"/proc/{pid}/fd"))


def _entries(folder: Path) -> list[Path]:
    """What is in it; nothing where the process is gone."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read(file: Path) -> str:
    """The file's text; empty where the process is gone."""
    try:
        return file.read_text()
    except OSError:
        return ""
