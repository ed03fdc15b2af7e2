"""The C programs among the benchmarks, built as the phone is."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.peers.peer import REPOSITORY


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
