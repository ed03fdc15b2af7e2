"""Row `packets`: SRTP from socket to jitter buffer, beside a bare loop; measured by native/tests/bench_packets.c."""

from __future__ import annotations

from tests.bench.c_program import times_beside
from tests.bench.row import Row

SHARE = 1.5
BAR = f"ours: at most {SHARE:g} times the bare loop's"
_WHATS = {"one": "one packet a call, median", "many": "sixteen packets a call, median"}


async def measure(rounds: int) -> list[Row]:
    """Run the C program `rounds` times."""
    return await times_beside(
        "bare", "packets", rounds, _WHATS, peer_name="recvmmsg and srtp_unprotect", bar=BAR, share=SHARE
    )
