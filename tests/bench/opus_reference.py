"""What plain libopus makes of lost packets when none comes late: native/tests/bench_opus_fec.c."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import numpy as np

from tests.bench.c_program import build
from tests.wav import Samples


class ReferenceFailed(Exception):
    """The program could not be built, or ended with an error; the message says which."""


async def decode(spoken: Samples, loss: float, seed: int) -> Samples:
    """Speech after this share of lost packets, 16 kHz."""
    program, reason = await build("bench_opus_fec")
    if program is None:
        raise ReferenceFailed(reason)
    with tempfile.TemporaryDirectory() as folder:
        said, heard = Path(folder) / "said.raw", Path(folder) / "heard.raw"
        said.write_bytes(spoken.tobytes())
        arguments = (str(said), str(heard), str(round(100 * loss)), str(seed))
        process = await asyncio.create_subprocess_exec(str(program), *arguments)
        if await process.wait():
            raise ReferenceFailed(f"bench_opus_fec ended with {process.returncode}")
        return np.frombuffer(heard.read_bytes(), dtype=np.int16)
