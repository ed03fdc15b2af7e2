"""Start a fuzz target from well-formed inputs, which libFuzzer then reads but never writes to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris


def fuzz(target: Callable[[bytes], None], seeds: Iterable[Path]) -> None:
    """Run `target` with the command line's libFuzzer options; returns only by ending the process."""
    inputs = ",".join(str(seed) for seed in sorted(seeds))
    atheris.Setup([sys.argv[0], f"-seed_inputs={inputs}", *sys.argv[1:]], target)
    atheris.Fuzz()
