"""A call of hours on the stepped clock, over a bad network with drifting clocks; watches sound, delay and memory.

`python -m tests.soak.stepped_call [--hours 2]` prints one line a codec, and fails when a bound is broken.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from native import Codec
from tests.native.support import PCMU, RATE, Pair, lossy, power_at, sine

FREQUENCY = 1000.0
CHECK_EVERY = 600.0
LOSS = 0.01
JITTER_MS = 40.0
DRIFT_PPM = 150.0
LONGEST_DELAY_MS = 120.0
MOST_CONCEALED = 0.04
MOST_GROWTH_KB = 4096
CODECS = ((Codec.PCMU, 0), (Codec.G722, 9), (Codec.OPUS_WB, 111))


class Finding(msgspec.Struct, frozen=True):
    """What one codec's call came to; `broken` names the bounds it broke."""

    codec: str
    hours: float
    wall_seconds: float
    packets: int
    lost: int
    concealed_ms: float
    highest_delay_ms: float
    tone_amplitude: float
    growth_kb: int
    broken: tuple[str, ...]


def run(codec: Codec, payload_type: int, hours: float) -> Finding:
    """One call from beginning to end."""
    began = time.monotonic()
    config = replace(PCMU, codec=codec, payload_type=payload_type, receive=((payload_type, codec),))
    pair = Pair(config, lossy(11, LOSS, JITTER_MS), DRIFT_PPM)
    delays, memory = [], []
    rounds = max(2, round(hours * 3600 / CHECK_EVERY))
    amplitude = 0.0
    for _ in range(rounds):
        pair.run(CHECK_EVERY - 2)
        pair.near.device.take()
        pair.far.device.take()
        pair.far.device.feed(sine(FREQUENCY, 2))
        pair.run(2)
        amplitude = power_at(pair.near.device.take()[-RATE:], FREQUENCY)
        delays.append(pair.near.stream.statistics().playout_delay_ms)
        memory.append(_resident_kb())
    statistics = pair.near.stream.statistics()
    pair.close()
    finding = Finding(
        codec=codec.name,
        hours=rounds * CHECK_EVERY / 3600,
        wall_seconds=round(time.monotonic() - began, 1),
        packets=statistics.packets_received,
        lost=statistics.lost,
        concealed_ms=statistics.concealed_ms,
        highest_delay_ms=round(max(delays), 1),
        tone_amplitude=round(amplitude),
        growth_kb=memory[-1] - memory[0],
        broken=(),
    )
    return msgspec.structs.replace(finding, broken=tuple(_broken(finding)))


def _broken(finding: Finding) -> Iterator[str]:
    if finding.highest_delay_ms > LONGEST_DELAY_MS:
        yield f"playout delay over {LONGEST_DELAY_MS:.0f} ms"
    if finding.concealed_ms > finding.hours * 3_600_000 * MOST_CONCEALED:
        yield f"over {MOST_CONCEALED:.0%} concealed"
    if not 4000 < finding.tone_amplitude < 10_000:
        yield "the tone is not heard any more as it was said"
    if finding.growth_kb > MOST_GROWTH_KB:
        yield f"memory grew by more than {MOST_GROWTH_KB} kB"


def _resident_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def main() -> int:
    """Run every codec's call. Returns 1 when a bound was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0)
    hours = parser.parse_args().hours
    broken = False
    for codec, payload_type in CODECS:
        finding = run(codec, payload_type, hours)
        print(msgspec.json.encode(finding).decode(), flush=True)
        broken = broken or bool(finding.broken)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
