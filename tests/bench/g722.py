"""Row `g722`: time to encode and to decode, beside spandsp's; measured by native/tests/bench_g722.c."""

from __future__ import annotations

from tests.bench.c_program import times_beside
from tests.bench.row import Row

BAR = "ours: at most spandsp's"
_WHATS = {"encode": "encode 20 ms, median", "decode": "decode 20 ms, median"}


async def measure(rounds: int) -> list[Row]:
    """Run the C program `rounds` times."""
    return await times_beside("spandsp", "g722", rounds, _WHATS, peer_name="spandsp", bar=BAR, share=1.0)
