"""What plain libopus makes of lost packets when none comes late: native/tests/bench_opus_fec.c."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.bench.c_program import build
from tests.wav import Samples


class ReferenceFailed(Exception):
    """The program could not be built, or ended with an error; the message says which."""


async def decode(spoken: Samples, lost: Sequence[bool]) -> Samples:
    """Speech after a path on which these packets were lost, 20 ms each, the first one first; 16 kHz."""
    program, reason = await build("bench_opus_fec")
    if program is None:
        raise ReferenceFailed(reason)
    with tempfile.TemporaryDirectory() as folder:
        said, heard, losses = (Path(folder) / name for name in ("said.raw", "heard.raw", "lost"))
        said.write_bytes(spoken.tobytes())
        losses.write_bytes(bytes(lost))
        arguments = (str(said), str(heard), str(losses))
        process = await asyncio.create_subprocess_exec(str(program), *arguments)
        if await process.wait():
            raise ReferenceFailed(f"bench_opus_fec ended with {process.returncode}")
        return np.frombuffer(heard.read_bytes(), dtype=np.int16)
