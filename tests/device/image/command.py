"""Commands that build, each with its output kept for the day it fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

TIMEOUT = 900.0
"""Seconds after which a command is taken for hung."""


class ImageError(Exception):
    """The image cannot be built; the text says what failed and what it said last."""


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run to the end and give back what it wrote to stdout. Raises ImageError with its last words."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            env={**os.environ, **(environment or {})},
            cwd=cwd,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ImageError(f"{words[0]} did not run: {error}") from None
    if done.returncode:
        last = "\n".join((done.stderr + done.stdout).splitlines()[-20:])
        raise ImageError(f"{' '.join(words[:6])} … failed with {done.returncode}:\n{last}")
    return done.stdout
