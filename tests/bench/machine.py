"""On what the measurements ran."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from pathlib import Path

_DEBIAN = ("baresip-core", "sip-tester", "rt-tests", "libspandsp2")
_PYTHON = ("baresip-python", "pjsua2-python")


def facts() -> list[str]:
    """The machine, its system and the peers' versions, one a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    lines = [
        f"{len(os.sched_getaffinity(0))} cores of {_first('/proc/cpuinfo', 'model name')}, {memory:.0f} GiB",
        f"{_first('/etc/os-release', 'PRETTY_NAME', '=')}, kernel {platform.release()} ({_preemption()})",
        f"CPython {platform.python_version()}",
    ]
    lines += [f"{name} {importlib.metadata.version(name)}" for name in _PYTHON]
    return lines + [f"{name} {version}" for name in _DEBIAN if (version := _package_version(name))]


def load_average() -> float:
    """The load of the last minute, before a measurement adds its own."""
    return os.getloadavg()[0]


def _first(file: str, name: str, separator: str = ":") -> str:
    for line in Path(file).read_text().splitlines():
        key, _, value = line.partition(separator)
        if key.strip() == name:
            return value.strip().strip('"')
    return "unknown"


def _preemption() -> str:
    version = platform.version()
    return next((word for word in version.split() if word.startswith("PREEMPT")), "no kernel preemption")


def _package_version(name: str) -> str:
    if shutil.which("dpkg-query") is None:
        return ""
    command = ["dpkg-query", "-W", "-f=${Version}", name]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
