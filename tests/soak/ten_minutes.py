"""A bad call on the stepped clock: `python -m tests.soak.ten_minutes [--minutes 10]` prints what it came to.

Fails when a bound of `tests.soak.bad_call` is broken.
"""

from __future__ import annotations

import sys

from tests.native.support import PCMU, Pair
from tests.soak.bad_call import DRIFT_PPM, LOOK_S, Finding, GapMeter, NearEnd, Observer, Voice, bad_network, main


def run(minutes: float, seed: int = 1) -> Finding:
    """The call from beginning to end."""
    pair = Pair(PCMU, bad_network(seed), DRIFT_PPM)
    pair.near.device.close()
    near = NearEnd(pair.near.engine, pair.near.bus, pair.near.stream)
    far_voice, far_ear = Voice(pair.far.device, 625), GapMeter()
    observer = Observer(near, far_ear)
    seconds = round(minutes * 60)
    for second in range(seconds):
        for _ in range(round(1 / LOOK_S)):
            near.look()
            far_voice.speak()
            pair.run(LOOK_S)
            far_ear.add(pair.far.device.take())
        observer.second(second)
    finding = observer.finding(seconds)
    pair.close()
    return finding


if __name__ == "__main__":
    sys.exit(main(run, __doc__, minutes=10.0))
