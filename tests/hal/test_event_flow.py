"""Which events count when some were lost."""

from __future__ import annotations

import evdev
import pytest
from evdev import ecodes as e

from hal.linux.event_flow import EventFlow, Step

KEY = (e.EV_KEY, e.KEY_A)
REPORT = (e.EV_SYN, e.SYN_REPORT)
DROPPED = (e.EV_SYN, e.SYN_DROPPED)
OTHER = (e.EV_SYN, e.SYN_MT_REPORT)
EVENT, TOLD, ASK, NOTHING = Step.EVENT, Step.REPORT, Step.ASK, Step.NOTHING


@pytest.mark.parametrize(
    ("events", "steps"),
    [
        ((KEY, REPORT, KEY, KEY, REPORT), (EVENT, TOLD, EVENT, EVENT, TOLD)),
        ((KEY, OTHER, KEY, REPORT), (EVENT, NOTHING, EVENT, TOLD)),
        ((KEY, DROPPED, KEY, REPORT, KEY, REPORT), (EVENT, NOTHING, NOTHING, ASK, EVENT, TOLD)),
        ((DROPPED, OTHER, KEY, REPORT), (NOTHING, NOTHING, NOTHING, ASK)),
        ((DROPPED, DROPPED, KEY, REPORT, REPORT), (NOTHING, NOTHING, NOTHING, ASK, TOLD)),
        ((DROPPED, REPORT, DROPPED, REPORT), (NOTHING, ASK, NOTHING, ASK)),
    ],
)
def test_nothing_counts_from_a_loss_to_the_next_report(
    events: tuple[tuple[int, int], ...], steps: tuple[Step, ...]
) -> None:
    flow = EventFlow()
    assert tuple(flow.step(evdev.InputEvent(0, 0, kind, code, 1)) for kind, code in events) == steps
