"""Runs a module as a program on a machine that umockdev invents."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run_invented(module: str, *arguments: str, seconds: float = 30) -> None:
    """Run `python -m MODULE` to its good end; what it wrote is printed. Raises AssertionError."""
    done = subprocess.run(
        ["umockdev-wrapper", sys.executable, "-X", "dev", "-W", "error", "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr
